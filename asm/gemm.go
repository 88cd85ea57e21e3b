package asm

import "github.com/klauspost/cpuid/v2"

// Gemm describes C (+)= op(A)·op(B) + Bias on row-major matrices, op(A) [M, K], op(B) [K, N], C [M, N]. A
// transposed operand is stored the other way round, A as [K, M] and B as [N, K]; LD is the distance between stored rows.
// Bias [N] may be nil.
type Gemm[F Float] struct {
	M, N, K    int
	A          []F
	LDA        int
	TransA     bool
	B          []F
	LDB        int
	TransB     bool
	C          []F
	LDC        int
	Bias       []F
	Accumulate bool
}

// blocking says how much of the operands is worked on at a time.
//
// A block of B, kc rows by nc columns, is packed into panels of NR columns and stays in the L2 cache while all rows of A
// pass by, MR at a time; such a strip of A, MR × kc, stays in L1 while it meets panel after panel. A is read in place
// when it is stored row by row, and else mc rows of it are copied. Only kc shapes the sums, so an element's bits do not depend
// on how C is cut.
type blocking struct{ kc, nc, mc int }

const (
	// The sum over K is cut every 512 steps at most: a strip of 6 rows then fills 12 KiB of L1.
	maxKC = 512
	// Copied rows of A are this many elements further apart than they are long: rows a power of two apart would compete for
	// the same few places in the cache.
	skew = 16
	// Rows of B are read this many panels at a time, for long runs from each page.
	packPanels = 8
)

func newBlocking(mr, nr, size int) blocking {
	l2 := cpuid.CPU.Cache.L2
	if l2 <= 0 {
		l2 = 512 << 10
	}
	nc := l2 * 5 / 8 / size / maxKC
	return blocking{kc: maxKC, nc: max(nc/nr, 4) * nr, mc: 16 * mr}
}

// gemmScratch is what one call needs: packed B, copied rows of A, and a tile for columns past the edge.
type gemmScratch[F Float] struct{ b, a, tile []F }

func (k *Kernels[F]) newScratch() any {
	bl := k.blocking
	return &gemmScratch[F]{make([]F, bl.kc*bl.nc), make([]F, bl.mc*(bl.kc+skew)), make([]F, k.MR*k.NR)}
}

// Gemm multiplies matrices on the calling goroutine. It may run on several goroutines at once, on parts of C that do not
// overlap.
func (k *Kernels[F]) Gemm(g Gemm[F]) {
	s := k.scratch.Get().(*gemmScratch[F])
	defer k.scratch.Put(s)
	bl := k.blocking
	for p := 0; p == 0 || p < g.K; p += bl.kc {
		kc := min(bl.kc, g.K-p)
		for j := 0; j < g.N; j += bl.nc {
			nc := min(bl.nc, g.N-j)
			k.packB(s.b, &g, p, kc, j, nc)
			k.gemmBlock(&g, s, p, kc, j, nc)
		}
	}
}

// gemmBlock multiplies all rows of A with the packed block of B.
func (k *Kernels[F]) gemmBlock(g *Gemm[F], s *gemmScratch[F], p, kc, j, nc int) {
	if !g.TransA {
		for i := 0; i < g.M; i += k.MR {
			if kc == 0 { // a sum without terms has no A
				k.gemmStrip(g, s, nil, 0, i, p, kc, j, nc)
				continue
			}
			k.gemmStrip(g, s, g.A[i*g.LDA+p:], g.LDA, i, p, kc, j, nc)
		}
		return
	}
	lda := k.blocking.kc + skew
	for from := 0; from < g.M; from += k.blocking.mc {
		to := min(from+k.blocking.mc, g.M)
		if kc > 0 {
			transpose(s.a, lda, g.A[p*g.LDA+from:], g.LDA, kc, to-from)
		}
		for i := from; i < to; i += k.MR {
			k.gemmStrip(g, s, s.a[(i-from)*lda:], lda, i, p, kc, j, nc)
		}
	}
}

// gemmStrip multiplies up to MR rows of A, from row i on, with the packed block of B.
func (k *Kernels[F]) gemmStrip(g *Gemm[F], s *gemmScratch[F], a []F, lda, i, p, kc, j, nc int) {
	rows, accumulate := min(k.MR, g.M-i), g.Accumulate || p > 0
	for q := 0; q < nc; q += k.NR {
		panel := s.b[q*kc : (q+k.NR)*kc]
		c := g.C[i*g.LDC+j+q:]
		if q+k.NR <= nc {
			k.GemmTile(rows, kc, a, lda, panel, c, g.LDC, accumulate)
			continue
		}
		k.GemmTile(rows, kc, a, lda, panel, s.tile, k.NR, false)
		for r := range rows {
			row, part := c[r*g.LDC:][:nc-q], s.tile[r*k.NR:][:nc-q]
			if accumulate {
				k.Add(row, row, part)
			} else {
				copy(row, part)
			}
		}
	}
	if g.Bias != nil && p+kc >= g.K {
		for r := i; r < i+rows; r++ {
			row := g.C[r*g.LDC+j:][:nc]
			k.Add(row, row, g.Bias[j:j+nc])
		}
	}
}

// packB copies rows p… and columns j… of op(B) into panels: panel after panel, in each row after row of NR columns. Columns
// past the edge are zero.
func (k *Kernels[F]) packB(dst []F, g *Gemm[F], p, kc, j, nc int) {
	if kc == 0 {
		return
	}
	if tail := nc % k.NR; tail != 0 {
		clear(dst[(nc-tail)*kc : (nc-tail+k.NR)*kc])
	}
	if g.TransB {
		for q := 0; q < nc; q += k.NR {
			transpose(dst[q*kc:], k.NR, g.B[(j+q)*g.LDB+p:], g.LDB, min(k.NR, nc-q), kc)
		}
		return
	}
	for from := 0; from < nc; from += packPanels * k.NR {
		to := min(from+packPanels*k.NR, nc)
		for r := range kc {
			row := g.B[(p+r)*g.LDB+j:][:nc]
			for q := from; q < to; q += k.NR {
				copy(dst[q*kc+r*k.NR:], row[q:min(q+k.NR, to)])
			}
		}
	}
}

// transpose writes the matrix src [rows, columns] as dst [columns, rows], four rows at a time so that each line of dst is
// touched four times less.
func transpose[F Float](dst []F, ldd int, src []F, lds, rows, columns int) {
	r := 0
	for ; r+4 <= rows; r += 4 {
		s0, s1 := src[r*lds:][:columns], src[(r+1)*lds:][:columns]
		s2, s3 := src[(r+2)*lds:][:columns], src[(r+3)*lds:][:columns]
		for c := range s0 {
			to := dst[c*ldd+r : c*ldd+r+4 : c*ldd+r+4]
			to[0], to[1], to[2], to[3] = s0[c], s1[c], s2[c], s3[c]
		}
	}
	for ; r < rows; r++ {
		for c, v := range src[r*lds:][:columns] {
			dst[c*ldd+r] = v
		}
	}
}
