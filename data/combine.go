package data

import "fmt"

// Repeat is d with every sample counting several times, so that a small set holds its own beside a larger one: the
// whole of d, and then d again. d may be nil.
func Repeat(d Dataset, times int) Dataset {
	if d == nil || times <= 1 {
		return d
	}
	return repeated{d, times}
}

type repeated struct {
	Dataset
	times int
}

func (r repeated) at(i int) int { return i % r.Dataset.Len() }

func (r repeated) Len() int                   { return r.Dataset.Len() * r.times }
func (r repeated) Name(i int) string          { return r.Dataset.Name(r.at(i)) }
func (r repeated) Label(i int) int            { return r.Dataset.Label(r.at(i)) }
func (r repeated) Open(i int) (Sample, error) { return r.Dataset.Open(r.at(i)) }

// OpenSized makes it a Sizer, as long as what is repeated is one.
func (r repeated) OpenSized(i int, opt OpenOptions) (Sample, error) {
	return OpenSized(r.Dataset, r.at(i), opt)
}

// Join puts b, of the same modality, after a; either may be nil. Where both name their classes, labels are joined by
// name: in the order of a, and after it what only b has. Where one does not, labels are taken as they are, and the
// joined set names none: Relabel both first to give them one order.
func Join(a, b Dataset) Dataset {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.Modality() != b.Modality():
		panic(fmt.Sprintf("data.Join: a set of modality %s and one of modality %s", a.Modality(), b.Modality()))
	}
	j := joined{first: a, second: b}
	if a.Classes() != nil && b.Classes() != nil {
		j.classes = union(a.Classes(), b.Classes())
		j.first, j.second = inOrder(a, j.classes), inOrder(b, j.classes)
	}
	return j
}

// joined is one set after another.
type joined struct {
	first, second Dataset
	classes       []string
}

func (j joined) at(i int) (Dataset, int) {
	if n := j.first.Len(); i >= n {
		return j.second, i - n
	}
	return j.first, i
}

func (j joined) Modality() Modality { return j.first.Modality() }
func (j joined) Len() int           { return j.first.Len() + j.second.Len() }
func (j joined) Classes() []string  { return j.classes }

func (j joined) Name(i int) string {
	d, k := j.at(i)
	return d.Name(k)
}

func (j joined) Label(i int) int {
	d, k := j.at(i)
	return d.Label(k)
}

func (j joined) Open(i int) (Sample, error) {
	d, k := j.at(i)
	return d.Open(k)
}

// OpenSized makes it a Sizer, as long as what is joined is one.
func (j joined) OpenSized(i int, opt OpenOptions) (Sample, error) {
	d, k := j.at(i)
	return OpenSized(d, k, opt)
}
