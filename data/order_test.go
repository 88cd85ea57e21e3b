package data

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOrder(t *testing.T) {
	a := Order(30, 12, 7, 3)
	require.Equal(t, a, Order(30, 12, 7, 3))
	require.NotEqual(t, a, Order(30, 12, 7, 4))
	require.NotEqual(t, a, Order(30, 12, 8, 3))
	images := 0
	for _, m := range a {
		if m == Image {
			images++
		}
	}
	require.Equal(t, 30, images)
	require.Len(t, a, 42)
}

// The samples of a run and their order depend only on its seed, in every version.
func TestOrderAndDrawsAreFixed(t *testing.T) {
	const i, v = Image, Video
	require.Equal(t, []Modality{v, i, i, i, v, v, i, v, i, i}, Order(6, 4, 7, 3))
	require.Equal(t, []int{3, 0, 4, 1, 2, 0, 3, 4, 2, 1, 2, 0}, Draw(12, 5, 7, "image", 2))
	require.Equal(t, []int{4, 5, 2, 4, 5, 3, 5, 3, 5, 2, 2, 4}, DrawBalanced(12, toy{labels: []int{0, 0, 0, 2, 2, 5}}.set().Items, 7, "image", 2))
}

func TestDraw(t *testing.T) {
	counts := map[int]int{}
	for _, i := range Draw(25, 10, 1, "x", 0) {
		counts[i]++
	}
	require.Len(t, counts, 10)
	for i, n := range counts {
		require.Contains(t, []int{2, 3}, n, "sample %d", i)
	}
	require.NotEqual(t, Draw(25, 10, 1, "x", 0), Draw(25, 10, 1, "x", 1), "each epoch is drawn anew")
}

func TestDrawBalanced(t *testing.T) {
	items := toy{labels: []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 3}}.set().Items
	rare := 0
	for _, i := range DrawBalanced(2000, items, 1, "x", 0) {
		if items[i].Label == 3 {
			rare++
		}
	}
	require.InDelta(t, 1000, rare, 120, "one sample in ten, drawn half of the time")
}
