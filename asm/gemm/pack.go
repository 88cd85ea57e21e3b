package asm

import "fmt"

// Panels is a matrix op(B) [K, N] packed for one implementation's tiles, to be multiplied many times: for each cut of K, panel
// after panel of NR columns, and in each row after row. The last panel is as wide as the columns left need, in whole vectors.
type Panels[F Float] struct {
	K, N    int
	kernels *Kernels[F]
	padded  int // N in whole vectors
	data    []F
}

// PanelsLen returns how many elements the packed form of a matrix [K, N] has.
func (k *Kernels[F]) PanelsLen(kk, n int) int { return kk * roundUp(n, k.Lanes) }

// Pack packs op(B) [K, N], which is stored as [N, K] when trans, into dst, which has PanelsLen elements and may be nil. Only
// the Gemm of the same kernels can read the result, which refers to dst and not to b.
func (k *Kernels[F]) Pack(dst, b []F, ldb int, trans bool, kk, n int) *Panels[F] {
	if dst == nil {
		dst = make([]F, k.PanelsLen(kk, n))
	}
	p := &Panels[F]{K: kk, N: n, kernels: k, padded: roundUp(n, k.Lanes), data: dst[:k.PanelsLen(kk, n)]}
	g := Gemm[F]{N: n, K: kk, B: b, LDB: ldb, TransB: trans}
	step := k.blocking.step(kk)
	for at := 0; at < kk; at += step {
		kc := min(step, kk-at)
		k.pack(p.from(at, kc, 0), &g, block{at, kc, 0, n})
	}
	return p
}

// from returns the panels from column j on of the cut of kc rows that begins at row at.
func (p *Panels[F]) from(at, kc, j int) []F { return p.data[at*p.padded+j*kc:] }

// check panics when a product cannot use these panels: that is a mistake in the program.
func (p *Panels[F]) check(k *Kernels[F], g *Gemm[F]) {
	last := g.firstColumn + g.N
	switch {
	case p.kernels != k:
		panic(fmt.Sprintf("asm: a matrix packed by the %s kernels met the %s kernels", p.kernels.Name, k.Name))
	case p.K != g.K || last > p.N:
		panic(fmt.Sprintf("asm: a packed matrix [%d, %d] where [%d, %d…%d] is wanted", p.K, p.N, g.K, g.firstColumn, last))
	case g.firstColumn%k.NR != 0 || last%k.NR != 0 && last != p.N:
		panic(fmt.Sprintf("asm: columns %d to %d do not begin and end at panels of %d", g.firstColumn, last, k.NR))
	}
}

// packRows rows of B are read at a time, panel after panel, so that their pages stay known to the processor.
const packRows = 64

// pack writes a block of op(B) as panels. Columns that only fill up the last vector are zero.
func (k *Kernels[F]) pack(dst []F, g *Gemm[F], b block) {
	if b.kc == 0 {
		return
	}
	if last := b.nc % k.NR; last%k.Lanes != 0 {
		clear(dst[(b.nc-last)*b.kc:][:roundUp(last, k.Lanes)*b.kc])
	}
	rows := packRows
	if g.TransB {
		rows = b.kc
	}
	for r := 0; r < b.kc; r += rows {
		n := min(rows, b.kc-r)
		for q := 0; q < b.nc; q += k.NR {
			columns := min(k.NR, b.nc-q)
			width := roundUp(columns, k.Lanes)
			to := dst[q*b.kc+r*width:]
			if g.TransB {
				k.Transpose(to, width, g.B[(b.j+q)*g.LDB+b.p:], g.LDB, columns, n)
			} else {
				k.CopyRows(to, width, g.B[(b.p+r)*g.LDB+b.j+q:], g.LDB, n, columns)
			}
		}
	}
}

// transpose writes src [rows, columns] as dst [columns, rows], four rows at a time so that each line of dst is touched four
// times less.
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

func copyRowsGeneric[F Float](dst []F, ldd int, src []F, lds, rows, columns int) {
	for r := range rows {
		copy(dst[r*ldd:][:columns], src[r*lds:][:columns])
	}
}
