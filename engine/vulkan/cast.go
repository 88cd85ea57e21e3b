//go:build vulkan

package vulkan

import "mien/engine"

func (b *Backend) Cast(dst, src *engine.Tensor) {
	from, to := src.DType(), dst.DType()
	if from == to || !isFloat(from) || !isFloat(to) {
		panic(unsupported("Cast", [2]engine.DType{from, to}))
	}
	b.convert(dst, src)
}

// isFloat tells whether a dtype is one of the two that Cast converts between.
func isFloat(d engine.DType) bool { return d == engine.Float32 || d == engine.BFloat16 }

// convert is Cast, or a copy between tensors of the same dtype.
func (b *Backend) convert(dst, src *engine.Tensor) {
	narrow := func(t *engine.Tensor) int { return flag(1, t.DType() == engine.BFloat16) }
	b.kernel("cast", narrow(src), narrow(dst)).tensor(dst, dst.DType(), false, true).as(src.DType(), src).u32(dst.Len()).each(dst.Len())
}

// flag returns a bit that is set if a condition holds.
func flag(bit int, on bool) int {
	if on {
		return bit
	}
	return 0
}
