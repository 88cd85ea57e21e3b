package cpu

import (
	"math"

	"mien/asm"
	"mien/asm/gemm"
	"mien/engine"
)

func (c *Backend) Gemm(a engine.GemmArgs) {
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
	sameDType("Gemm", a.C, a.A, a.B, a.Bias, a.Pre, a.Residual, a.Slope)
	pick(a.C, multiply[float32], multiply[float64])(c, a)
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
		inChunks(parts, d.chunks*max(d.bands, 1), func(i int) { multiplyChunk(k, g, d, i) })
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

// division cuts C into chunks of rows or of columns.
type division struct {
	byRows        bool
	chunks, grain int // all chunks but the last are multiples of grain long
	bands         int // of rows into which each chunk of columns is cut again, where that is not 0
}

// divide chooses the cheapest cuts. More chunks than threads would copy operands more often, except for columns with A
// read in place, where each chunk packs its own part of B, and rows with B packed before. Columns are cut between the blocks of
// the kernel where there are enough, so that each strip of A in the cache is used for as many panels as possible. Long chunks of
// rows are cut between strips, so that none has fewer rows than the kernel takes at once.
func divide[F asm.Float](k *asm.Kernels[F], g gemm.Product[F], parts int) division {
	if parts == 1 {
		return division{byRows: true, chunks: 1, grain: 1}
	}
	panels, grain, chunks := ceilDiv(g.N, k.NR), k.Lanes, parts
	if g.Packed != nil || panels >= 2*parts {
		grain = k.NR
		block := k.BlockColumns(g.M, g.K)
		if blocks := ceilDiv(g.N, block); blocks >= 2*parts {
			grain, panels = block, blocks
		}
		if !g.TransA {
			chunks = manyChunks(parts, panels)
		}
	}
	rows, columns := ceilDiv(g.M, parts), min(g.N, ceilDiv(ceilDiv(g.N, grain), parts)*grain)
	byRows, byColumns := chunkCost(k, g.Rows(0, rows)), chunkCost(k, g.Columns(0, columns))
	if d, cost := divideTwice(k, g, parts); cost < min(byRows, byColumns)/16*15 { // what is copied for several threads costs all of them
		return d
	}
	if byColumns < byRows || g.Packed != nil && g.M >= manyRows*k.MR && chunks >= 2*parts {
		return division{chunks: chunks, grain: grain}
	}
	chunks, grain = parts, 1
	if g.Packed != nil {
		chunks = manyChunks(parts, g.M/(4*k.MR))
	}
	if g.M >= 4*k.MR*chunks {
		grain = k.MR
	}
	return division{byRows: true, chunks: chunks, grain: grain}
}

// manyRows are strips of A. With as many, B that was packed before is best cut by columns: each of many chunks of rows would read all of it
// from L3, which costs ViT-B 1.5 to 2 % at 800 tokens. At 100 tokens, with four chunks of rows, these are as much faster.
const manyRows = 64

// divideTwice finds the cheapest chunks of some columns and some rows: for many threads, as each would otherwise copy or read all of one
// operand for a few rows or columns of C.
func divideTwice[F asm.Float](k *asm.Kernels[F], g gemm.Product[F], parts int) (best division, cost int) {
	cost = math.MaxInt
	panels, strips := ceilDiv(g.N, k.NR), ceilDiv(g.M, k.MR)
	for bands := 2; bands <= min(parts/2, strips); bands++ {
		chunks := max(1, min(ceilDiv(parts, bands), panels))
		rows, columns := ceilDiv(strips, bands)*k.MR, ceilDiv(panels, chunks)*k.NR
		rounds := ceilDiv(chunks*bands, parts)
		c := rounds * chunkCost(k, g.Rows(0, min(rows, g.M)).Columns(0, min(columns, g.N)))
		if chunks*bands >= parts && c < cost {
			best, cost = division{chunks: chunks, grain: k.NR, bands: bands}, c
		}
	}
	return best, cost
}

// chunk returns where chunk i of n rows or columns begins and ends.
func (d division) chunk(n, i int) (lo, hi int) {
	units := ceilDiv(n, d.grain)
	return units * i / d.chunks * d.grain, min(n, units*(i+1)/d.chunks*d.grain)
}

// place returns the rows and columns of chunk i of C [m, n]. Where chunks are cut twice, those of the same columns follow one another.
func (d division) place(m, n, mr, i int) (top, bottom, left, right int) {
	bottom, right = m, n
	switch {
	case d.byRows:
		top, bottom = d.chunk(m, i)
	case d.bands > 0:
		left, right = d.chunk(n, i/d.bands)
		top, bottom = division{chunks: d.bands, grain: mr}.chunk(m, i%d.bands)
	default:
		left, right = d.chunk(n, i)
	}
	return top, bottom, left, right
}

// multiplyChunk computes chunk i of a product.
func multiplyChunk[F asm.Float](k *asm.Kernels[F], g gemm.Product[F], d division, i int) {
	top, bottom, left, right := d.place(g.M, g.N, k.MR, i)
	g = g.Rows(top, bottom).Columns(left, right)
	if g.M > 0 && g.N > 0 {
		k.Gemm(g)
	}
}

// chunkCost estimates the time of a product in multiply-adds per step of K. Fetching a panel for a row costs as much as four of
// them, and so does reading an element of A or of B the first time; one that is copied costs eight.
func chunkCost[F asm.Float](k *asm.Kernels[F], g gemm.Product[F]) int {
	readA, readB := 4, 8
	if g.TransA {
		readA = 8
	}
	if g.Packed != nil {
		readB = 4
	}
	return g.M*(g.N+4*ceilDiv(g.N, k.NR)) + readA*g.M + readB*g.N
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// gemmItem describes one item of a batch to the kernels.
func gemmItem[F asm.Float](a *engine.GemmArgs, b int) gemm.Product[F] {
	at := b * a.CStride
	g := gemm.Product[F]{
		M: a.M, N: a.N, K: a.K,
		A: host[F](a.A)[b*a.AStride:], LDA: a.LDA, TransA: a.TransA,
		C: host[F](a.C)[at:], LDC: a.LDC, Accumulate: a.Accumulate,
		GELU: a.GELU, LDPre: a.LDC, LDResidual: a.LDC, LDSlope: a.LDC, Slope: hostFrom[F](a.Slope, at),
		Bias: hostFrom[F](a.Bias, 0), Pre: hostFrom[F](a.Pre, at), Residual: hostFrom[F](a.Residual, at),
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
