//go:build !purego

package vector

import "mien/asm/internal/kernel"

func assembly(kernel.Set) *Kernels[float32] {
	k := simd()
	k.GELU, k.GELUBackward = geluNEON, geluBackwardNEON
	return k
}
