package data

import (
	"fmt"
	"slices"
	"strings"
)

// Sets made of other sets: repeated, joined, or with their classes in another order.

// Repeat is d with every sample repeated, to give a small set more weight beside a larger one: all of d, then d again. d may be
// nil.
func Repeat(d *Dataset, times int) *Dataset {
	if d == nil || times <= 1 {
		return d
	}
	return d.with(slices.Repeat(d.Items, times))
}

// Join appends b, of the same modality, to a; either may be nil. If both name their classes, labels are matched by name:
// classes in the order of a, then those that only b has. Otherwise labels are unchanged, and the joined set has no class names:
// Relabel both first to give them one order.
func Join(a, b *Dataset) *Dataset {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.Modality != b.Modality:
		panic(fmt.Sprintf("data.Join: a set of modality %s and one of modality %s", a.Modality, b.Modality))
	case a.Classes == nil || b.Classes == nil:
		return &Dataset{Modality: a.Modality, Items: slices.Concat(a.Items, b.Items)}
	}
	classes := JoinClasses(a.Classes, b.Classes)
	return &Dataset{Modality: a.Modality, Classes: classes, Items: slices.Concat(renumbered(a, classes), renumbered(b, classes))}
}

// JoinClasses returns the names of a, then those that only b has.
func JoinClasses(a, b []string) []string {
	classes := slices.Clone(a)
	for _, name := range b {
		if !slices.Contains(classes, name) {
			classes = append(classes, name)
		}
	}
	return classes
}

// with returns d with other samples.
func (d *Dataset) with(items []Item) *Dataset {
	other := *d
	other.Items = items
	return &other
}

// renumbered returns the samples of d with the labels of their classes among classes, which contains them all. A label without a
// name in d becomes len(classes), an invalid label.
func renumbered(d *Dataset, classes []string) []Item {
	items, labels := slices.Clone(d.Items), newLabels(d.Classes, classes)
	for i := range items {
		if label := items[i].Label; label >= 0 && label < len(labels) {
			items[i].Label = labels[label]
		} else {
			items[i].Label = len(classes)
		}
	}
	return items
}

// newLabels maps each of a set's own labels to its label in classes, −1 if it has none.
func newLabels(own, classes []string) []int {
	labels := make([]int, len(own))
	for i, name := range own {
		labels[i] = slices.Index(classes, name)
		if i < len(classes) && classes[i] == name { // even if a name occurs twice
			labels[i] = i
		}
	}
	return labels
}

// Relabel returns d with its labels renumbered, by name, in the order of classes, so that a list and a model that number the
// same classes differently agree. Samples of other classes are dropped and counted. A set without class names keeps its labels.
// d may be nil.
//
// A label without a class is an error, as is a set with no samples left.
func Relabel(d *Dataset, classes []string) (relabelled *Dataset, dropped int, err error) {
	if d == nil {
		return nil, 0, nil
	}
	own := d.Classes
	if own == nil {
		own = classes
	}
	labels := newLabels(own, classes)
	relabelled = &Dataset{Modality: d.Modality, Classes: classes}
	for _, item := range d.Items {
		if item.Label < 0 || item.Label >= len(own) {
			return nil, 0, fmt.Errorf("%s: label %d is not one of the %d classes (%s)", item.Place(), item.Label, len(own), strings.Join(own, ", "))
		}
		if item.Label = labels[item.Label]; item.Label >= 0 {
			relabelled.Items = append(relabelled.Items, item)
		}
	}
	if dropped = len(d.Items) - len(relabelled.Items); dropped > 0 && dropped == len(d.Items) {
		return nil, 0, fmt.Errorf("none of the %d %ss is of a class that is asked for: their classes are %s; asked for are %s",
			dropped, d.Modality, strings.Join(own, ", "), strings.Join(classes, ", "))
	}
	return relabelled, dropped, nil
}
