//go:build !purego && (amd64 || arm64)

package vector

import "mien/asm/internal/kernel"

// chunks calls fn on n elements, at most kernel.MaxElements at a time.
func chunks(n int, fn func(from, n int)) {
	for from := 0; from < n; from += kernel.MaxElements {
		fn(from, min(kernel.MaxElements, n-from))
	}
}

// vectors calls fn on chunks of as many whole vectors as n elements fill, and returns where the rest begins.
func vectors(n int, fn func(from, n int)) (rest int) {
	rest = n &^ 7
	chunks(rest, fn)
	return rest
}

// pad fills up the last, incomplete vector of a slice with zeros.
func pad(x []float32) (v [8]float32) {
	copy(v[:], x)
	return v
}

// simd are the kernels of AVX2 and of NEON.
func simd() *Kernels[float32] {
	return &Kernels[float32]{
		Add: addSIMD, Sub: subSIMD, Mul: mulSIMD, Maximum: maximumSIMD, MulAdd: mulAddSIMD, Scale: scaleSIMD, Axpy: axpySIMD,
		Dot: dotSIMD, Sum: sumSIMD, SquaredDistance: squaredDistanceSIMD,
		Exp: expSIMD, Softmax: softmaxSIMD,
		SoftmaxBackward: softmaxBackwardSIMD, SoftmaxGrad: softmaxGradSIMD,
		OnlineSoftmax: onlineSoftmaxSIMD, LogSumExp: logSumExpReference[float32], ScaleRows: scaleRows(scaleSIMD),
		LogitGrad: logitGrad(expSIMD, softmaxGradSIMD),
		GELU:      geluSIMD, GELUBackward: geluBackwardSIMD,
		LayerNorm: layerNormSIMD, LayerNormBackward: layerNormBackwardSIMD, AdamW: adamWSIMD,
		Round: roundSIMD, Widen: widenSIMD,
	}
}
