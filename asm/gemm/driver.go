package asm

import "github.com/klauspost/cpuid/v2"

// Gemm describes a product of row-major matrices and what is done to it while it is in the cache:
//
//	S = op(A)·op(B)  (+ C when Accumulate)
//	X = Scale·S + Bias, kept in Pre
//	C = GELU(X) + Residual
//
// with op(A) [M, K], op(B) [K, N] and C, Pre, Residual [M, N]. A transposed operand is stored the other way round, A as
// [K, M] and B as [N, K]; LD is the distance between stored rows. Everything in the last two lines is optional.
type Gemm[F Float] struct {
	M, N, K    int
	A          []F
	LDA        int
	TransA     bool
	B          []F
	LDB        int
	TransB     bool
	Packed     *Panels[F] // in place of B: see Pack
	C          []F
	LDC        int
	Accumulate bool

	Scale       F   // 0 stands for 1
	Bias        []F // [N]
	Pre         []F // the values before GELU, which its backward pass needs
	LDPre       int
	GELU        bool
	Residual    []F // may not overlap C
	LDResidual  int
	firstColumn int // of Packed, where Columns has cut
}

// blocking says how much of the operands is worked on at a time.
//
// A block of B, kc rows by nc columns, is packed into panels of NR columns and stays in the L2 cache while all rows of A
// pass by, in strips of up to MR rows; such a strip, MR × kc, meets panel after panel. A is read in place when it is stored
// row by row. Else mc rows of it are copied, again for each block of B, and blocks are made wide: the L3 cache then
// delivers the panels. Only kc shapes the sums, so an element's bits do not depend on how C is cut.
type blocking struct{ kc, nc, wide, mc int }

const (
	// The sum over K is cut every 768 steps at most: a strip of 6 rows then fills 18 KiB of L1.
	maxKC = 768
	// Copied rows of A are this many elements further apart than they are long: rows a power of two apart would compete for
	// the same few places in the cache.
	skew = 16
	// Cuts of the sum are multiples of this, so that packing works on whole cache lines.
	stepGrain = 16
)

func newBlocking(mr, nr, size int) blocking {
	l2 := cpuid.CPU.Cache.L2
	if l2 <= 0 {
		l2 = 512 << 10
	}
	nc := max(l2*3/8/size/maxKC/nr, 1) * nr
	return blocking{kc: maxKC, nc: nc, wide: 6 * nc, mc: 16 * mr}
}

// BlockColumns returns how many columns of op(B) a strip of A meets while it is in the cache, where A is read in place. Shares of C
// that are multiples of it lose nothing.
func (k *Kernels[F]) BlockColumns() int { return k.blocking.nc }

// step returns how long the pieces are into which a sum of k terms is cut: all alike, so that none is too short to pay for
// the reading and writing of C.
func (bl blocking) step(k int) int {
	cuts := max(1, ceilDiv(k, bl.kc))
	return roundUp(max(1, ceilDiv(k, cuts)), stepGrain)
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

func roundUp(n, grain int) int { return ceilDiv(n, grain) * grain }

// gemmScratch is the working memory of one call: packed B, copied rows of A, and what the current tile adds.
type gemmScratch[F Float] struct {
	b, a []F
	add  Addends[F]
}

// block is a part of op(B): rows p to p+kc and columns j to j+nc.
type block struct{ p, kc, j, nc int }

// Gemm multiplies matrices on the calling goroutine. It may run on several goroutines at once, on parts of C that do not
// overlap.
func (k *Kernels[F]) Gemm(g Gemm[F]) {
	if g.Packed != nil {
		g.Packed.check(k, &g)
	}
	s := k.scratch.get()
	defer k.scratch.put(s)
	step, nc := k.blocking.step(g.K), k.blocking.nc
	if g.TransA {
		nc = k.blocking.wide
	}
	for p := 0; p == 0 || p < g.K; p += step {
		for j := 0; j < g.N; j += nc {
			b := block{p, min(step, g.K-p), j, min(nc, g.N-j)}
			if g.Packed != nil {
				k.gemmBlock(&g, s, b, g.Packed.from(b.p, b.kc, g.firstColumn+j))
				continue
			}
			panels := room(&s.b, b.kc*roundUp(b.nc, k.Lanes))
			k.pack(panels, &g, b)
			k.gemmBlock(&g, s, b, panels)
		}
	}
	s.add = Addends[F]{} // scratch keeps nothing of the caller's alive
}

// gemmBlock multiplies all rows of A with a block of B, whose panels start at the given slice.
func (k *Kernels[F]) gemmBlock(g *Gemm[F], s *gemmScratch[F], b block, panels []F) {
	if b.kc == 0 { // a sum without terms has no A
		k.gemmRows(g, s, nil, 0, 0, g.M, b, panels)
		return
	}
	if !g.TransA {
		k.gemmRows(g, s, g.A[b.p:], g.LDA, 0, g.M, b, panels)
		return
	}
	lda, mc := roundUp(b.kc, stepGrain)+skew, k.blocking.mc
	a := room(&s.a, lda*min(mc, g.M))
	for from := 0; from < g.M; from += mc {
		to := min(from+mc, g.M)
		k.Transpose(a, lda, g.A[b.p*g.LDA+from:], g.LDA, b.kc, to-from)
		k.gemmRows(g, s, a, lda, from, to, b, panels)
	}
}

// gemmRows multiplies rows from to to, of which the first begins at a, in strips as equal as can be: a last strip of a row or
// two would make little use of the panels that it reads.
func (k *Kernels[F]) gemmRows(g *Gemm[F], s *gemmScratch[F], a []F, lda, from, to int, b block, panels []F) {
	m := to - from
	strips := ceilDiv(m, k.MR)
	s.add = g.addends(b)
	for i := range strips {
		lo, hi := m*i/strips, m*(i+1)/strips
		s.add.Row, s.add.Column = from+lo, b.j
		k.GemmStrip(hi-lo, b.nc, b.kc, a[min(lo*lda, len(a)):], lda, panels, g.C[(from+lo)*g.LDC+b.j:], g.LDC, &s.add)
		if b.p+b.kc >= g.K {
			k.epilogue(g, from+lo, from+hi, b.j, b.j+b.nc)
		}
	}
}

// tileByTile makes a kernel for strips out of one for tiles of up to nr columns, whose panels are all nr wide.
func tileByTile[F Float](nr int, tile gemmStrip[F]) gemmStrip[F] {
	return func(rows, columns, k int, a []F, lda int, b, c []F, ldc int, add *Addends[F]) {
		first := add.Column
		for q := 0; q < columns; q += nr {
			add.Column = first + q
			tile(rows, min(nr, columns-q), k, a, lda, b[q*k:], c[q:], ldc, add)
		}
	}
}

// epilogue does to rows lo to hi, columns from to to of C what the tiles have left.
func (k *Kernels[F]) epilogue(g *Gemm[F], lo, hi, from, to int) {
	for r := lo; r < hi; r++ {
		row := g.C[r*g.LDC:][from:to]
		if !g.tileAddsBias() {
			k.Scale(row, row, g.Scale)
			if g.Bias != nil {
				k.Add(row, row, g.Bias[from:to])
			}
		}
		if g.Pre != nil {
			copy(g.Pre[r*g.LDPre:][from:to], row)
		}
		if g.GELU {
			k.GELU(row, row)
		}
		if g.Residual != nil && !g.tileAddsResidual() {
			k.Add(row, row, g.Residual[r*g.LDResidual:][from:to])
		}
	}
}
