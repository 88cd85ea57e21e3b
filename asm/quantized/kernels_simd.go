//go:build !purego && (amd64 || arm64)

package quantized

// What the wrappers of assembly share. Ends of rows are left to the reference, which rounds alike.

const halfPanel = NR / 2

// half returns where half a panel begins that holds column j.
func (t *sweep) half(j int) *uint32 { return &t.b[j/NR*NR*t.steps+j%NR] }
