package engine

// PackedWeight is the weight [N, K] of a linear layer in the order in which a backend's Gemm reads it, made once by PackWeight
// and used many times. It keeps nothing of the tensor it was made from. Free gives its memory back.
type PackedWeight struct {
	N, K      int
	Precision Precision
	Form      any // what the backend made: only it looks inside
	free      func()
}

// NewPackedWeight is for backends. Free will call free, once.
func NewPackedWeight(n, k int, p Precision, form any, free func()) *PackedWeight {
	return &PackedWeight{N: n, K: k, Precision: p, Form: form, free: free}
}

// Free gives the memory back. A nil weight is ignored.
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
