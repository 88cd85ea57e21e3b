package quantized

import (
	"unsafe"

	"mien/asm/internal/kernel"
)

// scratch is what one call needs: a strip of converted activations, weights that were not packed before, words that have to be transposed, a
// tile and its bias for columns past the edge, and the sums of a sweep and a row of slopes where results are bfloat16.
type scratch struct {
	rows  Rows
	fresh Panels
	block block
	sweep sweep
	tile  []float32
	bias  [NR]float32
	sums  []float32
	slope [sweepColumns]float32
}

// zeros stand in for a missing bias and for missing activations ahead.
var zeros [sweepColumns]float32

// Gemm multiplies on the calling goroutine. It may run on several goroutines at once, on parts of C that do not overlap.
//
// A strip of up to MR rows of A, converted here unless it was before, stays in the cache for all panels. Strips are of nearly
// equal size: one of one or two rows would make poor use of the panels that it reads.
func (k *Kernels) Gemm(g Product) {
	s := k.scratch.Get()
	defer k.scratch.Put(s)
	if g.B == nil {
		s.fresh.Reset(k, g.N, g.terms)
		k.PackOperand(&s.fresh, g.fresh, 0, 1)
		g.B = &s.fresh
	}
	g.check(k.format)
	strips := kernel.CeilDiv(g.M, k.MR)
	for i := range strips {
		lo, hi := g.M*i/strips, g.M*(i+1)/strips
		rows, first := g.Converted, g.firstRow+lo
		next := g.panelsAhead(k.format, i, strips, lo, hi)
		if rows == nil {
			s.rows.Reset(k, hi-lo, g.B.K)
			k.Convert(&s.rows, g.A[lo*g.LDA:], g.LDA, 0, hi-lo)
			rows, first = &s.rows, 0
			next = ahead{x: g.A[min(hi*g.LDA, len(g.A)):min((2*hi-lo)*g.LDA, len(g.A))]}
		}
		s.sweep = sweep{rows: hi - lo, steps: k.format.words(g.B.K), lda: rows.ld,
			a: rows.words[first*rows.ld:], rowScales: kernel.Tail(rows.scales, first)}
		k.strip(&g, s, lo, next)
	}
	s.sweep = sweep{} // do not keep the caller's memory alive
}

// ahead is what is read next, and may be prefetched: elements of which each panel fetches a part, or, where lines are rows ld elements
// apart, 64 bytes of such rows every four steps, beginning 128 bytes later with every panel.
type ahead struct {
	x  []float32
	ld int
}

// aheadStrips is how many strips it takes to fetch what the next product packs: the last ones, as what is fetched earlier would leave the
// cache again. A panel takes twice its words, so that is 64 bytes every four steps.
const aheadStrips = 16

// panelsAhead returns what strip i of n, rows lo ≤ r < hi, fetches: its share of the panels after those of the product, as many as it has,
// which the thread that takes one block of columns after the other reads next; or of what it is to pack. Rows that were cut are strips
// of all converted rows, so that nothing is fetched twice. Panels are only prefetched, so the type does not matter.
func (g *Product) panelsAhead(f format, i, n, lo, hi int) ahead {
	if g.terms > 0 {
		return g.linesAhead(i - max(n-aheadStrips, 0))
	}
	rows := g.M
	if g.Converted != nil {
		lo, hi, rows = g.firstRow+lo, g.firstRow+hi, g.Converted.M
	}
	steps := f.words(g.B.K)
	next := kernel.Next(g.B.words[g.firstColumn*steps:], g.N*steps)
	part := next[len(next)*lo/rows : len(next)*hi/rows]
	return ahead{x: unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(part))), len(part))}
}

// linesAhead returns part i of aheadStrips of the lines that follow, as many as the product has; nothing for i < 0. Of lines that stand
// across, a part is every other cache line of an eighth of the rows.
func (g *Product) linesAhead(i int) ahead {
	x := g.following
	switch {
	case i < 0:
		return ahead{}
	case x.Across:
		at := i/2*(g.terms/(aheadStrips/2))*x.LD + i%2*(NR/2)
		return ahead{x.F32[min(at, len(x.F32)):], x.LD}
	case x.LD != g.terms:
		return ahead{} // they do not lie together
	}
	next := x.F32[:min(g.N*x.LD, len(x.F32))]
	return ahead{x: next[len(next)*i/aheadStrips : len(next)*(i+1)/aheadStrips]}
}

// part returns what columns from ≤ j < to of n fetch.
func (a ahead) part(from, to, n int) ahead {
	switch {
	case a.ld == 0:
		a.x = a.x[len(a.x)*from/n : len(a.x)*to/n]
	case to <= len(a.x):
		a.x = a.x[from:]
	default:
		a = ahead{}
	}
	if len(a.x) == 0 {
		return ahead{x: zeros[:]}
	}
	return a
}

// strip multiplies the rows of the sweep, which are those of C from lo on, with all panels. Meanwhile the activations of the next
// strip, or the panels of the next columns, are prefetched, a part with every panel.
func (k *Kernels) strip(g *Product, s *scratch, lo int, next ahead) {
	t := &s.sweep
	for from := 0; from < g.N; from += sweepColumns {
		to := min(from+sweepColumns, g.N)
		r := k.region(g, s, lo, lo+t.rows, from, to)
		t.c, t.ldc, t.narrow, t.ahead = r.sums, r.ld, g.narrow(&r), next.part(from, to, g.N)
		t.bias, t.ldBias = k.start(g, &r)
		k.sweepPanels(t, g.B, g.firstColumn+from, (to-from)/NR)
		if edge := to &^ (NR - 1); edge < to {
			k.sweepEdge(t, g.B, s, g.firstColumn+edge, edge-from, to-edge)
		}
		k.epilogue(g, &r, s)
	}
}

// sweepPanels takes panels from a column of the weights on.
func (k *Kernels) sweepPanels(t *sweep, b *Panels, column, panels int) {
	if panels == 0 {
		return
	}
	t.panels, t.b = panels, b.words[column*t.steps:]
	if b.scales != nil {
		t.columnScales, t.start = b.scales[column:], b.start[column:]
	}
	t.bounds()
	k.sweep(t)
}

// sweepEdge takes the last panel, of which C has only some columns, through a tile in scratch memory.
func (k *Kernels) sweepEdge(t *sweep, b *Panels, s *scratch, column, from, columns int) {
	c, ldc := t.c[from:], t.ldc
	t.narrow = [2]narrow{}
	tile := kernel.Room(&s.tile, k.MR*NR)
	if t.ldBias == 0 {
		copy(s.bias[:columns], t.bias[from:])
		t.bias = s.bias[:]
	} else {
		for r := range t.rows {
			copy(tile[r*NR:][:columns], t.bias[r*t.ldBias+from:])
		}
		t.bias, t.ldBias = tile, NR
	}
	t.c, t.ldc = tile, NR
	k.sweepPanels(t, b, column, 1)
	for r := range t.rows {
		copy(c[r*ldc:][:columns], tile[r*NR:])
	}
}
