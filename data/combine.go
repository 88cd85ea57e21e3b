package data

import "fmt"

// Repeat is d with every sample repeated, to give a small set more weight beside a larger one: all of d, then d again. d may be
// nil.
func Repeat(d Dataset, times int) Dataset {
	if d == nil || times <= 1 {
		return d
	}
	n := d.Len()
	return derived{d.Modality(), d.Classes(), n * times, func(i int) (Dataset, int) { return d, i % n }}
}

// Join appends b, of the same modality, to a; either may be nil. If both name their classes, labels are matched by name:
// classes in the order of a, then those that only b has. Otherwise labels are unchanged, and the joined set has no class names:
// Relabel both first to give them one order.
func Join(a, b Dataset) Dataset {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.Modality() != b.Modality():
		panic(fmt.Sprintf("data.Join: a set of modality %s and one of modality %s", a.Modality(), b.Modality()))
	}
	var classes []string
	if a.Classes() != nil && b.Classes() != nil {
		classes = union(a.Classes(), b.Classes())
		a, b = inOrder(a, classes), inOrder(b, classes)
	}
	n := a.Len()
	return derived{a.Modality(), classes, n + b.Len(), func(i int) (Dataset, int) {
		if i < n {
			return a, i
		}
		return b, i - n
	}}
}

// derived is a set of samples from other sets.
type derived struct {
	modality Modality
	classes  []string
	n        int
	at       func(i int) (Dataset, int) // the set that holds sample i, and its number there
}

func (d derived) Modality() Modality { return d.modality }
func (d derived) Len() int           { return d.n }
func (d derived) Classes() []string  { return d.classes }

func (d derived) Name(i int) string {
	of, k := d.at(i)
	return of.Name(k)
}

func (d derived) Label(i int) int {
	of, k := d.at(i)
	return of.Label(k)
}

func (d derived) Open(i int) (Sample, error) {
	of, k := d.at(i)
	return of.Open(k)
}

// OpenSized implements Sizer; it saves memory if the set of the sample is a Sizer.
func (d derived) OpenSized(i int, opt OpenOptions) (Sample, error) {
	of, k := d.at(i)
	return OpenSized(of, k, opt)
}
