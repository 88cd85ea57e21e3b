//go:build vulkan

package vulkan

import "mien/engine"

// PackWeight copies a weight, as Gemm reads any order equally well: what is saved is the rounding. A bfloat16 weight stays one.
func (b *Backend) PackWeight(w *engine.Tensor, p engine.Precision) *engine.PackedWeight {
	known("PackWeight", p, engine.BF16)
	if !isFloat(w.DType()) {
		panic(unsupported("PackWeight", w.DType()))
	}
	dtype := w.DType()
	if p == engine.BF16 {
		dtype = engine.BFloat16
	}
	n := w.Dim(0)
	form := engine.New(b, dtype, n, engine.Elements(w.Extents()[1:]))
	b.convert(form, w)
	return engine.NewPackedWeight(n, form.Dim(1), p, form, form.Free)
}

// unpacked returns the tensor [N, K] of a packed weight.
func unpacked(w *engine.PackedWeight) *engine.Tensor { return w.Form.(*engine.Tensor) }
