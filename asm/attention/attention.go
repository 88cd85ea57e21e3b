package asm

import "math"

// AttentionHead is one head of self-attention, Out = softmax(Q·Kᵀ/√Dim)·V, on matrices of Tokens rows of Dim elements that are
// read and written in place: rows of Q, K and V are Stride elements apart, those of Out OutStride. LSE [Tokens] is the
// log-sum-exp of each row of logits, from which the backward pass recomputes the probabilities.
//
// The logits are worked through in blocks, so that no Tokens × Tokens matrix is ever in memory (Rabe & Staats 2021; Dao et al. 2022).
type AttentionHead[F Float] struct {
	Tokens, Dim int
	Q, K, V     []F
	Stride      int
	Out         []F
	OutStride   int
	LSE         []F

	// BF16 rounds Q/√Dim, K, V and the weights exp(s − top) to bfloat16 before they are multiplied, in the forward pass alone and
	// where there are instructions for it (AVX512_BF16): without them rounding would cost time and gain none, so nothing is
	// rounded. Sums and softmax stay as they are. Element type float32 only.
	BF16 bool
}

func (h *AttentionHead[F]) scale() F { return F(1 / math.Sqrt(float64(h.Dim))) }

// attentionKernels are the inner loops of attention and the sizes of the blocks that suit them.
type attentionKernels[F Float] struct {
	width   int // columns of a panel
	queries int // rows of a block of logits
	keys    int // and its columns, whole panels

	// product multiplies a block of rows by panels.
	product func(p panelProduct[F])

	// softmax is a step of the online softmax on rows of n logits, lds apart. Row r has met logits of maximum top[r], whose
	// sum of exp(s − top) is sum[r]; before the first block these are the lowest float32 (not −∞, as −∞ less −∞ is NaN)
	// and 0. With m the maximum of top[r] and the row:
	//
	//	alpha[r] = exp(top[r] − m);  s = exp(s − m);  sum[r] = alpha[r]·sum[r] + Σ s;  top[r] = m
	//
	// The three slices have room for a multiple of sixteen rows.
	softmax func(s []F, lds, rows, n int, top, sum, alpha []F)

	// scale computes rows of n elements, dst = factors[r]·src, or factors[0] for all when it is the only one; dst may be src.
	scale func(dst []F, ldd int, src []F, lds, rows, n int, factors []F)

	// grad turns logits and gradients of probabilities into probabilities and gradients of logits, row r of n columns:
	//
	//	s = exp(s − lse[r]);  dp = s·(dp − delta[r])
	grad func(s, dp []F, ld, rows, n int, lse, delta []F)

	// transpose writes the matrix src [rows, columns], rows ≤ width, as dst [columns, width].
	transpose func(dst, src []F, stride, rows, columns int)

	// bf16 is nil where there are no instructions for bfloat16.
	bf16 *attentionBF16Kernels[F]
}

// panelProduct is C (+)= A·B, A [m, k], B [k, n], C [m, n], all of at least one row and column. Element (i, p) of A is
// a[i·rs + p·ps]: one stride is 1. B lies in panels: columns q·width… are the rows of length width at b[q·panel].
type panelProduct[F Float] struct {
	m, n, k    int
	a          []F
	rs, ps     int
	b          []F
	panel      int
	c          []F
	ldc        int
	accumulate bool
}

// AttentionQueries is the number of queries that attention works on at a time: a good place to cut a head.
func (k *Kernels[F]) AttentionQueries() int { return k.attention.queries }

// AttentionKeys is the number of keys that attention works on at a time.
func (k *Kernels[F]) AttentionKeys() int { return k.attention.keys }

// columnPanels is the room for the panels of a matrix of the given rows and columns.
func (a *attentionKernels[F]) columnPanels(rows, columns int) int {
	return roundUp(columns, a.width) * rows
}

// packTransposed packs the transpose of src [rows, columns]: panels of columns rows each. What lies beyond the last
// column stays undefined, as nobody keeps what is computed from it.
func (a *attentionKernels[F]) packTransposed(dst, src []F, stride, rows, columns int) {
	for r := 0; r < rows; r += a.width {
		a.transpose(dst[r*columns:], src[r*stride:], stride, min(a.width, rows-r), columns)
	}
}

// packRows packs factor[0]·src [rows, columns] into panels of as many rows, a block at a time to keep calls short.
func (a *attentionKernels[F]) packRows(dst, src []F, stride, rows, columns int, factor []F) {
	for q := 0; q < columns; q += a.width {
		for r := 0; r < rows; r += a.keys {
			a.scale(dst[q*rows+r*a.width:], a.width, src[r*stride+q:], stride, min(a.keys, rows-r), min(a.width, columns-q), factor)
		}
	}
}

// carver cuts scratch memory into slices that begin at cache lines. With nil memory it only counts.
type carver[F Float] struct {
	memory []F
	used   int
}

func (c *carver[F]) take(n int) []F {
	from := c.used
	c.used += roundUp(n, 16)
	if c.memory == nil {
		return nil
	}
	return c.memory[from : from+n]
}
