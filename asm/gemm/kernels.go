// Package gemm multiplies matrices: a driver that cuts them into blocks for the caches (driver.go), packing (pack*.go), and kernels that
// compute a register tile (tile*). File name endings are those of package vector.
package gemm

import (
	"mien/asm/internal/kernel"
	"mien/asm/vector"
)

// Kernels is one implementation of matrix products. [Kernels.Gemm] is made of the kernels in its fields.
type Kernels[F kernel.Float] struct {
	Name string // of the set that it belongs to

	// MR and NR are the rows and columns of the largest tile, whose sums are in registers. A packed panel has NR columns, or for
	// the last columns of a matrix the next multiple of Lanes.
	MR, NR, Lanes int

	// Strips computes strips of C.
	Strips Strips[F]

	// Transpose writes the matrix src [rows, columns] as dst [columns, rows]; ld is the distance between rows. Some elements of dst are
	// written twice, so it may not overlap src.
	Transpose func(dst []F, ldd int, src []F, lds, rows, columns int)
	// CopyRows copies a matrix [rows, columns]. It may set up to Lanes − 1 elements after each row of dst to zero.
	CopyRows func(dst []F, ldd int, src []F, lds, rows, columns int)

	// FMALoop runs n rounds of independent multiply-adds on registers alone and returns the number of floating-point
	// operations: the FMA peak, against which GEMM is measured.
	FMALoop func(n int) (flops float64)

	vector   *vector.Kernels[F] // for the epilogue
	blocking blocking
	scratch  kernel.FreeList[scratch[F]]
}

// Strips computes strips of C = A·B + addends, one below the other and tile after tile, for 1 ≤ rows ≤ MR of each and at least one column
// and step:
//
//	for i < strips*rows, j < columns:
//		s := 0
//		for p < k: s += a[i*lda+p] * op(B)[p][j]
//		for each addend: s += x[(row+i)*ld+column+j]
//		c[i*ldc+j] = s
//
// A is read in place, row-major; b holds panels of op(B), one after the other. add is undefined afterwards. Meanwhile a kernel may fetch
// into L2 what is ahead.
type Strips[F kernel.Float] func(strips, rows, columns, k int, a []F, lda int, b, c []F, ldc int, add *Addends[F], ahead []F)

// New returns the kernels of an instruction set, which the CPU must have; v are its kernels on slices.
func New(set kernel.Set, v *vector.Kernels[float32]) *Kernels[float32] {
	if set == kernel.Generic {
		return Reference(v)
	}
	return assembly(set).complete(set, v)
}

// Reference is plain Go for any float type.
func Reference[F kernel.Float](v *vector.Kernels[F]) *Kernels[F] {
	k := &Kernels[F]{
		MR: referenceMR, NR: referenceNR, Lanes: referenceNR, Strips: stripsReference[F],
		Transpose: transposeReference[F], CopyRows: copyRowsReference[F], FMALoop: peakReference[F],
	}
	return k.complete(kernel.Generic, v)
}

// complete fills in the fields that do not depend on the tile alone.
func (k *Kernels[F]) complete(set kernel.Set, v *vector.Kernels[F]) *Kernels[F] {
	k.Name, k.vector, k.blocking = string(set), v, newBlocking[F](k.MR, k.NR)
	return k
}

// Transpose returns the Transpose of an instruction set, for words of other formats.
func Transpose(set kernel.Set) func(dst []float32, ldd int, src []float32, lds, rows, columns int) {
	if set == kernel.Generic {
		return transposeReference[float32]
	}
	return assembly(set).Transpose
}

// FMALoop returns the FMALoop of an instruction set in assembly, for products of other formats that multiply in float32.
func FMALoop(set kernel.Set) func(n int) (flops float64) { return assembly(set).FMALoop }
