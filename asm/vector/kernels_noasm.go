//go:build purego || !(amd64 || arm64)

package vector

import "mien/asm/internal/kernel"

func assembly(kernel.Set) *Kernels[float32] { return nil } // never called
