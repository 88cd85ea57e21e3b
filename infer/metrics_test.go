package infer

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// Recalls computed by hand: rows are true classes, of which the third has no sample.
func TestRecalls(t *testing.T) {
	c := NewConfusion(3)
	for _, p := range [][2]int{{0, 0}, {0, 0}, {0, 1}, {0, 2}, {1, 1}, {1, 0}} {
		c.Add(p[0], p[1])
	}
	require.Equal(t, Confusion{{2, 1, 1}, {1, 1, 0}, {0, 0, 0}}, c)
	require.Equal(t, 6, c.N())
	for class, want := range []float64{50, 50} {
		recall, ok := c.Recall(class)
		require.True(t, ok)
		require.Equal(t, want, recall)
	}
	_, ok := c.Recall(2)
	require.False(t, ok)
	require.Equal(t, 50.0, c.UAR(), "of the two classes that are there")
	require.Equal(t, 50.0, c.WAR())
	c.Add(1, 1)
	c.Add(1, 1)
	require.InDelta(t, (50+75)/2.0, c.UAR(), 1e-12)
	require.InDelta(t, 100*5/8.0, c.WAR(), 1e-12)
	require.Zero(t, NewConfusion(2).UAR())
	require.Zero(t, NewConfusion(2).WAR())
	require.Zero(t, (&Report{}).Quality("", ""))
	r := &Report{Static: &Score{UAR: 1, WAR: 20, Loss: 300}, Dynamic: &Score{UAR: 5, WAR: 60, Loss: 700}}
	for _, c := range []struct {
		by, set string
		want    float64
	}{{"", "", 3}, {"uar", "dynamic", 5}, {"war", "", 40}, {"war", "static", 20}, {"loss", "", -500}, {"loss", "dynamic", -700}} {
		require.Equal(t, c.want, r.Quality(c.by, c.set), "%s %s", c.by, c.set)
	}
}

// Large logits neither overflow nor underflow, and the weight is applied.
func TestAddSoftmax(t *testing.T) {
	p := []float64{0.5, 0, 0}
	addSoftmax(p, []float64{1000, 1000, 1000 - math.Log(2)}, 0.5)
	require.Len(t, p, 3)
	require.InDeltaSlice(t, []float64{0.7, 0.2, 0.1}, p, 1e-12)
	require.Equal(t, 0, Argmax(p))
	require.Equal(t, 1, Argmax([]float64{0.1, 0.3, 0.3}), "the first of equals")
	require.Equal(t, 0, Argmax([]float64{math.NaN(), math.NaN()}), "of a model whose numbers overflow")
}
