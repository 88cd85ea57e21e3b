//go:build !purego && (amd64 || arm64)

package quantized

// Helpers of the wrappers of assembly. Ends of rows are left to the reference, which rounds identically.

const halfPanel = NR / 2

// half returns the start of the half panel that holds column j.
func (t *sweep) half(j int) *uint32 { return &t.b[j/NR*NR*t.steps+j%NR] }
