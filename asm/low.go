package asm

import (
	"fmt"
	"sync"
)

// Products at low precision, for inference: weights are packed once as bf16 or int8, activations are converted in passing,
// and results are float32. A product is C = A·Wᵀ + Bias with A [M, K], and W [N, K] stored out × in like a layer's weight.
//
// Both precisions read 32-bit words, of two bf16 or of four bytes, that follow one another along K; one instruction multiplies
// words and adds to 32-bit sums. Panels have one layout for all implementations, so what is packed serves whichever is active.

// Precision is the form of a product's operands.
type Precision uint8

const (
	BF16 Precision = iota // sums in float32; relative error about 2e-3 on Gaussian data
	Int8                  // sums are exact; a scale for each row of A and of W; about 1e-2
)

func (p Precision) String() string { return [...]string{"bf16", "int8"}[p] }

// group is how many elements along K share a word.
func (p Precision) group() int { return 2 << p }

const (
	// LowNR is the width of a panel: columns of C are cut between threads at multiples of it.
	LowNR = 32
	// MaxLowK is the longest sum: one of int8 then fits 32 bits, and one call of a tile stays short.
	MaxLowK = 1 << 16
	// sweep is how many panels one call takes, some tens of microseconds of work at most in layers up to 4096 wide.
	sweep = 8
)

// LowKernels is one implementation of products at one precision.
type LowKernels struct {
	Name      string // as in Kernels; "avx2" also where AVX-512 lacks the instruction
	Precision Precision

	// Peak runs n rounds of the product's instruction on registers alone and returns how many operations (a multiplication
	// and an addition are two) that were.
	Peak func(n int) (ops float64)

	mr      int // rows of the largest tile
	sweep   func(t *lowSweep)
	convert func(dst []uint32, x []float32) (scale float32) // one row of A
	scratch sync.Pool                                       // of *lowScratch
}

// lowSweep is the product of rows ≤ mr rows of A and some panels, a tile for each:
//
//	for q < panels, i < rows, j < LowNR:
//		sum = Σ over s < steps of a[i*lda+s] · b[(q*steps+s)*LowNR+j]
//		c[i*ldc+q*LowNR+j] = sum, which starts with bias[q*LowNR+j] (bf16)
//		c[i*ldc+q*LowNR+j] = sum·columnScales[q*LowNR+j]·rowScales[i] + bias[q*LowNR+j], sum starting with start[q*LowNR+j] (int8)
type lowSweep struct {
	rows, steps, panels int

	a    []uint32
	lda  int
	b    []uint32
	c    []float32
	ldc  int
	bias []float32

	ahead []float32 // activations that are converted next: they may be fetched towards the cache meanwhile

	rowScales, columnScales []float32
	start                   []int32
}

// tile returns the part of one panel.
func (t *lowSweep) tile(q int) (b []uint32, c, bias []float32) {
	return t.b[q*LowNR*t.steps:][:LowNR*t.steps], t.c[q*LowNR:], t.bias[q*LowNR:][:LowNR]
}

// scales returns what int8 has beside it.
func (t *lowSweep) scales(q int) (columnScales []float32, start []int32) {
	return t.columnScales[q*LowNR:][:LowNR], t.start[q*LowNR:][:LowNR]
}

// LowPanels are weights [N, K], packed: panels of LowNR rows of W, in each the first word of every row, then the second …
// Made by PackBF16 and PackInt8.
type LowPanels struct {
	Precision Precision
	N, K      int
	words     []uint32
	scales    []float32 // int8: of each row of W
	start     []int32   // int8: what takes the zero point of A out of a sum
}

// Bytes returns how much memory the panels take.
func (p *LowPanels) Bytes() int { return 4 * (len(p.words) + len(p.scales) + len(p.start)) }

// packWords lays out the words of W: word(n, s) is the s-th of row n.
func packWords(n, steps int, word func(n, s int) uint32) []uint32 {
	words := make([]uint32, roundTo(n, LowNR)*steps)
	for j := range n {
		for s := range steps {
			words[(j/LowNR*steps+s)*LowNR+j%LowNR] = word(j, s)
		}
	}
	return words
}

// LowRows are converted activations [M, K], which several products or threads can share. Its memory is used again by the next Reset.
type LowRows struct {
	M, K   int
	ld     int // words from row to row
	words  []uint32
	scales []float32
}

// Reset makes room for activations [m, k] at a precision; Convert fills it.
func (r *LowRows) Reset(p Precision, m, k int) {
	const line = 16
	r.M, r.K = m, k
	r.ld = roundTo(wordsOf(p, k), line)
	if r.ld/line%2 == 0 {
		r.ld += line // an odd number of cache lines: the rows of a strip spread over the whole cache
	}
	if n := m * r.ld; cap(r.words) < n {
		r.words = make([]uint32, n)
	}
	if cap(r.scales) < m {
		r.scales = make([]float32, m)
	}
	r.words, r.scales = r.words[:m*r.ld], r.scales[:m]
}

func wordsOf(p Precision, k int) int { return (k + p.group() - 1) / p.group() }

func roundTo(n, grain int) int { return (n + grain - 1) / grain * grain }

// Convert fills rows lo ≤ i < hi of r from the float32 activations a, whose rows are lda apart. Threads may convert
// different rows of one r.
func (k *LowKernels) Convert(r *LowRows, a []float32, lda, lo, hi int) {
	steps := wordsOf(k.Precision, r.K)
	for i := lo; i < hi; i++ {
		r.scales[i] = k.convert(r.words[i*r.ld:][:steps], a[i*lda:][:r.K])
	}
}

// LowGemm describes a product C [M, N] = A·Wᵀ + Bias. Bias [N] may be nil.
type LowGemm struct {
	M, N      int
	A         []float32
	LDA       int
	Converted *LowRows // in place of A
	B         *LowPanels
	C         []float32
	LDC       int
	Bias      []float32

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
	return g
}

// check panics on operands that do not go together: that is a mistake in the program.
func (g *LowGemm) check(p Precision) {
	last := g.firstColumn + g.N
	switch {
	case g.B.Precision != p:
		panic(fmt.Sprintf("asm: weights packed as %s met the kernels of %s", g.B.Precision, p))
	case last > g.B.N || g.Converted != nil && (g.Converted.K != g.B.K || g.firstRow+g.M > g.Converted.M):
		panic(fmt.Sprintf("asm: weights [%d, %d] do not serve %d rows, columns %d to %d", g.B.N, g.B.K, g.M, g.firstColumn, last))
	case g.firstColumn%LowNR != 0 || last%LowNR != 0 && last != g.B.N:
		panic(fmt.Sprintf("asm: columns %d to %d do not begin and end at panels of %d", g.firstColumn, last, LowNR))
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

// finish completes an implementation.
func (k *LowKernels) finish() *LowKernels {
	k.scratch.New = func() any { return &lowScratch{tile: make([]float32, k.mr*LowNR)} }
	return k
}

// Gemm multiplies on the calling goroutine. It may run on several goroutines at once, on parts of C that do not overlap.
//
// A strip of up to mr rows of A, converted here unless it was before, stays in the cache while all panels pass by. Strips are as
// equal as can be: one of a row or two would make little use of the panels that it reads.
func (k *LowKernels) Gemm(g LowGemm) {
	g.check(k.Precision)
	s := k.scratch.Get().(*lowScratch)
	defer k.scratch.Put(s)
	strips := (g.M + k.mr - 1) / k.mr
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
	t.c, t.ldc, t.bias = s.tile, LowNR, s.bias[:]
	k.sweepPanels(t, b, column, 1)
	for r := range t.rows {
		copy(c[r*ldc:][:columns], s.tile[r*LowNR:])
	}
}
