//go:build !purego && (amd64 || arm64)

package gemm

// tileAddends are Addends as assembly reads them. Without x there is nothing to add.
type tileAddends [3]tileAddend

type tileAddend struct {
	x  *float32
	ld int
}

// locate finds the addends of a tile, which must have all its elements.
func (t *tileAddends) locate(a *Addends[float32], rows, columns int) {
	for i := range t {
		if m := &a.Matrices[i]; len(m.X) > 0 {
			at := a.Row*m.LD + a.Column
			_ = m.X[at+(rows-1)*m.LD+columns-1]
			t[i].x, t[i].ld = &m.X[at], m.LD
		}
	}
}
