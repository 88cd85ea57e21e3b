//go:build vulkan

package vulkan

import (
	"slices"

	"mien/engine"
)

// Matrix products. One shader computes a tile of any product (shaders/tile.glsl); here its operands are described and its variant is
// chosen. Where the result has few tiles and K is long, K is cut into parts too, and a second shader adds them up.

// operand is a matrix, or one for each item, as it lies in memory.
type operand struct {
	t          *engine.Tensor
	ld, stride int
	form       int
}

// Bits of forms, as in tile.glsl.
const (
	formAlongK  = 1 << iota // K runs along its rows
	formAligned             // every four neighbours in a row, counted from its beginning, can be read at once
	formRounded             // Float32, to be rounded to bfloat16
	formNarrow              // BFloat16
)

// mostElements is how many elements an operand may have: shaders count them in signed 32-bit integers.
const mostElements = 1<<31 - 1

// operandOf describes a tensor whose elements are multiplied at a precision.
func operandOf(t *engine.Tensor, p engine.Precision, ld, stride int, along bool) operand {
	known("the precision of a product", p, engine.BF16)
	if !isFloat(t.DType()) {
		panic(unsupported("an operand of a product", t.DType()))
	}
	form := formOf(p, ld|stride, t) | flag(formAlongK, along)
	return operand{t, ld, stride, form}
}

// formOf returns the form of matrices of one dtype that are used in the same way; step has the low bits of the distances between rows
// and between items.
func formOf(p engine.Precision, step int, tensors ...*engine.Tensor) int {
	stored := tensors[0].DType() == engine.BFloat16
	return flag(formAligned, step%4 == 0 && allAligned(tensors...)) | flag(formRounded, !stored && p == engine.BF16) | flag(formNarrow, stored)
}

// allAligned tells whether tensors begin at a multiple of four of their elements; nil does.
func allAligned(tensors ...*engine.Tensor) bool {
	return !slices.ContainsFunc(tensors, func(t *engine.Tensor) bool { return t != nil && addressOf(t)%uint64(4*t.DType().Size()) != 0 })
}

// operands returns those of a product.
func operands(a *engine.GemmArgs) (left, right operand) {
	left = operandOf(a.A, a.Precision, a.LDA, a.AStride, !a.TransA)
	if a.Packed == nil {
		return left, operandOf(a.B, a.Precision, a.LDB, a.BStride, a.TransB)
	}
	p := a.Packed.Precision
	return operandOf(a.A, p, a.LDA, a.AStride, !a.TransA), operandOf(unpacked(a.Packed), p, a.Packed.K, 0, true)
}

// countable panics if tensors have too many elements; nil has none. All operands are checked when they are pushed; methods with several
// dispatches check before the first.
func countable(op string, tensors ...*engine.Tensor) {
	for _, t := range tensors {
		if t != nil && t.Len() > mostElements {
			panic(unsupported(op, t))
		}
	}
}

// Bits of epilogues, as in epilogue.glsl.
const (
	withC = 1 << iota
	withBias
	withPre
	withGELU
	withResidual
	withAligned // every row of all that is read or written begins at a multiple of 16 bytes
)

func epilogue(a *engine.GemmArgs) int {
	even := (a.LDC|a.CStride)%4 == 0 && allAligned(a.C, a.Bias, a.Pre, a.Residual)
	return flag(withC, a.Accumulate) | flag(withBias, a.Bias != nil) | flag(withPre, a.Pre != nil) | flag(withGELU, a.GELU) |
		flag(withResidual, a.Residual != nil) | flag(withAligned, even)
}

func (b *Backend) Gemm(a engine.GemmArgs) {
	if a.RowSums != nil {
		a.SumRows(b)
	}
	if a.Slope != nil {
		b.gemmSlope(a)
		return
	}
	left, right := operands(&a)
	allFloat32("the result of Gemm", a.C, a.Bias, a.Pre, a.Residual)
	countable("Gemm", left.t, right.t, a.C)
	if a.M == 0 || a.N == 0 {
		return
	}
	small := b.matricesFor(left.form, right.form)
	t := tilingFor(small.tileSizes(), a.Batch, a.M, a.N, a.K, mostParts)
	if t.parts > 1 {
		b.gemmInParts(&a, left, right, small, t)
		return
	}
	b.tile("gemm", small, t).as(left.t.DType(), left.t).as(right.t.DType(), right.t).result(&a).
		u32(a.M, a.N, a.K, left.ld, right.ld, a.LDC, left.stride, right.stride, a.CStride, a.Batch, t.parts, t.depth).
		u32(left.form, right.form, epilogue(&a)).work(flops(&a)).groups(t.groups(a.Batch, a.M, a.N), 1, 1)
}

// gemmSlope multiplies the result with the slopes of GELU in a second dispatch.
func (b *Backend) gemmSlope(a engine.GemmArgs) {
	z := a.Slope
	if a.Pre != nil || a.GELU || a.Residual != nil || a.Accumulate || a.LDC != a.N || !z.SameShape(a.C) || z.Len() != a.Batch*a.M*a.N {
		panic(unsupported("Slope of Gemm", z))
	}
	a.Slope = nil
	b.Gemm(a)
	b.UnaryBackward(engine.GELU, a.C, z, a.C)
}

// gemmInParts sums each part of K by itself, and then the parts, with rows padded to quads.
func (b *Backend) gemmInParts(a *engine.GemmArgs, left, right operand, small *matrices, t tiling) {
	width := ceilDiv(a.N, 4) * 4
	partial := b.working(t.parts * a.Batch * a.M * width)
	defer b.release(partial)
	b.tile("gemm", small, t).as(left.t.DType(), left.t).as(right.t.DType(), right.t).
		out(partial).in(nil).optional(nil, partial, false, false).optional(nil, partial, false, false).
		u32(a.M, a.N, a.K, left.ld, right.ld, width, left.stride, right.stride, a.M*width, a.Batch, t.parts, t.depth).
		u32(left.form, right.form, withAligned).work(flops(a)).groups(t.groups(a.Batch, a.M, a.N), 1, 1)
	b.kernel("gemm_sum").in(partial).result(a).
		u32(a.M, a.N, a.LDC, a.CStride, a.Batch, t.parts, epilogue(a)).each(a.Batch * a.M * width / 4)
}

// result pushes the addresses of what an epilogue reads and writes.
func (c *call) result(a *engine.GemmArgs) *call {
	return c.tensor(a.C, engine.Float32, a.Accumulate, true).in(a.Bias).optional(a.Pre, a.C, false, true).optional(a.Residual, a.C, true, false)
}

func flops(a *engine.GemmArgs) float64 {
	return 2 * float64(a.Batch) * float64(a.M) * float64(a.N) * float64(a.K)
}
