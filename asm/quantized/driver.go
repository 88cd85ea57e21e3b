package asm

import "fmt"

// LowGemm describes a product and what is done to it while it is in the cache:
//
//	C = GELU(A·Wᵀ + Bias) + Residual
//
// with A [M, K], W [N, K] in B, and C, Residual [M, N]. GELU, Bias [N] and Residual are optional.
type LowGemm struct {
	M, N      int
	A         []float32
	LDA       int
	Converted *LowRows // in place of A
	B         *LowPanels
	C         []float32
	LDC       int
	Bias      []float32

	GELU       bool
	Residual   []float32 // may not overlap C
	LDResidual int

	firstRow, firstColumn int // of Converted and of B, where Rows and Columns have cut
}

// Rows restricts a product to rows lo ≤ i < hi of C.
func (g LowGemm) Rows(lo, hi int) LowGemm {
	g.M = hi - lo
	g.C = g.C[lo*g.LDC:]
	g.firstRow += lo
	if g.Converted == nil {
		g.A = g.A[lo*g.LDA:]
	}
	if g.Residual != nil {
		g.Residual = g.Residual[lo*g.LDResidual:]
	}
	return g
}

// Columns restricts a product to columns lo ≤ j < hi of C. lo must be a multiple of LowNR, and so must hi unless it is N.
func (g LowGemm) Columns(lo, hi int) LowGemm {
	g.N = hi - lo
	g.C = g.C[min(lo, len(g.C)):] // there are no rows of no rows
	g.firstColumn += lo
	if g.Bias != nil {
		g.Bias = g.Bias[lo:hi]
	}
	if g.Residual != nil {
		g.Residual = g.Residual[min(lo, len(g.Residual)):]
	}
	return g
}

// check panics on operands that do not go together: that is a mistake in the program.
func (g *LowGemm) check(p Precision) {
	last := g.firstColumn + g.N
	mustBe(g.B.Precision, p, "weights")
	if g.Converted != nil {
		mustBe(g.Converted.Precision, p, "activations")
	}
	switch {
	case last > g.B.N || g.Converted != nil && (g.Converted.K != g.B.K || g.firstRow+g.M > g.Converted.M):
		panic(fmt.Sprintf("asm: weights [%d, %d] do not serve %d rows, columns %d to %d", g.B.N, g.B.K, g.M, g.firstColumn, last))
	case g.firstColumn%LowNR != 0 || last%LowNR != 0 && last != g.B.N:
		panic(fmt.Sprintf("asm: columns %d to %d do not begin and end at panels of %d", g.firstColumn, last, LowNR))
	}
}

func mustBe(got, want Precision, what string) {
	if got != want {
		panic(fmt.Sprintf("asm: %s of %s met the kernels of %s", what, got, want))
	}
}

// lowScratch is what one call needs: a strip of converted activations, and a tile and its bias for columns past the edge.
type lowScratch struct {
	rows  LowRows
	sweep lowSweep
	tile  []float32
	bias  [LowNR]float32
}

// zeros stand for a bias where there is none, and for activations ahead.
var zeros [sweep * LowNR]float32

// Gemm multiplies on the calling goroutine. It may run on several goroutines at once, on parts of C that do not overlap.
//
// A strip of up to MR rows of A, converted here unless it was before, stays in the cache while all panels pass by. Strips are as
// equal as can be: one of a row or two would make little use of the panels that it reads.
func (k *LowKernels) Gemm(g LowGemm) {
	g.check(k.Precision)
	s := k.scratch.get()
	defer k.scratch.put(s)
	strips := ceilDiv(g.M, k.MR)
	for i := range strips {
		lo, hi := g.M*i/strips, g.M*(i+1)/strips
		rows, first, next := g.Converted, g.firstRow+lo, []float32(nil)
		if rows == nil {
			s.rows.Reset(k.Precision, hi-lo, g.B.K)
			k.Convert(&s.rows, g.A[lo*g.LDA:], g.LDA, 0, hi-lo)
			rows, first = &s.rows, 0
			next = g.A[min(hi*g.LDA, len(g.A)):min((2*hi-lo)*g.LDA, len(g.A))]
		}
		s.sweep = lowSweep{rows: hi - lo, steps: wordsOf(k.Precision, g.B.K), lda: rows.ld,
			a: rows.words[first*rows.ld:], rowScales: rows.scales[first:][:hi-lo]}
		k.strip(&g, s, lo, next)
	}
	s.sweep = lowSweep{} // scratch keeps nothing of the caller's alive
}

// strip multiplies the rows of the sweep, which are those of C from lo on, with all panels. The activations of the next strip
// come towards the cache meanwhile, a part with every panel.
func (k *LowKernels) strip(g *LowGemm, s *lowScratch, lo int, next []float32) {
	t := &s.sweep
	for from := 0; from < g.N; from += sweep * LowNR {
		to := min(from+sweep*LowNR, g.N)
		t.c, t.ldc, t.bias, t.ahead = g.C[lo*g.LDC+from:], g.LDC, zeros[:], zeros[:]
		if g.Bias != nil {
			t.bias = g.Bias[from:to]
		}
		if part := next[len(next)*from/g.N : len(next)*to/g.N]; len(part) > 0 {
			t.ahead = part
		}
		k.sweepPanels(t, g.B, g.firstColumn+from, (to-from)/LowNR)
		if edge := to &^ (LowNR - 1); edge < to {
			k.sweepEdge(t, g.B, s, g.firstColumn+edge, edge-from, to-edge)
		}
		g.finish(lo, lo+t.rows, from, to)
	}
}

// sweepPanels takes panels from a column of the weights on.
func (k *LowKernels) sweepPanels(t *lowSweep, b *LowPanels, column, panels int) {
	if panels == 0 {
		return
	}
	t.panels, t.b = panels, b.words[column*t.steps:]
	if k.Precision == Int8 {
		t.columnScales, t.start = b.scales[column:], b.start[column:]
	}
	k.sweep(t)
}

// sweepEdge takes the last panel, of which C has only some columns, by way of a tile of its own.
func (k *LowKernels) sweepEdge(t *lowSweep, b *LowPanels, s *lowScratch, column, from, columns int) {
	c, ldc := t.c[from:], t.ldc
	copy(s.bias[:columns], t.bias[from:])
	tile := room(&s.tile, k.MR*LowNR)
	t.c, t.ldc, t.bias = tile, LowNR, s.bias[:]
	k.sweepPanels(t, b, column, 1)
	for r := range t.rows {
		copy(c[r*ldc:][:columns], tile[r*LowNR:])
	}
}

// finish does to rows lo to hi, columns from to to of C what follows the product and the bias.
func (g *LowGemm) finish(lo, hi, from, to int) {
	if !g.GELU && g.Residual == nil {
		return
	}
	k := F32()
	for r := lo; r < hi; r++ {
		row := g.C[r*g.LDC:][from:to]
		if g.GELU {
			k.GELU(row, row)
		}
		if g.Residual != nil {
			k.Add(row, row, g.Residual[r*g.LDResidual:][from:to])
		}
	}
}
