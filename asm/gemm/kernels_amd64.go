//go:build !purego

package gemm

import "mien/asm/internal/kernel"

func assembly(set kernel.Set) *Kernels[float32] {
	if set == kernel.AVX512 {
		return &Kernels[float32]{
			MR: avx512MR, NR: avx512NR, Lanes: avx512Lanes, Strips: stripsAVX512,
			Transpose: inBlocks(16, transposeAVX512Asm), CopyRows: packRowsAVX512, FMALoop: peakAVX512,
		}
	}
	return &Kernels[float32]{
		MR: simdMR, NR: simdNR, Lanes: simdNR, Strips: tileByTile(simdNR, tileSIMD),
		Transpose: inBlocks(8, transposeAVX2Asm), CopyRows: packRowsAVX2,
		FMALoop: func(n int) float64 { return peakSIMD(n, 8) },
	}
}
