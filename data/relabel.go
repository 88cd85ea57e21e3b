package data

import (
	"fmt"
	"slices"
	"strings"
)

// Relabel returns d with its labels renumbered, by name, in the order of classes, so that a list and a model that number the
// same classes differently agree. Samples of other classes are dropped and counted. A set without class names keeps its labels.
// d may be nil.
//
// A label without a class is an error, as is a set with no samples left.
func Relabel(d Dataset, classes []string) (relabelled Dataset, dropped int, err error) {
	if d == nil {
		return nil, 0, nil
	}
	own := d.Classes()
	if own == nil {
		own = classes
	}
	order := newLabels(own, classes)
	var kept []int
	for i := range d.Len() {
		label := d.Label(i)
		if label < 0 || label >= len(own) {
			return nil, 0, fmt.Errorf("%s: label %d is not one of the %d classes (%s)", d.Name(i), label, len(own), strings.Join(own, ", "))
		}
		if order[label] >= 0 {
			kept = append(kept, i)
		}
	}
	if dropped = d.Len() - len(kept); dropped > 0 && len(kept) == 0 {
		return nil, 0, fmt.Errorf("none of the %d %ss is of a class that is asked for: their classes are %s; asked for are %s",
			d.Len(), d.Modality(), strings.Join(own, ", "), strings.Join(classes, ", "))
	}
	return newReordered(d, kept, classes, order), dropped, nil
}

// inOrder renumbers the labels of d, which has class names, in the order of classes, which contains them all.
func inOrder(d Dataset, classes []string) Dataset {
	if slices.Equal(d.Classes(), classes) {
		return d
	}
	return newReordered(d, allOf(d.Len()), classes, newLabels(d.Classes(), classes))
}

// newLabels maps each of a set's own labels to its label in classes, −1 if it has none.
func newLabels(own, classes []string) []int {
	order := make([]int, len(own))
	for i, name := range own {
		order[i] = slices.Index(classes, name)
		if i < len(classes) && classes[i] == name { // even if a name occurs twice
			order[i] = i
		}
	}
	return order
}

// union returns a followed by the elements that only b has.
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
	derived
	order []int // new label by old label
}

// newReordered takes the kept samples of d.
func newReordered(d Dataset, kept []int, classes []string, order []int) reordered {
	return reordered{derived{d.Modality(), classes, len(kept), func(i int) (Dataset, int) { return d, kept[i] }}, order}
}

// Label returns len(Classes()), an invalid label, for a label without a name in the set.
func (r reordered) Label(i int) int {
	if label := r.derived.Label(i); label >= 0 && label < len(r.order) {
		return r.order[label]
	}
	return len(r.classes)
}
