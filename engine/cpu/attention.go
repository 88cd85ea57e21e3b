package cpu

import (
	"runtime"

	"mien/asm"
	"mien/asm/attention"
	"mien/engine"
)

func (c *Backend) Attention(a engine.AttentionArgs) {
	defer c.timed("Attention", attentionFLOPs(&a), a.QKV, a.Out)()
	c.checkAttention("Attention", &a, a.Out)
	pick(a.LSE, attend[float32], attend[float64])(c, a)
}

// checkAttention panics unless all operands have the dtype of QKV and, where that is BFloat16, may have it; LSE then is Float32.
func (c *Backend) checkAttention(op string, a *engine.AttentionArgs, operands ...*engine.Tensor) {
	known(op, a.Precision, engine.Int8)
	sameDType(op, a.QKV, operands...)
	sums := a.QKV.DType()
	if sums == engine.BFloat16 {
		if a.Precision == engine.Full || !c.narrow(a.QKV) {
			panic(unsupported(op, sums))
		}
		sums = engine.Float32
	}
	if a.LSE.DType() != sums {
		panic(&engine.ShapeError{Op: op, Got: a.LSE.DType(), Want: sums})
	}
}

// attend splits the work by blocks of queries of all heads.
func attend[F asm.Float](c *Backend, a engine.AttentionArgs) {
	k := kernels[F]()
	size := k.AttentionScratch(a.Tokens, a.HeadDim)
	overHeads(c, a, k.AttentionQueries(), size, func(head, next, lo, hi int, scratch []F) {
		h := attentionHead[F](a, head)
		if next != head {
			following := attentionHead[F](a, next)
			h.Ahead = k.AheadOf(&following)
		}
		k.PackAttention(&h, scratch)
		k.Attention(&h, scratch, lo, hi)
	})
}

func (c *Backend) AttentionBackward(a engine.AttentionArgs, g engine.AttentionGrads) {
	defer c.timed("AttentionBackward", 2.5*attentionFLOPs(&a), a.QKV, a.Out, g.DOut, g.DQKV)()
	known("AttentionBackward", a.Precision, engine.BF16)
	c.checkAttention("AttentionBackward", &a, a.Out, g.DOut, g.DQKV)
	pick(a.LSE, attentionBackward[float32], attentionBackward[float64])(c, a, g)
}

// attentionBackward splits the work by heads or, where that would leave too many threads idle, by blocks of queries for dQ
// and then by blocks of keys for dK and dV. A whole head takes five products of matrices; in blocks it takes
// seven, as both recompute the probabilities and their gradients. The bits are the same.
func attentionBackward[F asm.Float](c *Backend, a engine.AttentionArgs, g engine.AttentionGrads) {
	k := kernels[F]()
	size := k.AttentionGradScratch(a.Tokens, a.HeadDim)
	grads := a // laid out like the operands
	grads.QKV, grads.Out = g.DQKV, g.DOut
	at := func(head int) (attention.Head[F], attention.Grads[F]) {
		d := attentionHead[F](grads, head)
		return attentionHead[F](a, head), attention.Grads[F]{DOut: d.Out, DQ: d.Q, DK: d.K, DV: d.V}
	}
	heads, threads := a.Batch*a.Heads, runtime.GOMAXPROCS(0)
	rounds := ceilDiv(heads, threads)
	if a.Tokens <= k.AttentionKeys() || 5*rounds*threads <= 7*heads {
		overHeads(c, a, max(a.Tokens, 1), size, func(head, next, _, _ int, scratch []F) {
			h, dh := at(head)
			if next != head {
				following, gradsFollowing := at(next)
				h.Ahead = k.AheadOfGrad(&following, &gradsFollowing)
			}
			k.PackAttentionGrad(&h, &dh, scratch)
			k.AttentionGrad(&h, &dh, scratch)
		})
		return
	}
	overHeads(c, a, k.AttentionQueries(), size, func(head, _, lo, hi int, scratch []F) {
		h, dh := at(head)
		k.PackAttentionGrad(&h, &dh, scratch)
		k.AttentionQueryGrad(&h, &dh, scratch, lo, hi)
	})
	overHeads(c, a, k.AttentionKeys(), size, func(head, _, lo, hi int, scratch []F) {
		h, dh := at(head)
		k.PackAttentionGrad(&h, &dh, scratch)
		k.AttentionKeyGrad(&h, &dh, scratch, lo, hi)
	})
}

// overHeads lays the blocks of tokens of all heads in one row, cuts it into a part for each goroutine, and calls fn for the tokens
// lo ≤ i < hi of every head that a part touches, with the head that comes next in it, itself for the last, and scratch of the given size.
func overHeads[F asm.Float](c *Backend, a engine.AttentionArgs, block, size int, fn func(head, next, lo, hi int, scratch []F)) {
	each := ceilDiv(a.Tokens, block)
	n, work := a.Batch*a.Heads*each, min(block, a.Tokens)*a.Tokens*a.HeadDim
	parts := threadsFor(n, 1+gemmGrain/max(work, 1))
	memory := engine.New(c, a.LSE.DType(), parts, size)
	defer memory.Free()
	scratch := host[F](memory)
	do(parts, func(p int) {
		from, to := n*p/parts, n*(p+1)/parts
		for from < to {
			head := from / each
			end := min(to, (head+1)*each)
			fn(head, min(head+1, (to-1)/each), (from-head*each)*block, min((end-head*each)*block, a.Tokens), scratch[p*size:(p+1)*size])
			from = end
		}
	})
}

// attentionHead finds a head, counted through the batch, in the packed projection [batch, tokens, 3, heads, d].
func attentionHead[F asm.Float](a engine.AttentionArgs, head int) attention.Head[F] {
	width := a.Heads * a.HeadDim
	row, column := head/a.Heads*a.Tokens, head%a.Heads*a.HeadDim
	q := elements[F](a.QKV, row*3*width+column)
	return attention.Head[F]{Tokens: a.Tokens, Dim: a.HeadDim, Q: q, K: q.From(width), V: q.From(2 * width), Stride: 3 * width,
		Out: elements[F](a.Out, row*width+column), OutStride: width, LSE: host[F](a.LSE)[head*a.Tokens : (head+1)*a.Tokens],
		BF16: a.Precision != engine.Full, Int8: a.Precision == engine.Int8}
}

// elements returns those of a tensor from an offset on.
func elements[F asm.Float](t *engine.Tensor, offset int) attention.Elements[F] {
	if t.DType() == engine.BFloat16 {
		return attention.Elements[F]{BF16: host[uint16](t)[offset:]}
	}
	return attention.Elements[F]{Float: host[F](t)[offset:]}
}
