package cpu

import (
	"slices"

	"mien/asm"
	"mien/engine"
)

// Products at bf16 with a weight that is not packed, as in training, where the CPU has no fast instruction for them (see bf16.go): operands
// are rounded to bfloat16 and widened into float32 working memory, and the float32 kernels multiply them. The product of two bfloat16
// numbers is exact in float32 (short of overflow and underflow), so results are close to those of a bfloat16 instruction, but not bit for
// bit the same: sums are added and rounded in another order. This costs a pass over each operand and saves no time; it lets such training be run, checked and compared with that
// of other backends.

func (c *Backend) Cast(dst, src *engine.Tensor) {
	defer c.timed("Cast", 0, dst, src)()
	switch from, to := src.DType(), dst.DType(); {
	case from == engine.Float32 && to == engine.BFloat16:
		d, s := host[uint16](dst), host[float32](src)
		parallel(len(d), elementGrain, func(lo, hi int) { asm.F32().Round(d[lo:hi], s[lo:hi]) })
	case from == engine.BFloat16 && to == engine.Float32:
		d, s := host[float32](dst), host[uint16](src)
		parallel(len(d), elementGrain, func(lo, hi int) { asm.F32().Widen(d[lo:hi], s[lo:hi]) })
	default:
		panic(&engine.ShapeError{Op: "Cast", Got: [2]engine.DType{from, to}, Want: "float32 and bfloat16"})
	}
}

// widened returns a bfloat16 tensor as float32.
func (c *Backend) widened(t *engine.Tensor) *engine.Tensor {
	wide := engine.New(c, engine.Float32, t.Extents()...)
	c.Cast(wide, t)
	return wide
}

// operand returns the float32 tensor to multiply in place of t, with a reference of its own.
func (c *Backend) operand(t *engine.Tensor, p engine.Precision) *engine.Tensor {
	switch {
	case t.DType() == engine.BFloat16:
		return c.widened(t)
	case p == engine.Full:
		return t.Retain()
	}
	narrow := engine.New(c, engine.BFloat16, t.Extents()...)
	defer narrow.Free()
	c.Cast(narrow, t)
	return c.widened(narrow)
}

// round replaces operands by their float32 forms, and returns the function that frees these.
func (c *Backend) round(p engine.Precision, operands ...**engine.Tensor) (free func()) {
	made := make([]*engine.Tensor, len(operands))
	for i, t := range operands {
		made[i] = c.operand(*t, p)
		*t = made[i]
	}
	return func() {
		for _, t := range made {
			t.Free()
		}
	}
}

// roundGemm rounds A and B.
func (c *Backend) roundGemm(a *engine.GemmArgs) (free func()) {
	if a.Precision > engine.BF16 || a.C.DType() != engine.Float32 || a.Packed != nil {
		panic(&engine.ShapeError{Op: "Gemm", Got: a.Precision, Want: "f32, or bf16 for operands of a float32 result that are not packed"})
	}
	return c.round(a.Precision, &a.A, &a.B)
}

// roundGrouped rounds the two operands of a grouped product.
func (c *Backend) roundGrouped(a *engine.GroupedArgs) (free func()) {
	a.W = slices.Clone(a.W)
	operands := []**engine.Tensor{&a.X, &a.Y}
	switch a.Mode {
	case engine.GroupedForward:
		operands = operands[:1]
	case engine.GroupedInputGrad:
		operands = operands[1:]
	}
	if a.Mode != engine.GroupedWeightGrad {
		for e := range a.W {
			operands = append(operands, &a.W[e])
		}
	}
	return c.round(engine.BF16, operands...)
}
