package asm

// Addend is a matrix that a tile adds to its sums before it writes them. Its row i begins at X[i*LD], so with LD 0 one row is
// added to all. Without X there is nothing to add.
type Addend[F Float] struct {
	X  []F
	LD int
}

// Addends are added in this order: what C held, a bias, a residual.
type Addends[F Float] [3]Addend[F]

// addends returns what tiles add to a block of C from row i on. Whatever follows a bias or a residual in the epilogue keeps
// that one out of the tile: see epilogue.
func (g *Gemm[F]) addends(b block, i int) (a Addends[F]) {
	if g.Accumulate || b.p > 0 {
		a[0] = Addend[F]{g.C[i*g.LDC+b.j:], g.LDC}
	}
	if b.p+b.kc < g.K {
		return a
	}
	if g.Bias != nil && g.tileAddsBias() {
		a[1] = Addend[F]{g.Bias[b.j:], 0}
	}
	if g.Residual != nil && g.tileAddsResidual() {
		a[2] = Addend[F]{g.Residual[i*g.LDResidual+b.j:], g.LDResidual}
	}
	return a
}

func (g *Gemm[F]) tileAddsBias() bool { return g.Scale == 0 || g.Scale == 1 }

func (g *Gemm[F]) tileAddsResidual() bool { return g.tileAddsBias() && g.Pre == nil && !g.GELU }

// skip leaves n columns out.
func (a *Addends[F]) skip(n int) {
	for i := range a {
		a[i].X = a[i].X[min(n, len(a[i].X)):]
	}
}

// addTo adds the rows i of the addends to a row of sums.
func (a *Addends[F]) addTo(sums []F, i int) {
	for _, m := range *a {
		if len(m.X) > 0 {
			addGeneric(sums, sums, m.X[i*m.LD:][:len(sums)])
		}
	}
}
