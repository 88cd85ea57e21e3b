package enginetest

import (
	"math"
	"slices"

	"mien/engine"
)

func testCopy(s *suite) {
	for _, c := range []engine.CopyArgs{
		{Block: 5, Count: 0, DstStride: 5, SrcStride: 5},
		{Block: 1, Count: 1},
		{Block: 7, Count: 1, DstOffset: 3, SrcOffset: 9},
		{Block: 3, Count: 11, DstOffset: 2, DstStride: 9, SrcOffset: 4, SrcStride: 5}, // a slice of wide rows
		{Block: 4, Count: 9, DstStride: 4, SrcOffset: 1, SrcStride: 0},                // one block, repeated
		{Block: 401, Count: 300, DstOffset: 7, DstStride: 402, SrcStride: 403},
	} {
		for _, c.Accumulate = range []bool{false, true} {
			s.copyFloats(c)
		}
		s.copyInts(c)
	}
}

// copySizes returns how many elements a copy needs on each side, and some more.
func copySizes(c engine.CopyArgs) (dst, src int) {
	return c.DstOffset + c.Count*max(c.DstStride, c.Block) + 3, c.SrcOffset + c.Count*max(c.SrcStride, c.Block) + 3
}

func (s *suite) copyFloats(c engine.CopyArgs) {
	n, m := copySizes(c)
	var dst, src []float64
	c.Dst, dst = s.random(n)
	c.Src, src = s.random(m)
	want := exactly(dst)
	for i := range c.Count {
		for j := range c.Block {
			d, v := c.DstOffset+i*c.DstStride+j, src[c.SrcOffset+i*c.SrcStride+j]
			if !c.Accumulate {
				want.value[d] = v
				continue
			}
			want.addSized(d, v, math.Abs(dst[d])+math.Abs(v))
		}
	}
	s.b.Copy(c)
	s.check(c.Dst, want, "%d blocks of %d, accumulate %v", c.Count, c.Block, c.Accumulate)
}

func (s *suite) copyInts(c engine.CopyArgs) {
	n, m := copySizes(c)
	dst, src := make([]int32, n), make([]int32, m)
	for i := range src {
		src[i] = int32(i + 1)
	}
	c.Dst, c.Src, c.Accumulate = s.ints(dst, n), s.ints(src, m), false
	for i := range c.Count {
		copy(dst[c.DstOffset+i*c.DstStride:][:c.Block], src[c.SrcOffset+i*c.SrcStride:])
	}
	s.b.Copy(c)
	s.checkInts(c.Dst, dst, "%d blocks of %d int32", c.Count, c.Block)
}

func testPermute(s *suite) {
	for _, shape := range [][]int{{}, {5}, {0, 3}, {3, 4}, {2, 3, 5}, {1, 3, 1}, {2, 1, 3, 4}, {3, 2, 2, 3, 2}} {
		for _, perm := range permutations(len(shape)) {
			s.permute(shape, perm)
		}
	}
	s.permute([]int{3, 199, 4, 51}, []int{0, 2, 1, 3})
	s.permute([]int{601, 203}, []int{1, 0})
	s.permute([]int{2, 3, 14, 16, 14, 16}, []int{0, 2, 4, 3, 5, 1}) // an image into patches
}

func (s *suite) permute(shape, perm []int) {
	src, v := s.random(shape...)
	strides := make([]int, len(shape))
	stride := 1
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = stride
		stride *= shape[i]
	}
	to := make([]int, len(perm))
	for i, p := range perm {
		to[i] = shape[p]
	}
	want := make([]float64, len(v))
	for i := range want {
		at, rest := 0, i
		for axis := len(to) - 1; axis >= 0; axis-- {
			at += rest % to[axis] * strides[perm[axis]]
			rest /= to[axis]
		}
		want[i] = v[at]
	}
	dst := s.blank(to...)
	given := slices.Clone(perm)
	s.b.Permute(dst, src, given)
	clear(given)
	s.check(dst, exactly(want), "%v permuted by %v", shape, perm)
}

// permutations returns the orders of n axes.
func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{{}}
	}
	all := [][]int{}
	for _, shorter := range permutations(n - 1) {
		for at := range n {
			p := append([]int{}, shorter[:at]...)
			p = append(append(p, n-1), shorter[at:]...)
			all = append(all, p)
		}
	}
	return all
}
