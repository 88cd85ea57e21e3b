//go:build !purego

package quantized

import (
	"golang.org/x/sys/cpu"

	"mien/asm/internal/kernel"
)

func bf16Assembly(set kernel.Set) *Kernels { return bf16SIMD(set, bf16TileNEONAsm, bf16ConvertNEONAsm) }

// int8Assembly: SDOT came with ARMv8.2.
func int8Assembly(kernel.Set) *Kernels {
	if !cpu.ARM64.HasASIMDDP {
		return int8Reference()
	}
	return int8NEON()
}
