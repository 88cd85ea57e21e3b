//go:build !purego

package vector

import "mien/asm/internal/kernel"

func assembly(set kernel.Set) *Kernels[float32] {
	if set == kernel.AVX512 {
		return avx512()
	}
	return simd()
}

func avx512() *Kernels[float32] {
	return &Kernels[float32]{
		Add: addAVX512, Sub: subAVX512, Mul: mulAVX512, Maximum: maximumAVX512, MulAdd: mulAddAVX512, Scale: scaleAVX512, Axpy: axpyAVX512,
		Dot: dotAVX512, Sum: sumAVX512, SquaredDistance: squaredDistanceAVX512,
		Exp: expAVX512, Softmax: softmaxAVX512,
		SoftmaxBackward: softmaxBackwardAVX512, SoftmaxGrad: softmaxGradAVX512,
		OnlineSoftmax: onlineSoftmaxAVX512, LogSumExp: logSumExpAVX512, ScaleRows: scaleRowsAVX512, LogitGrad: logitGradAVX512,
		GELU: geluAVX512, GELUBackward: geluBackwardAVX512,
		LayerNorm: layerNormAVX512, LayerNormBackward: layerNormBackwardAVX512, AdamW: adamWAVX512,
		Round: roundAVX512, Widen: widenAVX512,
		Words: wordsAVX512(),
		Bytes: bytesAVX512(),
	}
}
