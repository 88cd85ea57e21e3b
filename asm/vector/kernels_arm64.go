//go:build !purego

package vector

import "mien/asm/internal/kernel"

func assembly(kernel.Set) *Kernels[float32] { return simd() }
