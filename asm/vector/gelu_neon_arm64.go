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
		GemmStrip: tileByTile(vectorNR, gemmTileVector), Transpose: transpose[float32], CopyRows: copyRowsGeneric[float32],
		Add: addVector, Sub: subVector, Mul: mulVector, Scale: scaleVector, Axpy: axpyVector,
		Dot: dotVector, Sum: sumVector, SquaredDistance: squaredDistanceVector,
		Exp: expVector, Softmax: softmaxVector,
		SoftmaxBackward: softmaxBackwardVector, SoftmaxGrad: softmaxGradVector,
		GELU: geluNEON, GELUBackward: geluBackwardNEON,
		LayerNorm: layerNormVector, LayerNormBackward: layerNormBackwardVector, AdamW: adamWVector,
		FMALoop:   func(n int) float64 { return fmaLoopVector(n, 4) },
		attention: attentionKernels[float32]{softmax: onlineSoftmaxVector},
		BF16:      bf16NEON(), Int8: int8NEON(),
	}
	return []*Kernels[float32]{k.finish()}
}

//go:noescape
func geluAsm(dst, x *float32, n int)

//go:noescape
func geluBackwardAsm(dx, x, dy *float32, n int)

func geluNEON(dst, x []float32) {
	x = x[:len(dst)]
	if i := vectors(len(dst), func(i, n int) { geluAsm(&dst[i], &x[i], n) }); i < len(dst) {
		px := pad(x[i:])
		geluAsm(&px[0], &px[0], 8)
		copy(dst[i:], px[:])
	}
}

func geluBackwardNEON(dx, x, dy []float32) {
	x, dy = x[:len(dx)], dy[:len(dx)]
	if i := vectors(len(dx), func(i, n int) { geluBackwardAsm(&dx[i], &x[i], &dy[i], n) }); i < len(dx) {
		px, py := pad(x[i:]), pad(dy[i:])
		geluBackwardAsm(&px[0], &px[0], &py[0], 8)
		copy(dx[i:], px[:])
	}
}
