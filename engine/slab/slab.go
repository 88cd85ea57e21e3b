// Package slab divides memory among buffers. Pieces of memory of any kind, slabs, are cut into ranges; what is returned becomes a hole,
// joined with those beside it, so that what one part of a computation leaves serves the next, whatever the sizes. Backends keep their
// tensors so. It is not safe for concurrent use.
package slab

import (
	"iter"
	"slices"
)

// Slab is a piece of memory M with its holes, by offset, no two of them side by side.
type Slab[M any] struct {
	Memory M
	Size   int
	holes  []hole
}

type hole struct{ offset, size int }

// Range is a part of a slab.
type Range[M any] struct {
	Slab         *Slab[M]
	Offset, Size int
}

// Slabs are pieces of memory from which ranges are cut. The zero value has none.
type Slabs[M any] struct {
	all  []*Slab[M]
	size int
}

// Size is that of all slabs together.
func (s *Slabs[M]) Size() int { return s.size }

// Memories are those of all slabs.
func (s *Slabs[M]) Memories() iter.Seq[M] {
	return func(yield func(M) bool) {
		for _, slab := range s.all {
			if !yield(slab.Memory) {
				return
			}
		}
	}
}

// Add makes memory of a size a slab, which is one hole.
func (s *Slabs[M]) Add(memory M, size int) {
	s.all = append(s.all, &Slab[M]{memory, size, []hole{{0, size}}})
	s.size += size
}

// Cut takes n bytes, at least one, from the smallest hole that holds them, of equal ones the first. It is false if none does.
func (s *Slabs[M]) Cut(n int) (r Range[M], ok bool) {
	var best *Slab[M]
	at := 0
	for _, slab := range s.all {
		for i, h := range slab.holes {
			if h.size >= n && (best == nil || h.size < best.holes[at].size) {
				best, at = slab, i
			}
		}
	}
	if best == nil {
		return r, false
	}
	h := &best.holes[at]
	r = Range[M]{best, h.offset, n}
	h.offset += n
	if h.size -= n; h.size == 0 {
		best.holes = slices.Delete(best.holes, at, at+1)
	}
	return r, true
}

// Return makes a range a hole, joined with its neighbours.
func (s *Slabs[M]) Return(r Range[M]) {
	holes := r.Slab.holes
	i, _ := slices.BinarySearchFunc(holes, r.Offset, func(h hole, offset int) int { return h.offset - offset })
	r.Slab.holes = slices.Insert(holes, i, hole{r.Offset, r.Size})
	r.Slab.join(i)
	r.Slab.join(i - 1)
}

// join makes hole i and the next one a single hole if they touch.
func (s *Slab[M]) join(i int) {
	if i >= 0 && i+1 < len(s.holes) && s.holes[i].offset+s.holes[i].size == s.holes[i+1].offset {
		s.holes[i].size += s.holes[i+1].size
		s.holes = slices.Delete(s.holes, i+1, i+2)
	}
}

// Trim lets go of the slabs of which nothing is in use, and hands their memory to release.
func (s *Slabs[M]) Trim(release func(M)) {
	s.all = slices.DeleteFunc(s.all, func(slab *Slab[M]) bool {
		empty := len(slab.holes) == 1 && slab.holes[0].size == slab.Size
		if empty {
			s.size -= slab.Size
			release(slab.Memory)
		}
		return empty
	})
}

// Clear lets go of all slabs, and hands their memory to release.
func (s *Slabs[M]) Clear(release func(M)) {
	for _, slab := range s.all {
		release(slab.Memory)
	}
	*s = Slabs[M]{}
}
