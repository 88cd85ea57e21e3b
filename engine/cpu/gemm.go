package cpu

import (
	"mien/asm"
	"mien/asm/gemm"
	"mien/engine"
)

func (c *Backend) Gemm(a engine.GemmArgs) {
	if a.RowSums != nil {
		c.sumRows(&a)
	}
	defer c.timed(gemmName(&a), gemmFLOPs(&a), a.C, a.A, a.B, a.Pre, a.Residual, a.Slope)()
	known("Gemm", a.Precision, engine.Int8)
	c.checkNarrow(&a)
	a = residualAsSum(a)
	checkSlope(&a)
	if isQuantized(a.Packed) {
		gemmQuantized(a)
		return
	}
	if a.Packed == nil && isBF16(a.Precision, a.C, a.A, a.B) {
		c.gemmBF16(a)
		return
	}
	if a.Precision != engine.Full || a.A.DType() == engine.BFloat16 || a.B != nil && a.B.DType() == engine.BFloat16 {
		defer c.roundGemm(&a)()
	}
	sameDType("Gemm", a.C, a.A, a.B, a.Bias, a.Pre, a.Residual, a.Slope, a.RowSums)
	pick(a.C, multiply[float32], multiply[float64])(c, a)
}

// sumRows does what RowSums asks for where the product does not: it copies other numbers than A holds, or nothing.
func (c *Backend) sumRows(a *engine.GemmArgs) {
	if a.Precision != engine.Full || a.A.DType() == engine.BFloat16 || a.N == 0 {
		a.SumRows(c)
		return
	}
	a.CheckRowSums()
}

// residualAsSum returns the same product with Accumulate in place of a residual that is C itself.
func residualAsSum(a engine.GemmArgs) engine.GemmArgs {
	if a.Residual == nil || !a.Residual.SharesWith(a.C) || a.Residual.Offset() != a.C.Offset() {
		return a
	}
	if a.Pre != nil || a.GELU || a.Accumulate {
		panic(&engine.ShapeError{Op: "Gemm residual", Got: "C", Want: "another tensor, beside Pre, GELU or Accumulate"})
	}
	a.Residual, a.Accumulate = nil, true
	return a
}

// checkNarrow panics on a result in bfloat16 that is not one of activations, or has a residual.
func (c *Backend) checkNarrow(a *engine.GemmArgs) {
	if a.C.DType() != engine.BFloat16 {
		return
	}
	sameDType("Gemm", a.C, a.Pre, a.Slope)
	if !c.narrow(a.C) || a.Residual != nil {
		panic(&engine.ShapeError{Op: "Gemm", Got: a.C.DType(), Want: "float32, or activations of bfloat16 without a residual"})
	}
}

func checkSlope(a *engine.GemmArgs) {
	z := a.Slope
	if z == nil {
		return
	}
	if a.Pre != nil || a.GELU || a.Residual != nil || a.Accumulate {
		panic(&engine.ShapeError{Op: "Gemm slope", Got: z.Extents(), Want: "neither Pre, GELU, Residual nor Accumulate"})
	}
	if !z.SameShape(a.C) || a.LDC != a.N || z.Len() != a.Batch*a.M*a.N {
		panic(&engine.ShapeError{Op: "Gemm slope", Got: z.Extents(), Want: "the shape of C, whose rows follow one another"})
	}
}

// gemmGrain is the number of multiply-adds, about ten microseconds, that makes a second goroutine worthwhile.
const gemmGrain = 1 << 19

// multiply splits C among threads. The serial kernel computes the same bits wherever C is cut, and threads synchronise only
// at the end.
func multiply[F asm.Float](c *Backend, a engine.GemmArgs) {
	k := kernels[F]()
	parts := threadsFor(a.Batch*a.M*a.N*a.K, gemmGrain)
	if a.Batch == 1 {
		g := gemmItem[F](&a, 0)
		if g.Packed == nil && parts >= together {
			memory := engine.New(c, a.C.DType(), k.PanelsLen(a.K, a.N))
			defer memory.Free()
			g.Packed = packTogether(k, host[F](memory), g, parts)
		}
		d := divide(k, g, parts)
		inChunks(parts, d.chunks(), func(i int) { multiplyChunk(k, g, d, i) })
		return
	}
	rows, chunks := a.Batch*a.M, manyChunks(parts, a.Batch) // the items stacked into one matrix
	inChunks(parts, chunks, func(i int) {
		for at, end := rows*i/chunks, rows*(i+1)/chunks; at < end; {
			b, from := at/a.M, at%a.M
			to := min(a.M, from+end-at)
			k.Gemm(gemmItem[F](&a, b).Rows(from, to))
			at += to - from
		}
	})
}

// together is the number of threads from which on they pack B once, rather than each what it needs: eight are 2 to 7 % faster without.
const together = 16

// packTogether packs op(B), each thread some panels.
func packTogether[F asm.Float](k *asm.Kernels[F], dst []F, g gemm.Product[F], parts int) *gemm.Panels[F] {
	p, panels := k.NewPanels(dst, g.K, g.N), ceilDiv(g.N, k.NR)
	chunks := manyChunks(parts, panels)
	inChunks(parts, chunks, func(i int) {
		p.Fill(g.B, g.LDB, g.TransB, panels*i/chunks*k.NR, min(panels*(i+1)/chunks*k.NR, g.N))
	})
	return p
}

// multiplyChunk computes chunk i of a product.
func multiplyChunk[F asm.Float](k *asm.Kernels[F], g gemm.Product[F], d division, i int) {
	top, bottom, left, right := d.place(g.M, g.N, i)
	g = g.Rows(top, bottom).Columns(left, right)
	if g.M > 0 && g.N > 0 {
		k.Gemm(g)
	}
}

// gemmItem describes one item of a batch to the kernels.
func gemmItem[F asm.Float](a *engine.GemmArgs, b int) gemm.Product[F] {
	at := b * a.CStride
	g := gemm.Product[F]{
		M: a.M, N: a.N, K: a.K,
		A: host[F](a.A)[b*a.AStride:], LDA: a.LDA, TransA: a.TransA,
		C: host[F](a.C)[at:], LDC: a.LDC, Accumulate: a.Accumulate,
		GELU: a.GELU, LDPre: a.LDC, LDResidual: a.LDC, LDSlope: a.LDC, Slope: hostFrom[F](a.Slope, at),
		Bias: hostFrom[F](a.Bias, 0), RowSums: hostFrom[F](a.RowSums, 0), Pre: hostFrom[F](a.Pre, at), Residual: hostFrom[F](a.Residual, at),
	}
	if a.Packed != nil {
		g.Packed = a.Packed.Form.(*gemm.Panels[F])
	} else {
		g.B, g.LDB, g.TransB = host[F](a.B)[b*a.BStride:], a.LDB, a.TransB
	}
	return g
}

func (c *Backend) PackWeight(w *engine.Tensor, p engine.Precision) *engine.PackedWeight {
	if w.DType() == engine.BFloat16 {
		w = c.widened(w)
		defer w.Free()
	}
	known("PackWeight", p, engine.Int8)
	switch {
	case p != engine.Full && w.DType() != engine.Float32:
		panic(&engine.ShapeError{Op: "PackWeight at " + p.String(), Got: w.DType(), Want: engine.Float32})
	case p != engine.Full:
		return packQuantized(w, p)
	}
	return pick(w, packWeight[float32], packWeight[float64])(c, w)
}

func packWeight[F asm.Float](c *Backend, w *engine.Tensor) *engine.PackedWeight {
	k, n := kernels[F](), w.Dim(0)
	in := w.Len() / max(n, 1)
	memory := engine.New(c, w.DType(), k.PanelsLen(in, n))
	panels := k.Pack(host[F](memory), host[F](w), in, true, in, n)
	return engine.NewPackedWeight(n, in, engine.Full, panels, memory.Free)
}
