package data

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestRelabelGoesByName(t *testing.T) {
	d := toy{name: "a", modality: Video, labels: []int{0, 6, 2, 0}, classes: FERV39K, sized: new([]int)} // anger, surprise, fear
	r, dropped, err := Relabel(d.set(), DFEW)
	require.NoError(t, err)
	require.Zero(t, dropped)
	require.Equal(t, []int{3, 4, 6, 3}, labelsOf(r))
	require.Equal(t, DFEW, r.Classes)
	require.Equal(t, Video, r.Modality)
	for i := range 4 {
		requireSame(t, r, i, d, i)
	}
	same, dropped, err := Relabel(d.set(), FERV39K)
	require.NoError(t, err)
	require.Zero(t, dropped)
	require.Equal(t, d.labels, labelsOf(same))
	none, dropped, err := Relabel(nil, DFEW)
	require.NoError(t, err)
	require.Zero(t, dropped)
	require.Nil(t, none)
}

// Samples of classes that a model lacks are dropped and counted; the others keep their order.
func TestRelabelDrops(t *testing.T) {
	d := toy{name: "a", modality: Video, labels: []int{1, 0, 10, 7, 7, 4, 2}, classes: MAFW, sized: new([]int)}
	r, dropped, err := Relabel(d.set(), FERV39K)
	require.NoError(t, err)
	require.Equal(t, 4, dropped, "anxiety, contempt and helplessness twice")
	require.Equal(t, []int{0, 6, 1}, labelsOf(r))
	for i, j := range []int{1, 2, 5} {
		requireSame(t, r, i, d, j)
	}
}

func TestRelabelOfNothingInCommon(t *testing.T) {
	d := toy{name: "a", modality: Video, labels: []int{1, 0, 1}, classes: []string{"b", "a"}}
	_, _, err := Relabel(d.set(), []string{"class_0", "class_1"})
	require.EqualError(t, err, "none of the 3 videos is of a class that is asked for: their classes are b, a; asked for are class_0, class_1")
	_, _, err = Relabel(d.set(), []string{"c", "a"})
	require.NoError(t, err, "some are")
	d.labels = []int{0}
	_, _, err = Relabel(d.set(), []string{"c", "a"})
	require.ErrorContains(t, err, "none of the 1 videos")
	d.labels = []int{0, 0}
	_, _, err = Relabel(d.set(), []string{"c", "a"})
	require.ErrorContains(t, err, "none of the 2 videos", "a class in common that no sample has helps nobody")
	d.labels = nil
	_, dropped, err := Relabel(d.set(), []string{"c"})
	require.NoError(t, err, "nothing is lost of nothing")
	require.Zero(t, dropped)
}

// Labels without names are unchanged, if such a class exists.
func TestRelabelOfNamelessClasses(t *testing.T) {
	d := toy{name: "a", modality: Image, labels: []int{3, 0, 7}, sized: new([]int)}
	r, dropped, err := Relabel(d.set(), AffectNet8)
	require.NoError(t, err)
	require.Zero(t, dropped)
	require.Equal(t, d.labels, labelsOf(r))
	require.Equal(t, AffectNet8, r.Classes, "now they have names")
	requireSame(t, r, 2, d, 2)
	_, _, err = Relabel(d.set(), AffectNet7)
	require.EqualError(t, err, "a2: label 7 is not one of the 7 classes (neutral, happiness, sadness, surprise, fear, disgust, anger)")
	d.classes = AffectNet7
	_, _, err = Relabel(d.set(), AffectNet8)
	require.ErrorContains(t, err, "a2: label 7 is not one of the 7 classes", "a list must hold to the names in its header")
	twice, _, err := Relabel(toy{name: "a", modality: Image, labels: []int{1, 0}}.set(), []string{"other", "other"})
	require.NoError(t, err)
	require.Equal(t, []int{1, 0}, labelsOf(twice))
}

// Whatever the orders, every sample that is kept has the same class name, and each that is dropped is counted.
func TestRelabelKeepsNames(t *testing.T) {
	words := rapid.SliceOfNDistinct(rapid.SampledFrom(MAFW), 1, 11, rapid.ID[string])
	rapid.Check(t, func(t *rapid.T) {
		from, to := words.Draw(t, "from"), words.Draw(t, "to")
		d := toy{name: "a", modality: Video, classes: from, labels: rapid.SliceOf(rapid.IntRange(0, len(from)-1)).Draw(t, "labels")}
		r, dropped, err := Relabel(d.set(), to)
		wanted := map[string]bool{}
		for _, name := range to {
			wanted[name] = true
		}
		var names, want []string
		for i, label := range d.labels {
			if wanted[from[label]] {
				want = append(want, d.itemName(i)+from[label])
			}
		}
		if err != nil {
			require.Empty(t, want)
			require.NotEmpty(t, d.labels)
			return
		}
		for _, item := range r.Items {
			names = append(names, item.Name+to[item.Label])
		}
		require.Equal(t, want, names)
		require.Equal(t, len(d.labels)-len(want), dropped)
	})
}
