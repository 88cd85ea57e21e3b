package attention

import (
	"math"

	"mien/asm/internal/kernel"
)

// The forward pass with products of bytes. Queries and keys have a scale a row, so a logit is a sum of whole numbers times two scales: that
// of the key is in the block of logits, that of the query and 1/√d come with the exponent. Weights exp(s − top) are whole numbers of 255ths,
// and the sum that divides the result is theirs. Values have a scale a column.

// int8Forward is the working memory of the forward pass of one head with operands in int8. Words unless said otherwise.
type int8Forward[F kernel.Float] struct {
	keys            []F // panels of Kᵀ
	values          []F // panels of V
	keyScales       []F // float32
	starts          []F // int32, of keys
	valueScales     []F // float32, over 255
	tops, inverse   []F // float32, of columns of V
	zeros           []F
	factor          []F // float32: 1/√d, or NaN if a key is not finite
	words           []F // a block of queries, or rows of keys
	weights         []F // a block of them
	logits, out     []F // float32
	scales, unused  []F // float32, of queries
	top, sum, alpha []F // float32, of each row of the block
}

func (k *Kernels[F]) int8Forward(memory []F, tokens, dim int) (s int8Forward[F], used int) {
	c := carver[F]{memory: memory}
	rows, wide := kernel.RoundUp(tokens, k.width), kernel.RoundUp(dim, k.width)
	s.keys, s.values = c.take(rows*quarter(dim)), c.take(wide*quarter(tokens))
	s.keyScales, s.starts = c.take(rows), c.take(rows)
	s.valueScales, s.tops, s.inverse, s.zeros = c.take(wide), c.take(wide), c.take(wide), c.take(wide)
	s.factor = c.take(1)
	s.words = c.take(max(k.queries, k.width) * quad(dim))
	s.weights, s.logits = c.take(k.queries*k.keys/4), c.take(k.queries*k.logitStride())
	s.out = c.take(k.queries * wide)
	s.scales, s.unused = c.take(k.queries), c.take(k.queries)
	s.top, s.sum, s.alpha = c.take(k.queries), c.take(k.queries), c.take(k.queries)
	return s, c.used
}

// packInt8 is PackAttention.
func (k *Kernels[F]) packInt8(h *Head[F], scratch []F) {
	s, _ := k.int8Forward(scratch, h.Tokens, h.Dim)
	ld, depth, sum := quad(h.Dim), quarter(h.Dim), F(0)
	for r := 0; r < h.Tokens; r += k.width {
		n := min(k.width, h.Tokens-r)
		k.int8.rows(s.words, ld, h.K.Float[r*h.Stride:], h.Stride, n, h.Dim, 0, s.keyScales[r:], s.starts[r:])
		k.gemm.Transpose(s.keys[r*depth:], k.width, s.words, ld, n, depth)
		sum += k.vector.Sum(s.keyScales[r : r+n])
	}
	s.factor[0] = h.scale() + 0*sum
	clear(s.zeros)
	clear(s.tops)
	for q := 0; q < h.Dim; q += k.width {
		n := min(k.width, h.Dim-q)
		for r := 0; r < h.Tokens; r += k.keys {
			k.int8.tops(s.tops[q:], h.V.Float[r*h.Stride+q:], h.Stride, min(k.keys, h.Tokens-r), n)
		}
	}
	columnScales(s.valueScales, s.inverse, s.tops, mostWeight)
	for q := 0; q < h.Dim; q += k.width {
		n := min(k.width, h.Dim-q)
		for r := 0; r < h.Tokens; r += k.keys {
			to := s.values[q*quarter(h.Tokens)+r/4*k.width:]
			k.int8.pack(to, h.V.Float[r*h.Stride+q:], h.Stride, min(k.keys, h.Tokens-r), n, s.inverse[q:])
		}
	}
}

// inInt8 is Attention.
func (k *Kernels[F]) inInt8(h *Head[F], scratch []F, lo, hi int) {
	s, _ := k.int8Forward(scratch, h.Tokens, h.Dim)
	for i := lo; i < hi; i += k.queries {
		k.attendInt8(h, &s, i, min(k.queries, hi-i))
	}
}

// attendInt8 is attend. Logits come without the scale of their row, so top is scaled at the end.
func (k *Kernels[F]) attendInt8(h *Head[F], s *int8Forward[F], i, rows int) {
	k.int8.rows(s.words, quad(h.Dim), h.Q.Float[i*h.Stride:], h.Stride, rows, h.Dim, allZeroes, s.scales, s.unused)
	k.vector.Scale(s.scales[:rows], s.scales[:rows], s.factor[0])
	for r := range rows {
		s.top[r], s.sum[r] = F(-math.MaxFloat32/2), 0
	}
	for j := 0; j < h.Tokens; j += k.keys {
		n := min(k.keys, h.Tokens-j)
		k.int8Logits(h, s, rows, j, n)
		k.vector.Bytes.OnlineSoftmax(s.weights, k.keys/4, s.logits, k.logitStride(), rows, n, s.scales, s.top, s.sum, s.alpha)
		k.int8Mix(h, s, rows, j, n)
	}
	k.vector.Mul(s.top[:rows], s.top[:rows], s.scales[:rows])
	k.vector.LogSumExp(h.LSE[i:i+rows], s.alpha[:rows], s.top[:rows], s.sum[:rows], 1)
	wide := kernel.RoundUp(h.Dim, k.width)
	k.vector.ScaleRows(h.Out.Float[i*h.OutStride:], h.OutStride, s.out, wide, rows, h.Dim, s.alpha[:rows])
}

// int8Logits computes a block of logits, not yet times the scales of their rows, of the queries in s.words.
func (k *Kernels[F]) int8Logits(h *Head[F], s *int8Forward[F], rows, j, n int) {
	depth := quarter(h.Dim)
	k.int8.product(int8Product[F]{m: rows, n: n, k: depth, a: s.words, lda: quad(h.Dim), b: s.keys[j*depth:], panel: depth * k.width,
		c: s.logits, ldc: k.logitStride(), start: s.starts[j:], scales: s.keyScales[j:]})
}

// int8Mix adds the values of a block of keys, with the weights in s.weights, to what s.out has of the blocks before.
func (k *Kernels[F]) int8Mix(h *Head[F], s *int8Forward[F], rows, j, n int) {
	p := int8Product[F]{m: rows, n: h.Dim, k: quarter(n), a: s.weights, lda: k.keys / 4,
		b: s.values[j/4*k.width:], panel: quarter(h.Tokens) * k.width, c: s.out, ldc: kernel.RoundUp(h.Dim, k.width), start: s.zeros, scales: s.valueScales}
	if j > 0 {
		p.alpha = s.alpha
	}
	k.int8.product(p)
}
