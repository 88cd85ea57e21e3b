//go:build !purego

package quantized

import (
	"golang.org/x/sys/cpu"

	"mien/asm/internal/kernel"
)

// neonMR is the rows of the tiles of NEON.
const neonMR = 6

func bf16Assembly(kernel.Set) *Kernels { return bf16NEON() }

// int8Assembly: SDOT came with ARMv8.2.
func int8Assembly(kernel.Set) *Kernels {
	if !cpu.ARM64.HasASIMDDP {
		return int8Reference()
	}
	return int8NEON()
}
