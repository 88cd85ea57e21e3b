package autograd

import (
	"fmt"
	"math"

	"mien/engine"
)

// Attention is multi-head scaled dot-product self-attention, softmax(Q·Kᵀ/√d)·V (Vaswani et al. 2017, equation 1). qkv
// [batch, tokens, 3·heads·d] packs q, k and v of all heads, as one linear layer makes them; the result is
// [batch, tokens, heads·d]. No tokens × tokens matrix is ever in memory: backward recomputes it in blocks from the log-sum-exp of each row.
//
// With P the probabilities and S the logits: dV = Pᵀ·dO, dP = dO·Vᵀ, dS = P∘(dP − Σ P·dP), dQ = dS·K/√d, dK = dSᵀ·Q/√d
func Attention(qkv *Value, heads int) *Value {
	o := begin("Attention", qkv)
	batch, tokens, d := attentionShape("Attention", qkv, heads)
	if o.tape.Attended != nil {
		_, probabilities := AttentionComposed(Widened(qkv), heads)
		o.tape.Attended(probabilities)
	}
	out, lse := o.new(batch, tokens, heads*d), o.temp(o.newSums(batch, heads, tokens))
	args := engine.AttentionArgs{QKV: qkv.data, Out: out, LSE: lse, Batch: batch, Tokens: tokens, Heads: heads, HeadDim: d,
		Precision: o.tape.Precision}
	o.be.Attention(args)
	return o.result(out, func(dy *engine.Tensor) {
		qkv.accumulateNew("Attention", func(g *engine.Tensor) {
			o.be.AttentionBackward(args, engine.AttentionGrads{DOut: dy, DQKV: g})
		})
	}, qkv.data, out, lse)
}

// AttentionComposed is Attention from small ops: the readable reference for the fused kernel, and the way to see the
// probabilities [batch, heads, tokens, tokens], its second result.
func AttentionComposed(qkv *Value, heads int) (out, probabilities *Value) {
	batch, tokens, d := attentionShape("AttentionComposed", qkv, heads)
	split := Permute(Reshape(qkv, batch, tokens, 3, heads, d), 2, 0, 3, 1, 4) // [3, batch, heads, tokens, d]
	part := func(i int) *Value { return Reshape(Slice(split, 0, i, i+1), batch, heads, tokens, d) }
	o, probabilities := Attend(Scale(part(0), 1/math.Sqrt(float64(d))), part(1), part(2))
	return Reshape(Permute(o, 0, 2, 1, 3), batch, tokens, heads*d), probabilities
}

// Attend lets queries q [..., n, d], which are scaled already, attend to tokens of keys k [..., tokens, d] and values v [..., tokens, e]:
// softmax(q·kᵀ)·v [..., n, e], and the probabilities [..., n, tokens].
func Attend(q, k, v *Value) (out, probabilities *Value) {
	probabilities = Softmax(MatMul(q, k, false, true))
	return MatMul(probabilities, v, false, false), probabilities
}

func attentionShape(op string, qkv *Value, heads int) (batch, tokens, headDim int) {
	shape := qkv.Shape()
	if len(shape) != 3 || heads < 1 || shape[2]%(3*heads) != 0 {
		panic(&engine.ShapeError{Op: op, Got: shape, Want: fmt.Sprintf("[batch, tokens, 3·%d·d]", heads)})
	}
	return shape[0], shape[1], shape[2] / (3 * heads)
}
