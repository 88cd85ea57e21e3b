//go:build !purego

package asm

import "golang.org/x/sys/cpu"

// detectArch returns the NEON kernels. GELU, layer norm and AdamW are those of plain Go.
func detectArch() []*Kernels[float32] {
	if !cpu.ARM64.HasASIMD {
		return nil
	}
	k := &Kernels[float32]{
		Name: "neon", MR: vectorMR, NR: vectorNR, Lanes: vectorNR,
		GemmTile: gemmTileVector, Transpose: transpose[float32], CopyRows: copyRowsGeneric[float32],
		Add: addVector, Sub: subVector, Mul: mulVector, Scale: scaleVector, Axpy: axpyVector,
		Dot: dotVector, Sum: sumVector, Exp: expVector, Softmax: softmaxVector, SoftmaxBackward: softmaxBackwardVector,
		GELU: geluGeneric[float32], GELUBackward: geluBackwardGeneric[float32],
		LayerNorm: layerNormGeneric[float32], LayerNormBackward: layerNormBackwardGeneric[float32],
		AdamW:   adamWGeneric[float32],
		FMALoop: func(n int) float64 { return fmaLoopVector(n, 4) },
	}
	return []*Kernels[float32]{k.finish()}
}
