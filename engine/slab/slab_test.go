package slab

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestSlabs cuts and returns at random: each byte is in one range or one hole, holes are joined, and of all that hold a range the smallest
// is cut.
func TestSlabs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Slabs[string]
		names := []string{"a", "b", "c"}
		for i, name := range names {
			s.Add(name, 700+100*i)
		}
		require.Equal(t, 700+800+900, s.Size())
		var live []Range[string]
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			if len(live) > 0 && rapid.Bool().Draw(t, "return") {
				i := rapid.IntRange(0, len(live)-1).Draw(t, "which")
				s.Return(live[i])
				live = append(live[:i], live[i+1:]...)
			} else {
				n := rapid.IntRange(1, 500).Draw(t, "bytes")
				fit := smallestHole(&s, n)
				r, ok := s.Cut(n)
				require.Equal(t, fit > 0, ok)
				if ok {
					require.Equal(t, n, r.Size)
					require.Equal(t, fit, n+holeAt(r.Slab, r.Offset+n), "the smallest hole")
					live = append(live, r)
				}
			}
			check(t, &s, live)
		}
		var kept []string
		s.Trim(func(name string) { names = append(names, "-"+name) })
		for name := range s.Memories() {
			kept = append(kept, name)
		}
		require.Len(t, names, 3+3-len(kept), "slabs in use stay")
		for _, r := range live {
			require.Contains(t, kept, r.Slab.Memory)
			s.Return(r)
		}
		s.Trim(func(string) {})
		require.Zero(t, s.Size())
	})
}

// smallestHole returns the size of the smallest hole that holds n bytes, 0 for none.
func smallestHole(s *Slabs[string], n int) (size int) {
	for _, slab := range s.all {
		for _, h := range slab.holes {
			if h.size >= n && (size == 0 || h.size < size) {
				size = h.size
			}
		}
	}
	return size
}

// holeAt returns the size of the hole that begins at an offset, 0 for none.
func holeAt(s *Slab[string], offset int) int {
	for _, h := range s.holes {
		if h.offset == offset {
			return h.size
		}
	}
	return 0
}

// check requires each byte of the slabs to be in one range or one hole.
func check(t require.TestingT, s *Slabs[string], live []Range[string]) {
	for _, slab := range s.all {
		owners := make([]int, slab.Size)
		own := func(offset, size int) {
			for i := range size {
				owners[offset+i]++
			}
		}
		for _, r := range live {
			if r.Slab == slab {
				own(r.Offset, r.Size)
			}
		}
		end := -1
		for _, h := range slab.holes {
			require.Greater(t, h.offset, end, "holes are in order and joined")
			end = h.offset + h.size
			own(h.offset, h.size)
		}
		require.False(t, slices.ContainsFunc(owners, func(n int) bool { return n != 1 }), "bytes of %s: %v", slab.Memory, slab.holes)
	}
}

// TestClear lets go of all memory, that in use, too.
func TestClear(t *testing.T) {
	var s Slabs[string]
	s.Add("a", 10)
	s.Add("b", 20)
	_, ok := s.Cut(15)
	require.True(t, ok)
	var released []string
	s.Clear(func(name string) { released = append(released, name) })
	require.Equal(t, []string{"a", "b"}, released)
	require.Zero(t, s.Size())
	_, ok = s.Cut(1)
	require.False(t, ok)
}
