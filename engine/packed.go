package engine

// PackedWeight is the weight [N, K] of a linear layer in the order in which a backend's Gemm reads it, made once by PackWeight
// and used many times. It holds no reference to the tensor it was made from. Free releases its memory.
type PackedWeight struct {
	N, K      int
	Precision Precision
	Form      any // private to the backend that made it
	free      func()
}

// NewPackedWeight is for backends. Free calls free, once.
func NewPackedWeight(n, k int, p Precision, form any, free func()) *PackedWeight {
	return &PackedWeight{N: n, K: k, Precision: p, Form: form, free: free}
}

// Free releases the memory. A nil weight is ignored.
func (w *PackedWeight) Free() {
	if w == nil {
		return
	}
	if w.free == nil {
		panic("engine: packed weight freed twice")
	}
	w.free()
	w.free, w.Form = nil, nil
}
