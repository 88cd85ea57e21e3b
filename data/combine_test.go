package data

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// toy describes a set whose sample i is one frame of one value, opened at the size asked for.
type toy struct {
	name     string
	modality Modality
	labels   []int
	classes  []string
	sized    *[]int // samples that were opened at a size
}

func (d toy) itemName(i int) string { return fmt.Sprint(d.name, i) }

func (d toy) set() *Dataset {
	set := &Dataset{Modality: d.modality, Classes: d.classes}
	for i, label := range d.labels {
		set.Items = append(set.Items, Item{Name: d.itemName(i), Label: label, Open: func(_ context.Context, opt OpenOptions) (Sample, error) {
			if opt.H > 0 && d.sized != nil {
				*d.sized = append(*d.sized, i)
			}
			return inMemory(d.itemName(i), []*Frames{opt.fit(grey(6, 4, d.name[0]+uint8(i)))}), nil
		}})
	}
	return set
}

// requireSame checks that sample i of d is sample j of the toy: its name, what it opens, and at a size.
func requireSame(t *testing.T, d *Dataset, i int, want toy, j int) {
	t.Helper()
	require.Equal(t, want.itemName(j), d.Items[i].Name)
	sample, err := d.Items[i].Open(t.Context(), OpenOptions{})
	require.NoError(t, err)
	f, err := sample.Read(t.Context(), []int{0})
	require.NoError(t, err)
	require.Equal(t, grey(6, 4, want.name[0]+uint8(j)), f)
	sample, err = d.Items[i].Open(t.Context(), OpenOptions{H: 3, W: 5})
	require.NoError(t, err)
	f, err = sample.Read(t.Context(), []int{0})
	require.NoError(t, err)
	require.Equal(t, [2]int{3, 5}, [2]int{f.H, f.W})
	require.Equal(t, j, (*want.sized)[len(*want.sized)-1], "resized when it is decoded, not each time that it is read")
}

func allOf(n int) []int {
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	return indices
}

func labelsOf(d *Dataset) []int {
	labels := make([]int, len(d.Items))
	for i, item := range d.Items {
		labels[i] = item.Label
	}
	return labels
}

func TestRepeat(t *testing.T) {
	d := toy{name: "a", modality: Image, labels: []int{4, 0, 2}, classes: []string{"x", "y"}, sized: new([]int)}
	whole := d.set()
	r := Repeat(whole, 4)
	require.Equal(t, []int{4, 0, 2, 4, 0, 2, 4, 0, 2, 4, 0, 2}, labelsOf(r))
	for i := range 12 {
		requireSame(t, r, i, d, i%3)
	}
	require.Equal(t, Image, r.Modality)
	require.Equal(t, d.classes, r.Classes)
	require.Same(t, whole, Repeat(whole, 1))
	require.Same(t, whole, Repeat(whole, 0))
	require.Nil(t, Repeat(nil, 3))
}

func TestJoin(t *testing.T) {
	a := toy{name: "a", modality: Video, labels: []int{1, 0}, sized: new([]int)}
	b := toy{name: "m", modality: Video, labels: []int{3, 1, 2}, sized: new([]int)}
	first, second := a.set(), b.set()
	j := Join(first, second)
	require.Equal(t, Video, j.Modality)
	require.Equal(t, []int{1, 0, 3, 1, 2}, labelsOf(j))
	for i := range 5 {
		if i < 2 {
			requireSame(t, j, i, a, i)
		} else {
			requireSame(t, j, i, b, i-2)
		}
	}
	require.Same(t, first, Join(first, nil))
	require.Same(t, second, Join(nil, second))
	require.Nil(t, Join(nil, nil))
	require.Panics(t, func() { Join(first, toy{name: "i", modality: Image}.set()) })
}

// Whatever the class orders of two sets, each sample keeps its class name in the joined set.
func TestJoinGoesByName(t *testing.T) {
	name := func(d *Dataset, i int) string { return d.Classes[d.Items[i].Label] }
	for _, classes := range [][2][]string{
		{DFEW, DFEW}, {DFEW, FERV39K}, {FERV39K, DFEW}, {DFEW, MAFW}, {MAFW, DFEW}, {AffectNet7, AffectNet8}, {{"a"}, {"b", "c"}},
	} {
		a := toy{name: "a", modality: Video, classes: classes[0], labels: allOf(len(classes[0])), sized: new([]int)}
		b := toy{name: "m", modality: Video, classes: classes[1], labels: allOf(len(classes[1])), sized: new([]int)}
		first, second := a.set(), b.set()
		j := Join(first, second)
		require.Equal(t, Video, j.Modality)
		require.Equal(t, a.classes, j.Classes[:len(a.classes)], "in the order of the first")
		for i := range j.Items {
			if i < len(a.labels) {
				require.Equal(t, name(first, i), name(j, i))
				requireSame(t, j, i, a, i)
			} else {
				require.Equal(t, name(second, i-len(a.labels)), name(j, i))
				requireSame(t, j, i, b, i-len(a.labels))
			}
		}
	}
}

// If one of two sets has no class names, only label numbers can be joined, without a meaning.
func TestJoinOfNamelessClasses(t *testing.T) {
	named := toy{name: "a", modality: Image, labels: []int{2, 0}, classes: AffectNet7}.set()
	nameless := toy{name: "m", modality: Image, labels: []int{7, 1}}.set()
	for _, j := range []*Dataset{Join(named, nameless), Join(nameless, named)} {
		require.Nil(t, j.Classes)
		require.ElementsMatch(t, []int{2, 0, 7, 1}, labelsOf(j))
	}
}

// A label without a name in either set has none in the joined set.
func TestJoinNamesNoMore(t *testing.T) {
	a := toy{name: "a", modality: Video, labels: []int{0, 7, -1}, classes: DFEW}.set()
	b := toy{name: "m", modality: Video, labels: []int{10, 11}, classes: MAFW}.set()
	j := Join(a, b)
	require.Equal(t, []int{0, 11, 11, 10, 11}, []int{j.Items[0].Label, j.Items[1].Label, j.Items[2].Label,
		slices.Index(MAFW, j.Classes[j.Items[3].Label]), j.Items[4].Label})
	_, _, err := Relabel(j, MAFW)
	require.ErrorContains(t, err, "a1: label 11 is not one of the 11 classes (happiness, sadness,")
	_, _, err = Relabel(toy{name: "a", modality: Image, labels: []int{0, -1}, classes: DFEW}.set(), DFEW)
	require.ErrorContains(t, err, "a1: label -1 is not one of the 7 classes (happiness, sadness,")
}
