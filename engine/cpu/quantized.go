package cpu

import (
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
// thread converts strip by strip. A few rows are converted first, for all threads, and the work is split by columns, whose panels stay in
// L2 for all rows, while the next ones come from memory.
func gemmQuantized(a engine.GemmArgs) {
	if a.Pre != nil || a.Accumulate || a.TransA {
		panic(&engine.ShapeError{Op: "Gemm", Got: a.Packed.Precision, Want: "neither Pre, Accumulate nor TransA at low precision"})
	}
	k, parts := quantizedKernels(a.Packed.Precision), threadsFor(a.Batch*a.M*a.N*a.K, gemmGrain)
	for b := range a.Batch {
		g := quantizedItem(&a, b)
		if strips := a.M / k.MR; strips >= 16*parts {
			d := division{byRows: true, chunks: manyChunks(parts, strips), grain: 1}
			inChunks(parts, d.chunks, func(i int) { k.Gemm(g.Rows(d.chunk(a.M, i))) })
			continue
		}
		quantizedColumns(k, g, a.K, parts)
	}
}

// convertedRows is working memory of products that share their converted activations.
var convertedRows = sync.Pool{New: func() any { return new(quantized.Rows) }}

func quantizedColumns(k *quantized.Kernels, g quantized.Product, length, parts int) {
	rows := convertedRows.Get().(*quantized.Rows)
	defer convertedRows.Put(rows)
	rows.Reset(k, g.M, length)
	parallel(g.M, ceilDiv(g.M, parts), func(lo, hi int) { k.Convert(rows, g.A, g.LDA, lo, hi) })
	g.A, g.Converted = nil, rows
	d := division{chunks: manyChunks(parts, ceilDiv(g.N, quantized.NR)), grain: quantized.NR}
	inChunks(parts, d.chunks, func(i int) { k.Gemm(g.Columns(d.chunk(g.N, i))) })
}

// quantizedItem describes one item of a batch to the kernels.
func quantizedItem(a *engine.GemmArgs, b int) quantized.Product {
	at := b * a.CStride
	return quantized.Product{M: a.M, N: a.N, A: host[float32](a.A)[b*a.AStride:], LDA: a.LDA, B: a.Packed.Form.(*quantized.Panels),
		C: host[float32](a.C)[at:], LDC: a.LDC, Bias: hostFrom[float32](a.Bias, 0), GELU: a.GELU,
		Residual: hostFrom[float32](a.Residual, at), LDResidual: a.LDC, Slope: hostFrom[float32](a.Slope, at), LDSlope: a.LDC}
}
