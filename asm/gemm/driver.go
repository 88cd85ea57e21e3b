package gemm

import "mien/asm/internal/kernel"

// The blocked matrix product: loops over blocks of B and strips of A around the register tile. Next: blocking.go for the block sizes,
// tile_reference.go for the tile in plain Go, and the tile_*.s files beside it.

// scratch is the working memory of one call: packed B, copied rows of A, and what the current tile adds.
type scratch[F kernel.Float] struct {
	b, a []F
	add  Addends[F]
}

// block is a part of op(B): rows p to p+kc and columns j to j+nc.
type block struct{ p, kc, j, nc int }

// Gemm multiplies matrices on the calling goroutine. It may run on several goroutines at once, on parts of C that do not
// overlap.
func (k *Kernels[F]) Gemm(g Product[F]) {
	if g.Packed != nil {
		g.Packed.check(k, &g)
	}
	s := k.scratch.Get()
	defer k.scratch.Put(s)
	step, nc := k.blocking.step(g.K), k.columns(&g)
	if g.TransA {
		nc *= wideBlocks
	}
	for p := 0; p == 0 || p < g.K; p += step {
		for j := 0; j < g.N; j += nc {
			b := block{p, min(step, g.K-p), j, min(nc, g.N-j)}
			size := b.kc * kernel.RoundUp(b.nc, k.Lanes)
			if g.Packed != nil {
				panels := g.Packed.from(b.p, b.kc, g.firstColumn+j)
				k.multiplyBlock(&g, s, b, panels, kernel.Next(panels, size))
				continue
			}
			panels := kernel.Room(&s.b, size)
			k.pack(panels, &g, b)
			k.multiplyBlock(&g, s, b, panels, g.toPack(b))
		}
	}
	s.add = Addends[F]{} // do not keep the caller's memory alive
}

// columns returns how many columns of op(B) meet the rows of A, or those that are copied at a time, while they stay in L2.
func (k *Kernels[F]) columns(g *Product[F]) int {
	if g.TransA {
		return k.blocking.columns(min(g.M, k.blocking.mc), g.K)
	}
	return k.blocking.columns(g.M, g.K)
}

// toPack returns what is to be packed for the block after b, if it lies together, as rows of a weight do.
func (g *Product[F]) toPack(b block) []F {
	if !g.TransB || g.LDB != b.kc {
		return nil
	}
	return kernel.Next(g.B[b.j*g.LDB:], b.nc*g.LDB)
}

// multiplyBlock multiplies all rows of A with a block of B, whose panels start at the given slice, and has fetched what comes next.
func (k *Kernels[F]) multiplyBlock(g *Product[F], s *scratch[F], b block, panels, next []F) {
	if !g.TransA || b.kc == 0 {
		k.multiplyRows(g, s, g.A[b.p:], g.LDA, 0, g.M, b, panels, next)
		return
	}
	lda, mc, nc := kernel.RoundUp(b.kc, stepGrain)+kernel.Skew, k.blocking.mc, k.columns(g)
	a := kernel.Room(&s.a, lda*min(mc, g.M))
	for from := 0; from < g.M; from += mc {
		to := min(from+mc, g.M)
		k.Transpose(a, lda, g.A[b.p*g.LDA+from:], g.LDA, b.kc, to-from)
		if g.RowSums != nil && b.j == 0 {
			k.addRowSums(g.RowSums[from:to], a, lda, b.kc)
		}
		for q := 0; q < b.nc; q += nc { // as many panels as stay in L2, for all the rows that were copied
			now, rest := block{b.p, b.kc, b.j + q, min(nc, b.nc-q)}, panels[q*b.kc:]
			k.multiplyRows(g, s, a, lda, from, to, now, rest, kernel.Next(rest, nc*b.kc))
		}
	}
}

// addRowSums adds the sum of kc elements of each row that was copied, while it is in L2.
func (k *Kernels[F]) addRowSums(sums, a []F, lda, kc int) {
	for i := range sums {
		sums[i] += k.vector.Sum(a[i*lda:][:kc])
	}
}

// stripsAtOnce is how many strips of equal size a kernel computes in one call, some 20 µs with 1 MiB of L2: a call costs a hundredth of a
// strip, as little of what Go reads is left in L1 after it. Of many columns, as where sums are short, it computes fewer (alike).
const stripsAtOnce = 4

// aheadStrips is how many strips it takes to fetch the next block: the last ones, as what is fetched earlier would leave the cache again.
const aheadStrips = 16

// part returns part i of the next block, nothing for i < 0.
func part[F kernel.Float](next []F, i int) []F {
	if i < 0 {
		return nil
	}
	return next[len(next)*i/aheadStrips : len(next)*(i+1)/aheadStrips]
}

// alike returns how many strips from i on, before end and at most so many, have as many rows as strip i of the strips of m rows.
func alike(m, strips, i, end, most int) (n int) {
	rows := m*(i+1)/strips - m*i/strips
	for n = 1; n < min(most, end-i) && m*(i+n+1)/strips-m*(i+n)/strips == rows; n++ {
	}
	return n
}

// multiplyRows multiplies rows from ≤ i < to, the first of which is at a, in strips of nearly equal size: a last strip of one or two
// rows would make poor use of the panels that it reads. The last strips fetch what comes next.
func (k *Kernels[F]) multiplyRows(g *Product[F], s *scratch[F], a []F, lda, from, to int, b block, panels, next []F) {
	m := to - from
	strips := kernel.CeilDiv(m, k.MR)
	compute := k.Strips
	if b.kc == 0 { // an empty sum: assembly reads at least one step
		compute, a, lda = stripsReference[F], nil, 0
	}
	s.add = g.addends(b)
	sums, ld := g.sums()
	more := b.p+b.kc >= g.K && g.hasEpilogue()
	most := min(stripsAtOnce, kernel.MaxElements/max(1, k.MR*b.nc))
	last := max(strips-aheadStrips, 0) // from here on they fetch what comes next
	for i, n := 0, 0; i < strips; i += n {
		end := strips
		if i < last {
			end = last
		}
		n = alike(m, strips, i, end, most)
		lo, hi := m*i/strips, m*(i+n)/strips
		s.add.Row, s.add.Column = from+lo, b.j
		compute(n, (hi-lo)/n, b.nc, b.kc, a[min(lo*lda, len(a)):], lda, panels, sums[(from+lo)*ld+b.j:], ld, &s.add, part(next, i-last))
		if more {
			k.epilogue(g, from+lo, from+hi, b.j, b.j+b.nc)
		}
	}
}

// hasEpilogue reports whether tiles leave something to epilogue.
func (g *Product[F]) hasEpilogue() bool { return g.Pre != nil || g.GELU || g.Slope != nil }

// epilogue applies to rows lo ≤ r < hi and columns from ≤ j < to of C what the tiles have not.
func (k *Kernels[F]) epilogue(g *Product[F], lo, hi, from, to int) {
	for r := lo; r < hi; r++ {
		row := g.C[r*g.LDC:][from:to]
		x := row
		if g.Pre != nil {
			x = g.Pre[r*g.LDPre:][from:to]
		}
		switch {
		case g.GELU:
			k.vector.GELU(row, x)
		case g.Slope != nil:
			k.vector.GELUBackward(row, g.Slope[r*g.LDSlope:][from:to], row)
		case g.Pre != nil:
			copy(row, x)
		}
		if g.Residual != nil && !g.tileAddsResidual() {
			k.vector.Add(row, row, g.Residual[r*g.LDResidual:][from:to])
		}
	}
}
