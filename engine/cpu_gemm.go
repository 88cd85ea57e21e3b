package engine

import (
	"runtime"

	"mien/asm"
)

func (c *CPU) Gemm(a GemmArgs) { pick(a.C, gemm[float32], gemm[float64])(a.normal()) }

// gemmGrain is the number of multiply-adds that repays a second goroutine: some ten microseconds.
const gemmGrain = 1 << 19

// gemmParts returns the number of threads among which to divide so many multiply-adds.
func gemmParts(work int) int { return max(1, min(runtime.GOMAXPROCS(0), work/gemmGrain)) }

// gemm gives each thread an equal share of C. The serial kernel computes the same bits wherever the cuts are, and threads
// wait for each other only at the end.
func gemm[F asm.Float](a GemmArgs) {
	k := kernels[F]()
	parts := gemmParts(a.Batch * a.M * a.N * a.K)
	parallel(parts, 1, func(part, _ int) {
		if a.Batch == 1 {
			multiplyShare(k, gemmItem[F](&a, 0), part, parts)
			return
		}
		rows := a.Batch * a.M // of all items, one below the other
		for at, end := rows*part/parts, rows*(part+1)/parts; at < end; {
			b, from := at/a.M, at%a.M
			to := min(a.M, from+end-at)
			k.Gemm(gemmItem[F](&a, b).Rows(from, to))
			at += to - from
		}
	})
}

// multiplyShare computes one of several equal parts of a product, in rows or in columns of C, whichever wastes less.
func multiplyShare[F asm.Float](k *asm.Kernels[F], g asm.Gemm[F], part, parts int) {
	if parts == 1 {
		k.Gemm(g)
		return
	}
	grain := k.Lanes
	if g.Packed != nil {
		grain = k.NR
	}
	if shareCost(k, g.Columns(0, min(g.N, ceilDiv(ceilDiv(g.N, grain), parts)*grain))) <
		shareCost(k, g.Rows(0, ceilDiv(g.M, parts))) {
		vectors := ceilDiv(g.N, grain)
		lo, hi := vectors*part/parts*grain, min(g.N, vectors*(part+1)/parts*grain)
		if lo < hi {
			k.Gemm(g.Columns(lo, hi))
		}
		return
	}
	if lo, hi := g.M*part/parts, g.M*(part+1)/parts; lo < hi {
		k.Gemm(g.Rows(lo, hi))
	}
}

// shareCost estimates the time of a product in multiply-adds a step of K. Fetching a panel for a row costs as much as four of
// them, and copying an element of B, or of a transposed A, as much as eight: each thread copies what it needs.
func shareCost[F asm.Float](k *asm.Kernels[F], g asm.Gemm[F]) int {
	cost := g.M * (g.N + 4*ceilDiv(g.N, k.NR))
	if g.Packed == nil {
		cost += 8 * g.N
	}
	if g.TransA {
		cost += 8 * g.M
	}
	return cost
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// gemmItem describes one item of a batch to the kernels.
func gemmItem[F asm.Float](a *GemmArgs, b int) asm.Gemm[F] {
	at := b * a.CStride
	g := asm.Gemm[F]{
		M: a.M, N: a.N, K: a.K,
		A: host[F](a.A)[b*a.AStride:], LDA: a.LDA, TransA: a.TransA,
		C: host[F](a.C)[at:], LDC: a.LDC, Accumulate: a.Accumulate,
		Scale: F(a.Scale), GELU: a.GELU, LDPre: a.LDC, LDResidual: a.LDC,
	}
	if a.Packed != nil {
		g.Packed = a.Packed.Form.(*asm.Panels[F])
	} else {
		g.B, g.LDB, g.TransB = host[F](a.B)[b*a.BStride:], a.LDB, a.TransB
	}
	if a.Bias != nil {
		g.Bias = host[F](a.Bias)
	}
	if a.Pre != nil {
		g.Pre = host[F](a.Pre)[at:]
	}
	if a.Residual != nil {
		g.Residual = host[F](a.Residual)[at:]
	}
	return g
}

func (c *CPU) PackWeight(w *Tensor, p Precision) *PackedWeight {
	return pick(w, packWeight[float32], packWeight[float64])(c, w, p)
}

func packWeight[F asm.Float](c *CPU, w *Tensor, p Precision) *PackedWeight {
	k, n := kernels[F](), w.Dim(0)
	in := w.Len() / max(n, 1)
	memory := New(c, w.dtype, k.PanelsLen(in, n))
	panels := k.Pack(host[F](memory), host[F](w), in, true, in, n)
	return NewPackedWeight(n, in, p, panels, memory.Free)
}
