package gemm

import "mien/asm/internal/kernel"

// Addend is a matrix that tiles add to their sums before they write them. Its element (i, j) is X[i*LD+j], so with LD 0 the
// same row is added to all. Without X there is nothing to add.
type Addend[F kernel.Float] struct {
	X  []F
	LD int
}

// Addends are added in this order: what C held, a bias, a residual. Row and Column are where the strip begins.
type Addends[F kernel.Float] struct {
	Matrices    [3]Addend[F]
	After       Addend[F] // not added, but what the epilogue reads or writes besides: a kernel may fetch it, as it may the residual
	Row, Column int
}

// addends returns what tiles add to a block of C. Pre and GELU come before a residual, and keep it out
// of the tile: see epilogue.
func (g *Product[F]) addends(b block) (a Addends[F]) {
	switch {
	case b.p > 0:
		a.Matrices[0].X, a.Matrices[0].LD = g.sums()
	case g.Accumulate:
		a.Matrices[0] = Addend[F]{g.C, g.LDC}
	}
	if b.p+b.kc < g.K {
		return a
	}
	a.Matrices[1] = Addend[F]{g.Bias, 0}
	if g.tileAddsResidual() {
		a.Matrices[2] = Addend[F]{g.Residual, g.LDResidual}
	}
	switch {
	case g.Slope != nil:
		a.After = Addend[F]{g.Slope, g.LDSlope}
	case g.Pre != nil:
		a.After = Addend[F]{g.C, g.LDC}
	}
	return a
}

func (g *Product[F]) tileAddsResidual() bool { return g.Pre == nil && !g.GELU }

// addTo adds to the sums of row r of the tile.
func (a *Addends[F]) addTo(sums []F, r int) {
	for _, m := range &a.Matrices {
		if len(m.X) > 0 {
			for j, v := range m.X[(a.Row+r)*m.LD+a.Column:][:len(sums)] {
				sums[j] += v
			}
		}
	}
}
