// Package asm chooses among the implementations of mien's numeric kernels: functions on slices, each in plain Go and, where it pays, in
// hand-written assembly. They are independent of tensors, threads and gradients. Each family has a package:
//
//   - [mien/asm/vector]: elementwise functions, reductions, functions of a row
//   - [mien/asm/gemm]: products of matrices
//   - [mien/asm/attention]: heads of self-attention and their gradients
//   - [mien/asm/quantized]: products at bfloat16 and int8
//
// One implementation of every kernel is a [Kernels] value. The reference implementation in plain Go, "generic", is written once for
// float32 and float64: assembly is tested against it at float32, and gradient checks run on it at float64. Assembly exists for
// float32, bfloat16 and int8 only.
//
// Matrix products and attention are drivers in plain Go around an inner loop that is a kernel. All of them can be split among threads,
// and the results do not depend on where they are split, bit for bit.
//
// The best implementation that the CPU has is chosen when the program starts. The environment variable
// MIEN_KERNELS (generic, avx2, avx512, neon) forces one; tests switch with [Use]. The build tag purego excludes
// assembly.
package asm

import (
	"mien/asm/attention"
	"mien/asm/gemm"
	"mien/asm/internal/kernel"
	"mien/asm/quantized"
	"mien/asm/vector"
)

// Float is the element type of a kernel.
type Float = kernel.Float

// Kernels is one implementation of every kernel. The kernels of each family are its own: k.Add, k.Gemm, k.Attention.
type Kernels[F Float] struct {
	Name string // generic, avx2, avx512, neon

	VectorKernels[F]
	*GemmKernels[F]
	*AttentionKernels[F]

	// BF16 and Int8 multiply at low precision; there are none at float64.
	BF16, Int8 *quantized.Kernels
}

// The kernels of the families, under names by which they can be embedded together.
type (
	VectorKernels[F Float]    = vector.Kernels[F]
	GemmKernels[F Float]      = gemm.Kernels[F]
	AttentionKernels[F Float] = attention.Kernels[F]
)

// newKernels returns the float32 kernels of an instruction set, which the CPU must have.
func newKernels(set kernel.Set) *Kernels[float32] {
	v := vector.New(set)
	g := gemm.New(set, v)
	return &Kernels[float32]{Name: string(set), VectorKernels: *v, GemmKernels: g, AttentionKernels: attention.New(set, v, g),
		BF16: quantized.NewBF16(set, v), Int8: quantized.NewInt8(set, v)}
}

// reference is plain Go for any float type.
func reference[F Float]() *Kernels[F] {
	v := vector.Reference[F]()
	g := gemm.Reference(v)
	return &Kernels[F]{Name: string(kernel.Generic), VectorKernels: *v, GemmKernels: g, AttentionKernels: attention.Reference(v, g)}
}
