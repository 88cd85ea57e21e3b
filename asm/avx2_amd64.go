//go:build !purego

package asm

// avx2 is the implementation for AVX2 and FMA.
func avx2() *Kernels[float32] {
	return &Kernels[float32]{
		Name: "avx2", MR: vectorMR, NR: vectorNR, Lanes: vectorNR,
		GemmTile: gemmTileVector, Transpose: transposeFloat256, CopyRows: copyRowsVector,
		Add: addVector, Sub: subVector, Mul: mulVector, Scale: scaleVector, Axpy: axpyVector,
		Dot: dotVector, Sum: sumVector, SquaredDistance: squaredDistanceVector,
		Exp: expVector, Softmax: softmaxVector,
		SoftmaxBackward: softmaxBackwardVector, SoftmaxGrad: softmaxGradVector,
		GELU: geluVector, GELUBackward: geluBackwardVector,
		LayerNorm: layerNormVector, LayerNormBackward: layerNormBackwardVector, AdamW: adamWVector,
		FMALoop:   func(n int) float64 { return fmaLoopVector(n, 8) },
		attention: attentionVector(),
		BF16:      bf16AVX2(), Int8: int8AVX2(),
	}
}
