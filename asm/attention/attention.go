// Package attention computes heads of self-attention and their gradients in blocks (forward.go, backward.go), around inner loops that are
// kernels (kernels*.go); at bfloat16 and int8, bf16.go, int8.go and the files that begin or end so. Files end as in package vector.
package attention

import (
	"math"

	"mien/asm/internal/kernel"
)

// Head is one head of self-attention, Out = softmax(Q·Kᵀ/√Dim)·V, on matrices of Tokens rows of Dim elements that are
// read and written in place: rows of Q, K and V are Stride elements apart, those of Out OutStride. LSE [Tokens] is the
// log-sum-exp of each row of logits, from which the backward pass recomputes the probabilities.
//
// The logits are computed in blocks, so that no Tokens × Tokens matrix is ever in memory (Rabe & Staats 2021; Dao et al. 2022).
type Head[F kernel.Float] struct {
	Tokens, Dim int
	Q, K, V     Elements[F]
	Stride      int
	Out         Elements[F]
	OutStride   int
	LSE         []F

	// BF16 rounds all operands of products to bfloat16, if the CPU has instructions for it (AVX512_BF16): Q, K, V, dO, the
	// probabilities, or their multiples exp(s − top), and the gradients of logits. Without them rounding would only cost time, so nothing
	// is rounded. Sums and softmax stay at full precision. Element type float32 only. A backward pass recomputes the probabilities of the
	// forward pass, and must be asked for the same. With the instructions, Q, K, V and Out, and then the gradients, may be bfloat16 in memory.
	BF16 bool

	// Int8 quantises the operands of the forward pass, if the CPU has instructions for it (AVX512_VNNI) and they are floats in memory; BF16
	// then says nothing about it. Queries and keys have a scale a row, values one a column, and the multiples exp(s − top) of probabilities
	// are 255ths. A head with NaN or ±∞ among its keys gets NaN, a row with them among its queries, and a column among the values.
	Int8 bool

	// Ahead is what the next head needs of memory, of which each product takes a part.
	Ahead Ahead
}

// Elements are numbers in memory, floats or bfloat16: one of both is nil.
type Elements[F kernel.Float] struct {
	Float []F
	BF16  []uint16
}

// From returns the elements from i on.
func (e Elements[F]) From(i int) Elements[F] {
	return Elements[F]{kernel.Tail(e.Float, i), kernel.Tail(e.BF16, i)}
}

func (h *Head[F]) scale() F { return F(1 / math.Sqrt(float64(h.Dim))) }

// AttentionQueries is the number of queries that attention processes at a time: a head is best cut at multiples of it.
func (k *Kernels[F]) AttentionQueries() int { return k.queries }

// AttentionKeys is the number of keys that attention processes at a time.
func (k *Kernels[F]) AttentionKeys() int { return k.keys }

// columnPanels is the number of elements in the panels of a matrix of the given rows and columns.
func (k *Kernels[F]) columnPanels(rows, columns int) int {
	return kernel.RoundUp(columns, k.width) * rows
}

// packTransposed packs the transpose of src [rows, columns]: panels of columns rows each. Elements beyond the last
// column stay undefined, as results computed from them are discarded.
func (k *Kernels[F]) packTransposed(dst, src []F, stride, rows, columns int) {
	for r := 0; r < rows; r += k.width {
		k.gemm.Transpose(dst[r*columns:], k.width, src[r*stride:], stride, min(k.width, rows-r), columns)
	}
}

// packRows packs factor[0]·src [rows, columns] into panels of as many rows, a block at a time to keep calls short.
func (k *Kernels[F]) packRows(dst, src []F, stride, rows, columns int, factor []F) {
	for q := 0; q < columns; q += k.width {
		for r := 0; r < rows; r += k.keys {
			k.vector.ScaleRows(dst[q*rows+r*k.width:], k.width, src[r*stride+q:], stride, min(k.keys, rows-r), min(k.width, columns-q), factor)
		}
	}
}

// carver cuts scratch memory into slices that begin at cache lines. With nil memory it only counts.
type carver[F kernel.Float] struct {
	memory []F
	used   int
}

func (c *carver[F]) take(n int) []F {
	from := c.used
	c.used += kernel.RoundUp(n, 16)
	if c.memory == nil {
		return nil
	}
	return c.memory[from : from+n]
}
