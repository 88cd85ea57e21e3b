//go:build purego || !(amd64 || arm64)

package quantized

import "mien/asm/internal/kernel"

func bf16Assembly(kernel.Set) *Kernels { return nil } // never called
func int8Assembly(kernel.Set) *Kernels { return nil }
