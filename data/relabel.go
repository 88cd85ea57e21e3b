package data

import (
	"fmt"
	"slices"
	"strings"
)

// Relabel returns d with its labels numbered in the order of classes, by which it then calls them: by name, so that a
// list and a model that number the same classes differently agree. Samples of a class that classes does not hold are
// dropped and counted. A set that names no classes keeps its labels. d may be nil.
//
// An error is a label that no class has, and a set of which nothing is left.
func Relabel(d Dataset, classes []string) (relabelled Dataset, dropped int, err error) {
	if d == nil {
		return nil, 0, nil
	}
	own := d.Classes()
	if own == nil {
		own = classes
	}
	r := newReordered(d, own, classes)
	for i := range d.Len() {
		label := d.Label(i)
		if label < 0 || label >= len(own) {
			return nil, 0, fmt.Errorf("%s: label %d is not one of the %d classes (%s)", d.Name(i), label, len(own), strings.Join(own, ", "))
		}
		if r.order[label] >= 0 {
			r.kept = append(r.kept, i)
		}
	}
	if dropped = d.Len() - len(r.kept); dropped > 0 && len(r.kept) == 0 {
		return nil, 0, fmt.Errorf("none of the %d %ss is of a class that is asked for: their classes are %s; asked for are %s",
			d.Len(), d.Modality(), strings.Join(own, ", "), strings.Join(classes, ", "))
	}
	return r, dropped, nil
}

// inOrder numbers the labels of d, which names its classes, in the order of classes, which hold them all.
func inOrder(d Dataset, classes []string) Dataset {
	if slices.Equal(d.Classes(), classes) {
		return d
	}
	r := newReordered(d, d.Classes(), classes)
	r.kept = allOf(d.Len())
	return r
}

// union returns a and, after it, what only b has.
func union(a, b []string) []string {
	all := slices.Clone(a)
	for _, name := range b {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// reordered is a set whose classes are numbered in another order.
type reordered struct {
	Dataset
	classes []string
	order   []int // the new label of each of the set's own, −1 where it has none
	kept    []int // the samples that are left
}

func newReordered(d Dataset, own, classes []string) *reordered {
	r := &reordered{Dataset: d, classes: classes, order: make([]int, len(own))}
	for i, name := range own {
		r.order[i] = slices.Index(classes, name)
		if i < len(classes) && classes[i] == name { // also where a name stands twice
			r.order[i] = i
		}
	}
	return r
}

func (r *reordered) Len() int                   { return len(r.kept) }
func (r *reordered) Classes() []string          { return r.classes }
func (r *reordered) Name(i int) string          { return r.Dataset.Name(r.kept[i]) }
func (r *reordered) Open(i int) (Sample, error) { return r.Dataset.Open(r.kept[i]) }

// OpenSized makes it a Sizer, as long as the set itself is one.
func (r *reordered) OpenSized(i int, opt OpenOptions) (Sample, error) {
	return OpenSized(r.Dataset, r.kept[i], opt)
}

// Label returns len(Classes()), which is none, for a label to which the set itself gives no name.
func (r *reordered) Label(i int) int {
	if label := r.Dataset.Label(r.kept[i]); label >= 0 && label < len(r.order) {
		return r.order[label]
	}
	return len(r.classes)
}
