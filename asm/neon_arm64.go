//go:build !purego

package asm

import "golang.org/x/sys/cpu"

// detectArch returns the NEON kernels.
func detectArch() []*Kernels[float32] {
	if !cpu.ARM64.HasASIMD {
		return nil
	}
	k := &Kernels[float32]{
		Name: "neon", MR: vectorMR, NR: vectorNR, Lanes: vectorNR,
		GemmTile: gemmTileVector, Transpose: transposeGeneric[float32], CopyRows: copyRowsVector,
		Add: addVector, Sub: subVector, Mul: mulVector, Scale: scaleVector, Axpy: axpyVector,
		Dot: dotVector, Sum: sumVector, SquaredDistance: squaredDistanceVector,
		Exp: expVector, Softmax: softmaxVector,
		SoftmaxBackward: softmaxBackwardVector, SoftmaxGrad: softmaxGradVector,
		GELU: geluVector, GELUBackward: geluBackwardVector,
		LayerNorm: layerNormVector, LayerNormBackward: layerNormBackwardVector, AdamW: adamWVector,
		FMALoop:   func(n int) float64 { return fmaLoopVector(n, 4) },
		attention: attentionVector(),
		BF16:      bf16NEON(), Int8: int8NEON(),
	}
	return []*Kernels[float32]{k.finish()}
}
