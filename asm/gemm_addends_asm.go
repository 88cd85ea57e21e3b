//go:build !purego && (amd64 || arm64)

package asm

// tileAddends are Addends as assembly reads them. Without x there is nothing to add.
type tileAddends [3]tileAddend

type tileAddend struct {
	x  *float32
	ld int
}

// locate finds the addends of a tile, which must have all its elements.
func (t *tileAddends) locate(a *Addends[float32], rows, columns int) {
	for i := range a {
		if m := &a[i]; len(m.X) > 0 {
			_ = m.X[(rows-1)*m.LD+columns-1]
			t[i].x, t[i].ld = &m.X[0], m.LD
		}
	}
}
