package cpu

import "mien/engine"

// broadcast walks two operands along a contiguous tensor of shape [outer…, inner]. Axes on which both operands
// are dense, or both are stretched, are merged, so that inner runs are as long as they can be.
type broadcast struct {
	outer, inner int
	step         [2]int   // by which the operands advance along a run, 0 where they are stretched
	dims         []int    // outer extents
	strides      [2][]int // outer strides of the operands
}

// newBroadcast walks operands whose shapes broadcast to the given one.
func newBroadcast(shape, a, b []int) broadcast {
	return newWalk(shape, engine.BroadcastStrides(shape, a), engine.BroadcastStrides(shape, b))
}

// newWalk walks operands with the given strides along each axis.
func newWalk(shape, strideA, strideB []int) broadcast {
	dims, sa, sb := []int{}, []int{}, []int{}
	for i, d := range shape {
		if d == 1 {
			continue
		}
		if n := len(dims); n > 0 && sa[n-1] == strideA[i]*d && sb[n-1] == strideB[i]*d {
			dims[n-1] *= d
			sa[n-1], sb[n-1] = strideA[i], strideB[i]
			continue
		}
		dims, sa, sb = append(dims, d), append(sa, strideA[i]), append(sb, strideB[i])
	}
	l := broadcast{outer: 1, inner: 1}
	if n := len(dims); n > 0 {
		l.inner, l.step = dims[n-1], [2]int{sa[n-1], sb[n-1]}
		l.dims, l.strides = dims[:n-1], [2][]int{sa[:n-1], sb[:n-1]}
		l.outer = engine.Elements(l.dims)
	}
	return l
}

// each calls fn for the runs lo ≤ i < hi with the operands' offsets.
func (l *broadcast) each(lo, hi int, fn func(i int, at [2]int)) {
	for i := lo; i < hi; i++ {
		var at [2]int
		rest := i
		for axis := len(l.dims) - 1; axis >= 0; axis-- {
			j := rest % l.dims[axis]
			rest /= l.dims[axis]
			at[0] += j * l.strides[0][axis]
			at[1] += j * l.strides[1][axis]
		}
		fn(i, at)
	}
}
