//go:build purego || !amd64

package attention

import (
	"mien/asm/gemm"
	"mien/asm/vector"
)

func avx512(*vector.Kernels[float32], *gemm.Kernels[float32]) *Kernels[float32] { return nil } // never called
