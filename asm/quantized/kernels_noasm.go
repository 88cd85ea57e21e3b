//go:build purego || !(amd64 || arm64)

package quantized

import "mien/asm/internal/kernel"

func bf16Assembly(kernel.Set) *Kernels { return nil } // never called
func int8Assembly(kernel.Set) *Kernels { return nil }

func wordsInPlace([]uint16) []uint32 { return nil }
