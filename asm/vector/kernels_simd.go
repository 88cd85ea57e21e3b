//go:build !purego && (amd64 || arm64)

package vector

import "mien/asm/internal/kernel"

// vectors calls fn on parts of at most kernel.MaxElements, as many whole vectors as n has, and returns where the rest begins.
func vectors(n int, fn func(from, n int)) (rest int) {
	rest = n &^ 7
	for from := 0; from < rest; from += kernel.MaxElements {
		fn(from, min(kernel.MaxElements, rest-from))
	}
	return rest
}

// pad fills up the last, incomplete vector of a slice with zeros.
func pad(x []float32) (v [8]float32) {
	copy(v[:], x)
	return v
}

// simd are the kernels that AVX2 and NEON share: all but GELU.
func simd() *Kernels[float32] {
	return &Kernels[float32]{
		Add: addSIMD, Sub: subSIMD, Mul: mulSIMD, Scale: scaleSIMD, Axpy: axpySIMD,
		Dot: dotSIMD, Sum: sumSIMD, SquaredDistance: squaredDistanceSIMD,
		Exp: expSIMD, Softmax: softmaxSIMD,
		SoftmaxBackward: softmaxBackwardSIMD, SoftmaxGrad: softmaxGradSIMD,
		OnlineSoftmax: onlineSoftmaxSIMD, ScaleRows: scaleRows(scaleSIMD), LogitGrad: logitGrad(expSIMD, softmaxGradSIMD),
		LayerNorm: layerNormSIMD, LayerNormBackward: layerNormBackwardSIMD, AdamW: adamWSIMD,
	}
}
