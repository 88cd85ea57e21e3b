package enginetest

import "mien/engine"

// testGather has sums of rows, indices of −1, and terms of very different sizes: the order of addition is part of the contract.
func testGather(s *suite) {
	for _, c := range []struct{ rows, width, n, k int }{
		{1, 1, 1, 1}, {5, 3, 0, 1}, {5, 3, 4, 0}, {5, 7, 12, 1}, {5, 7, 4, 3}, {40, 33, 90, 2}, {300, 401, 311, 1}, {300, 101, 203, 5},
	} {
		for _, accumulate := range []bool{false, true} {
			s.gather(c.rows, c.width, s.picks(c.rows, c.n*c.k), c.n, c.k, accumulate)
		}
	}
	for _, accumulate := range []bool{false, true} {
		s.gather(3, 5, []int32{-1, -1, 2, -1, -1, 0, 1, 1}, 4, 2, accumulate)
		s.gather(3, 5, []int32{-1, 2, -1}, 3, 1, accumulate)
	}
}

func (s *suite) gather(rows, width int, index []int32, n, k int, accumulate bool) {
	src, v := s.ragged(rows, width)
	dst, want := s.ragged(n, width)
	if !accumulate {
		dst = s.blank(n, width)
		clear(want)
	}
	for i := range n {
		for _, r := range index[i*k : (i+1)*k] {
			for j := range width {
				if r >= 0 {
					want[i*width+j] = s.round(want[i*width+j] + v[int(r)*width+j])
				}
			}
		}
	}
	s.b.Gather(dst, src, s.ints(index, n, k), accumulate)
	s.check(dst, exactly(want), "%d sums of %d of %d rows, accumulate %v", n, k, rows, accumulate)
	s.check(src, exactly(v), "the source changed")
}

// ragged returns a matrix of numbers whose sums depend on the order of addition.
func (s *suite) ragged(rows, width int) (*engine.Tensor, []float64) {
	v := s.values(rows * width)
	for i := range v {
		v[i] = s.round(v[i] * []float64{1, 1e4, 1e8}[s.rng.IntN(3)])
	}
	return s.tensor(v, rows, width), v
}

// picks draws row numbers, some of them −1; the first and the last row are among them, the first more than once.
func (s *suite) picks(rows, n int) []int32 {
	index := make([]int32, n)
	for i := range index {
		switch {
		case i < 3:
		case i == 3:
			index[i] = int32(rows - 1)
		default:
			index[i] = int32(s.rng.IntN(rows+1)) - 1
		}
	}
	return index
}
