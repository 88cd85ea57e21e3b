//go:build !purego

package quantized

import (
	"golang.org/x/sys/cpu"

	"mien/asm/internal/kernel"
)

// bf16Assembly checks for VDPBF16PS, which not every CPU with AVX-512 has.
func bf16Assembly(set kernel.Set) *Kernels {
	if set == kernel.AVX512 && cpu.X86.HasAVX512BF16 {
		return bf16AVX512()
	}
	return bf16SIMD(kernel.AVX2, bf16TileAVX2Asm, bf16ConvertAVX2Asm)
}

// int8Assembly checks for VPDPBUSD, which not every CPU with AVX-512 has either, and some without it have.
func int8Assembly(set kernel.Set) *Kernels {
	switch {
	case set == kernel.AVX512 && cpu.X86.HasAVX512VNNI:
		return int8AVX512()
	case cpu.X86.HasAVXVNNI:
		return int8AVXVNNI()
	}
	return int8AVX2()
}
