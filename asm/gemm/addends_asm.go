//go:build !purego && (amd64 || arm64)

package gemm

// tileAddends are Addends as assembly reads them. Without x there is nothing to add. The last one is not added: it is what to fetch, the
// residual or what the epilogue needs.
type tileAddends [4]tileAddend

type tileAddend struct {
	x  *float32
	ld int
}

// locate finds the addends of a tile, which must have all its elements.
func (t *tileAddends) locate(a *Addends[float32], rows, columns int) {
	for i := range a.Matrices {
		t[i].x, t[i].ld = a.tile(&a.Matrices[i], rows, columns)
	}
	t[3].x, t[3].ld = a.tile(&a.After, rows, columns)
	if t[3].x == nil {
		t[3] = t[2]
	}
}

// tile finds the part of one matrix that meets a tile.
func (a *Addends[F]) tile(m *Addend[F], rows, columns int) (x *F, ld int) {
	if len(m.X) == 0 {
		return nil, 0
	}
	at := a.Row*m.LD + a.Column
	_ = m.X[at+(rows-1)*m.LD+columns-1]
	return &m.X[at], m.LD
}
