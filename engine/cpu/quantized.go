package cpu

import (
	"math"
	"sync"

	"mien/asm"
	"mien/asm/quantized"
	"mien/engine"
)

// isQuantized tells whether products with w run in another number format than their result.
func isQuantized(w *engine.PackedWeight) bool { return w != nil && w.Precision != engine.Full }

// quantizedKernels returns the kernels of a low precision.
func quantizedKernels(p engine.Precision) *quantized.Kernels {
	if p == engine.Int8 {
		return asm.F32().Int8
	}
	return asm.F32().BF16
}

// packQuantized rounds a float32 weight [N, K] and packs it.
func packQuantized(w *engine.Tensor, p engine.Precision) *engine.PackedWeight {
	n := w.Dim(0)
	k, values := w.Len()/max(n, 1), host[float32](w)
	var panels *quantized.Panels
	if p == engine.Int8 {
		whole, scales := make([]int8, len(values)), make([]float32, n)
		for j := range n {
			scales[j] = quantized.ToInt8(whole[j*k:(j+1)*k], values[j*k:(j+1)*k])
		}
		panels = quantized.PackInt8(whole, scales, n, k)
	} else {
		rounded := make([]uint16, len(values))
		for i, v := range values {
			rounded[i] = quantized.ToBF16(v)
		}
		panels = quantized.PackBF16(rounded, n, k)
	}
	return engine.NewPackedWeight(n, k, p, panels, func() {})
}

// gemmQuantized is multiply with a weight of low precision, which cannot add to C. With many rows the work is split by rows, which each
// thread converts strip by strip. A few rows are converted first, for all threads, and the work is split by columns of a few panels, which
// stay in L2 for all rows, while the next ones come from memory. Rows of bfloat16 are read where they are, if they can be.
func gemmQuantized(a engine.GemmArgs) {
	if a.Pre != nil || a.Accumulate || a.TransA {
		panic(&engine.ShapeError{Op: "Gemm", Got: a.Packed.Precision, Want: "neither Pre, Accumulate nor TransA at low precision"})
	}
	if p := a.Packed.Precision; p == engine.Int8 && (a.A.DType() != engine.Float32 || a.C.DType() != engine.Float32) {
		panic(&engine.ShapeError{Op: "Gemm at " + p.String(), Got: [2]engine.DType{a.A.DType(), a.C.DType()}, Want: engine.Float32})
	}
	k, parts := quantizedKernels(a.Packed.Precision), threadsFor(a.Batch*a.M*a.N*a.K, quantizedGrain)
	for b := range a.Batch {
		multiplyQuantized(k, quantizedItem(&a, b), bf16Operand(a.A, b*a.AStride, a.LDA, false), a.K, parts)
	}
}

// quantizedGrain is gemmGrain at low precision, whose multiply-adds take a half to a quarter of the time with AVX-512.
const quantizedGrain = 4 * gemmGrain

// convertedRows is working memory of products that share their converted activations.
var convertedRows = sync.Pool{New: func() any { return new(quantized.Rows) }}

// multiplyQuantized multiplies rows x of so many terms.
func multiplyQuantized(k *quantized.Kernels, g quantized.Product, x quantized.Operand, terms, parts int) {
	d := division{cut{manyChunks(parts, g.M/k.MR), 1}, whole}
	byRows := g.M/k.MR >= 16*parts
	if !byRows {
		d = divideQuantized(g.M, g.N, k.MR, mostPanels(k, terms), parts)
	}
	if !byRows || x.BF16 != nil {
		rows := convertedRows.Get().(*quantized.Rows)
		defer convertedRows.Put(rows)
		g.A, g.Converted = nil, convertRows(k, rows, x, g.M, terms, parts)
	}
	inChunks(parts, d.chunks(), func(i int) {
		top, bottom, left, right := d.place(g.M, g.N, i)
		k.Gemm(g.Rows(top, bottom).Columns(left, right))
	})
}

// divideQuantized cuts m rows and n columns of a product whose operands are converted: into columns of some panels each, and for many
// threads between strips of rows. The rows pass once for the panels of a chunk, which costs a seventh of a panel, and each panel is
// fetched, which costs as much as six rows.
func divideQuantized(m, n, strip, most, parts int) (best division) {
	time := math.MaxInt
	for width := 1; width <= min(most, 8); width++ {
		for bands := 1; bands <= max(1, min(parts, ceilDiv(m, strip))); bands++ {
			d := division{cut{bands, strip}, cut{max(1, ceilDiv(n, width*quantized.NR)), quantized.NR}}
			if t := inRounds(d.chunks(), parts, (d.rows.longest(m)+6)*(7*width+1)); t < time {
				best, time = d, t
			}
		}
	}
	return best
}

// mostPanels returns how many panels stay in L2.
func mostPanels(k *quantized.Kernels, terms int) int {
	return max(1, blockWords/(k.Words(terms)*quantized.NR))
}

// convertRows returns rows as words, in working memory unless they are words where they are.
func convertRows(k *quantized.Kernels, rows *quantized.Rows, x quantized.Operand, m, terms, parts int) *quantized.Rows {
	if words := k.InPlace(x, m, terms); words != nil {
		return words
	}
	rows.Reset(k, m, terms)
	if x.BF16 != nil {
		inChunks(parts, parts, func(i int) { k.ConvertOperand(rows, x, i, parts) })
	} else {
		parallel(m, ceilDiv(m, parts), func(lo, hi int) { k.Convert(rows, x.F32, x.LD, lo, hi) })
	}
	return rows
}

// quantizedItem describes one item of a batch to the kernels.
func quantizedItem(a *engine.GemmArgs, b int) quantized.Product {
	g := quantized.Product{M: a.M, N: a.N, B: a.Packed.Form.(*quantized.Panels)}
	if a.A.DType() == engine.Float32 {
		g.A, g.LDA = host[float32](a.A)[b*a.AStride:], a.LDA
	}
	setResult(&g, a, b*a.CStride)
	return g
}

// setResult describes C, from an element on, and what has its layout.
func setResult(g *quantized.Product, a *engine.GemmArgs, at int) {
	g.LDC, g.LDPre, g.LDResidual, g.LDSlope = a.LDC, a.LDC, a.LDC, a.LDC
	g.GELU, g.Bias = a.GELU, hostFrom[float32](a.Bias, 0)
	if a.C.DType() == engine.BFloat16 {
		g.C16, g.Pre16, g.Slope16 = hostFrom[uint16](a.C, at), hostFrom[uint16](a.Pre, at), hostFrom[uint16](a.Slope, at)
		return
	}
	g.C, g.Pre, g.Slope = hostFrom[float32](a.C, at), hostFrom[float32](a.Pre, at), hostFrom[float32](a.Slope, at)
	g.Residual = hostFrom[float32](a.Residual, at)
}
