//go:build !purego

package gemm

import "mien/asm/internal/kernel"

func assembly(kernel.Set) *Kernels[float32] {
	return &Kernels[float32]{
		MR: simdMR, NR: simdNR, Lanes: simdNR, Strips: tileByTile(simdNR, tileSIMD),
		Transpose: transposeReference[float32], CopyRows: copyRowsReference[float32],
		FMALoop: func(n int) float64 { return peakSIMD(n, 4) },
	}
}
