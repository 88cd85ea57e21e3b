//go:build !purego && (amd64 || arm64)

package quantized

// What the wrappers of assembly share. Sums without terms and ends of rows are left to the reference, which rounds alike.

// bounds panics when a sweep reaches beyond its slices: assembly would not.
func (t *sweep) bounds() {
	columns := t.panels * NR
	_, _, _ = t.a[(t.rows-1)*t.lda+t.steps-1], t.b[columns*t.steps-1], t.c[(t.rows-1)*t.ldc+columns-1]
	_ = t.bias[columns-1]
}

const halfPanel = NR / 2

// half returns where half a panel begins that holds column j.
func (t *sweep) half(j int) *uint32 { return &t.b[j/NR*NR*t.steps+j%NR] }
