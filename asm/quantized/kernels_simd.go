//go:build !purego && (amd64 || arm64)

package quantized

import "unsafe"

// Helpers of the wrappers of assembly. Ends of rows are left to the reference, which rounds identically.

const halfPanel = NR / 2

// half returns the start of the half panel that holds column j.
func (t *sweep) half(j int) *uint32 { return &t.b[j/NR*NR*t.steps+j%NR] }

// copyWords is copyReference where words may be read in place.
func copyWords(dst []uint32, x []uint16) {
	if n := len(x) &^ 1; n > 0 {
		copy(dst, unsafe.Slice((*uint32)(unsafe.Pointer(&x[0])), n/2))
	}
	copyReference(dst[len(x)/2:], x[len(x)&^1:])
}

// wordsInPlace returns bfloat16s as words, if the first one begins a word. Processors whose lower bytes come first hold them so.
func wordsInPlace(x []uint16) []uint32 {
	p := unsafe.Pointer(unsafe.SliceData(x))
	if uintptr(p)%4 != 0 {
		return nil
	}
	return unsafe.Slice((*uint32)(p), len(x)/2)
}
