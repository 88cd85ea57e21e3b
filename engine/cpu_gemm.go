package engine

import (
	"runtime"

	"mien/asm"
)

func (c *CPU) Gemm(a GemmArgs) { pick(a.C, gemm[float32], gemm[float64])(a) }

// gemmGrain is the number of multiply-adds that repays a second goroutine.
const gemmGrain = 1 << 16

// gemm divides the work over batch items or, for a single product, over blocks of C along its longer side. The
// serial kernel gives each element the same bits wherever the cuts are.
func gemm[F asm.Float](a GemmArgs) {
	work := a.M * a.N * a.K
	if a.Batch > 1 {
		parallel(a.Batch, 1+gemmGrain/max(work, 1), func(lo, hi int) {
			for b := lo; b < hi; b++ {
				kernels[F]().Gemm(gemmItem[F](&a, b))
			}
		})
		return
	}
	item := gemmItem[F](&a, 0)
	threads := runtime.GOMAXPROCS(0)
	if threads == 1 || work < gemmGrain {
		kernels[F]().Gemm(item)
		return
	}
	// Cut where whole tiles end, so that no thread computes a partly filled tile more than the serial kernel.
	k := kernels[F]()
	if a.N >= a.M {
		tiles := (a.N + k.NR - 1) / k.NR
		parallel(tiles, 1, func(lo, hi int) { k.Gemm(columns(item, lo*k.NR, min(hi*k.NR, a.N))) })
		return
	}
	tiles := (a.M + k.MR - 1) / k.MR
	parallel(tiles, 1, func(lo, hi int) { k.Gemm(rows(item, lo*k.MR, min(hi*k.MR, a.M))) })
}

func gemmItem[F asm.Float](a *GemmArgs, b int) asm.Gemm[F] {
	g := asm.Gemm[F]{
		M: a.M, N: a.N, K: a.K,
		A: host[F](a.A), LDA: a.LDA, TransA: a.TransA,
		B: host[F](a.B), LDB: a.LDB, TransB: a.TransB,
		C: host[F](a.C), LDC: a.LDC,
		Accumulate: a.Accumulate,
	}
	if a.Bias != nil {
		g.Bias = host[F](a.Bias)
	}
	g.A, g.B, g.C = g.A[b*a.AStride:], g.B[b*a.BStride:], g.C[b*a.CStride:]
	return g
}

// columns restricts a product to columns lo ≤ j < hi of C.
func columns[F asm.Float](g asm.Gemm[F], lo, hi int) asm.Gemm[F] {
	g.N = hi - lo
	g.C = g.C[lo:]
	if g.TransB {
		g.B = g.B[lo*g.LDB:]
	} else {
		g.B = g.B[lo:]
	}
	if g.Bias != nil {
		g.Bias = g.Bias[lo:hi]
	}
	return g
}

// rows restricts a product to rows lo ≤ i < hi of C.
func rows[F asm.Float](g asm.Gemm[F], lo, hi int) asm.Gemm[F] {
	g.M = hi - lo
	g.C = g.C[lo*g.LDC:]
	if g.TransA {
		g.A = g.A[lo:]
	} else {
		g.A = g.A[lo*g.LDA:]
	}
	return g
}

func (c *CPU) GroupedGemm(a GroupedArgs) { pick(a.X, groupedGemm[float32], groupedGemm[float64])(c, a) }

// groupedGemm walks the groups that have rows; each product divides itself over the threads.
func groupedGemm[F asm.Float](c *CPU, a GroupedArgs) {
	offsets := host[int32](a.Offsets)
	k, n := a.X.Dim(-1), a.Y.Dim(-1)
	for e, w := range a.W {
		from, to := int(offsets[e]), int(offsets[e+1])
		if from == to {
			continue
		}
		x, y := subRows(a.X, from, to), subRows(a.Y, from, to)
		switch m := to - from; a.Mode {
		case GroupedForward:
			gemm[F](GemmArgs{C: y, A: x, B: w, Bias: a.B[e], M: m, N: n, K: k,
				TransB: true, LDA: k, LDB: k, LDC: n})
		case GroupedInputGrad:
			gemm[F](GemmArgs{C: x, A: y, B: w, M: m, N: k, K: n, LDA: n, LDB: k, LDC: k})
		case GroupedWeightGrad:
			gemm[F](GemmArgs{C: w, A: y, B: x, M: n, N: k, K: m, TransA: true,
				LDA: n, LDB: k, LDC: k, Accumulate: true})
			c.SumTo(a.B[e], y, true)
		}
	}
}

// subRows is a view that borrows t's reference.
func subRows(t *Tensor, from, to int) *Tensor {
	n := t.Dim(-1)
	return &Tensor{shape: []int{to - from, n}, dtype: t.dtype, offset: t.offset + from*n, store: t.store}
}
