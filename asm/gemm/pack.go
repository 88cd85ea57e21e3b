package gemm

import (
	"fmt"

	"mien/asm/internal/kernel"
)

// Panels is a matrix op(B) [K, N] packed for one implementation's tiles, to be multiplied many times: for each cut of K, panel
// after panel of NR columns, and in each row after row. The last panel is as wide as the remaining columns, in whole vectors.
type Panels[F kernel.Float] struct {
	K, N    int
	kernels *Kernels[F]
	padded  int // N in whole vectors
	data    []F
}

// PanelsLen returns how many elements the packed form of a matrix [K, N] has.
func (k *Kernels[F]) PanelsLen(kk, n int) int { return kk * kernel.RoundUp(n, k.Lanes) }

// Pack packs op(B) [K, N], which is stored as [N, K] when trans, into dst, which has PanelsLen elements and may be nil. Only
// the Gemm of the same kernels can read the result, which refers to dst and not to b.
func (k *Kernels[F]) Pack(dst, b []F, ldb int, trans bool, kk, n int) *Panels[F] {
	if dst == nil {
		dst = make([]F, k.PanelsLen(kk, n))
	}
	p := k.NewPanels(dst, kk, n)
	p.Fill(b, ldb, trans, 0, n)
	return p
}

// NewPanels returns panels for a matrix [K, N] in dst, which has PanelsLen elements: to be filled.
func (k *Kernels[F]) NewPanels(dst []F, kk, n int) *Panels[F] {
	return &Panels[F]{K: kk, N: n, kernels: k, padded: kernel.RoundUp(n, k.Lanes), data: dst[:k.PanelsLen(kk, n)]}
}

// Fill packs columns lo ≤ j < hi of op(B), as Pack does all of them. Whole panels: lo is a multiple of NR, and so is hi unless it is N.
func (p *Panels[F]) Fill(b []F, ldb int, trans bool, lo, hi int) {
	g, step := Product[F]{N: p.N, K: p.K, B: b, LDB: ldb, TransB: trans}, p.kernels.blocking.step(p.K)
	for at := 0; at < p.K; at += step {
		kc := min(step, p.K-at)
		p.kernels.pack(p.from(at, kc, lo), &g, block{at, kc, lo, hi - lo})
	}
}

// from returns the panels from column j on of the cut of kc rows that begins at row at.
func (p *Panels[F]) from(at, kc, j int) []F { return p.data[at*p.padded+j*kc:] }

// check panics if a product cannot use these panels: a bug in the program.
func (p *Panels[F]) check(k *Kernels[F], g *Product[F]) {
	last := g.firstColumn + g.N
	switch {
	case p.kernels != k:
		panic(fmt.Sprintf("gemm: a matrix packed by the %s kernels met the %s kernels", p.kernels.Name, k.Name))
	case p.K != g.K || last > p.N:
		panic(fmt.Sprintf("gemm: a packed matrix [%d, %d] where [%d, %d…%d] is wanted", p.K, p.N, g.K, g.firstColumn, last))
	case g.firstColumn%k.NR != 0 || last%k.NR != 0 && last != p.N:
		panic(fmt.Sprintf("gemm: columns %d to %d do not begin and end at panels of %d", g.firstColumn, last, k.NR))
	}
}

// packRows rows of B are read at a time, panel after panel, so that their pages stay in the TLB.
const packRows = 64

// pack writes a block of op(B) as panels. Columns that pad the last vector are zero.
func (k *Kernels[F]) pack(dst []F, g *Product[F], b block) {
	if last := b.nc % k.NR; last%k.Lanes != 0 {
		clear(dst[(b.nc-last)*b.kc:][:kernel.RoundUp(last, k.Lanes)*b.kc])
	}
	rows := packRows
	if g.TransB {
		rows = b.kc
	}
	for r := 0; r < b.kc; r += rows {
		n := min(rows, b.kc-r)
		for q := 0; q < b.nc; q += k.NR {
			columns := min(k.NR, b.nc-q)
			width := kernel.RoundUp(columns, k.Lanes)
			to := dst[q*b.kc+r*width:]
			if g.TransB {
				k.Transpose(to, width, g.B[(b.j+q)*g.LDB+b.p:], g.LDB, columns, n)
			} else {
				k.CopyRows(to, width, g.B[(b.p+r)*g.LDB+b.j+q:], g.LDB, n, columns)
			}
		}
	}
}
