package attention

import (
	"mien/asm/gemm"
	"mien/asm/internal/kernel"
	"mien/asm/vector"
)

// Kernels is one implementation of attention: the sizes of its blocks and a matrix product to match. Operations on the rows of a
// block are those of package vector.
type Kernels[F kernel.Float] struct {
	vector *vector.Kernels[F]
	gemm   *gemm.Kernels[F]

	width   int // columns of a panel
	queries int // rows of a block of logits
	keys    int // and its columns, whole panels

	// product multiplies a block of rows by panels.
	product func(p panelProduct[F])

	// bf16 is nil on a CPU without instructions for bfloat16.
	bf16 *bf16Kernels[F]

	// int8 is nil on a CPU without AVX512_VNNI.
	int8 *int8Kernels[F]

	scratch kernel.FreeList[productScratch[F]]
}

// panelProduct is C (+)= A·B, A [m, k], B [k, n], C [m, n], all of at least one row and column. Element (i, p) of A is
// a[i·rs + p·ps]: one stride is 1. B lies in panels: columns q·width… are the rows of length width at b[q·panel]. What is ahead may be
// fetched meanwhile.
type panelProduct[F kernel.Float] struct {
	m, n, k    int
	a          []F
	rs, ps     int
	b          []F
	panel      int
	c          []F
	ldc        int
	accumulate bool
	ahead      lines
}

// New returns the kernels of an instruction set, which the CPU must have; v and g are its kernels on slices and for products.
func New(set kernel.Set, v *vector.Kernels[float32], g *gemm.Kernels[float32]) *Kernels[float32] {
	if set == kernel.AVX512 {
		return avx512(v, g)
	}
	return Reference(v, g)
}

// Reference multiplies with the given kernels of gemm: with the reference implementation it is plain Go, for any float type; AVX2
// and NEON use it with theirs.
func Reference[F kernel.Float](v *vector.Kernels[F], g *gemm.Kernels[F]) *Kernels[F] {
	const keys = 256
	k := &Kernels[F]{vector: v, gemm: g, width: g.NR, queries: 48, keys: kernel.RoundUp(keys, g.NR)}
	k.product = k.productReference
	return k
}
