//go:build vulkan

package vulkan

import "mien/engine"

// Matrix products. One shader computes a tile of any product (shaders/tile.glsl); here its operands are described and its variant is
// chosen. Where the result has few tiles and K is long, K is cut into parts too, and a second shader adds them up.

// operand is a matrix, or one for each item, as it lies in memory.
type operand struct {
	t          *engine.Tensor
	format     int
	ld, stride int
	along      bool // whether K runs along its rows
}

// Formats of operands, as in tile.glsl.
const (
	formatFull = iota
	formatRounded
	formatNarrow
)

// mostElements is how many elements an operand may have: shaders count them in signed 32-bit integers.
const mostElements = 1<<31 - 1

// operandOf describes a tensor whose elements are multiplied at a precision.
func operandOf(t *engine.Tensor, p engine.Precision, ld, stride int, along bool) operand {
	known("the precision of a product", p, engine.BF16)
	format := formatFull
	switch {
	case !isFloat(t.DType()) || t.Len() > mostElements:
		panic(unsupported("an operand of a product", t))
	case t.DType() == engine.BFloat16:
		format = formatNarrow
	case p == engine.BF16:
		format = formatRounded
	}
	return operand{t, format, ld, stride, along}
}

// aligned tells whether every four neighbours of a row, counted from its beginning, can be read at once.
func (o operand) aligned() bool { return o.ld%4 == 0 && o.stride%4 == 0 && isAligned(o.t) }

// isAligned tells whether a tensor begins at a multiple of four of its elements; nil does.
func isAligned(t *engine.Tensor) bool {
	return t == nil || addressOf(t)%uint64(4*t.DType().Size()) == 0
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

// Bits of epilogues, as in epilogue.glsl.
const (
	addsToC = 1 << iota
	hasBias
	hasPre
	hasGELU
	hasResidual
)

func epilogue(a *engine.GemmArgs) int {
	return flag(addsToC, a.Accumulate) | flag(hasBias, a.Bias != nil) | flag(hasPre, a.Pre != nil) | flag(hasGELU, a.GELU) |
		flag(hasResidual, a.Residual != nil)
}

func (b *Backend) Gemm(a engine.GemmArgs) {
	left, right := operands(&a)
	for _, t := range []*engine.Tensor{a.C, a.Bias, a.Pre, a.Residual} {
		if t != nil && (t.DType() != engine.Float32 || t.Len() > mostElements) {
			panic(unsupported("the result of a product", t))
		}
	}
	if a.M == 0 || a.N == 0 {
		return
	}
	t := tilingFor(a.Batch, a.M, a.N, a.K)
	if t.parts > 1 {
		b.gemmInParts(&a, left, right, t)
		return
	}
	b.tiles("gemm", t, left, right, alignedResult(&a)).as(left.t.DType(), left.t).as(right.t.DType(), right.t).result(&a).
		u32(a.M, a.N, a.K, left.ld, right.ld, a.LDC, left.stride, right.stride, a.CStride, a.Batch, t.parts, t.depth, epilogue(&a)).
		work(flops(&a)).groups(t.groups(a.Batch, a.M, a.N), 1, 1)
}

// gemmInParts sums each part of K by itself, and then the parts, with rows padded to quads.
func (b *Backend) gemmInParts(a *engine.GemmArgs, left, right operand, t tiling) {
	width := ceilDiv(a.N, 4) * 4
	partial, err := b.memory.alloc(4 * t.parts * a.Batch * a.M * width)
	if err != nil {
		b.stream.fail(err)
		return
	}
	defer b.memory.free(partial)
	b.tiles("gemm", t, left, right, true).as(left.t.DType(), left.t).as(right.t.DType(), right.t).
		memory(partial, false, true).in(nil).in(nil).in(nil).
		u32(a.M, a.N, a.K, left.ld, right.ld, width, left.stride, right.stride, a.M*width, a.Batch, t.parts, t.depth, 0).
		work(flops(a)).groups(t.groups(a.Batch, a.M, a.N), 1, 1)
	b.kernel("gemm_sum", flag(1, alignedResult(a))).memory(partial, true, false).result(a).
		u32(a.M, a.N, a.LDC, a.CStride, a.Batch, t.parts, epilogue(a)).each(a.Batch * a.M * width / 4)
}

// tiles begins a dispatch of a shader that includes tile.glsl.
func (b *Backend) tiles(shader string, t tiling, left, right operand, alignedResult bool) *call {
	return b.kernel(shader, flag(1, alignedResult), t.size, t.micro, flag(1, left.along), flag(1, right.along), left.format, right.format,
		flag(1, left.aligned() && right.aligned()))
}

// result pushes the addresses of what an epilogue reads and writes.
func (c *call) result(a *engine.GemmArgs) *call {
	return c.tensor(a.C, engine.Float32, a.Accumulate, true).in(a.Bias).out(a.Pre).in(a.Residual)
}

// alignedResult tells whether the epilogue can read and write four neighbours at once.
func alignedResult(a *engine.GemmArgs) bool {
	return a.LDC%4 == 0 && a.CStride%4 == 0 && isAligned(a.C) && isAligned(a.Bias) && isAligned(a.Pre) && isAligned(a.Residual)
}

func flops(a *engine.GemmArgs) float64 {
	return 2 * float64(a.Batch) * float64(a.M) * float64(a.N) * float64(a.K)
}
