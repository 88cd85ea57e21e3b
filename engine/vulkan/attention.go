//go:build vulkan

package vulkan

import (
	"math"

	"mien/engine"
)

// Attention never stores logits: a workgroup holds a tile of them at a time (shaders/attention.glsl). The backward pass computes them
// again, once for the gradients of keys and values and once for that of queries, so that no sum is shared between workgroups: seven
// products of matrices in place of five. All precisions multiply in float32.

// attentionRows is how many queries, keys, or channels of the result a workgroup has.
const attentionRows = 64

func (b *Backend) Attention(a engine.AttentionArgs) {
	known("Attention", a.Precision, engine.Int8)
	quads := flag(1, a.HeadDim%4 == 0 && allAligned(a.QKV, a.Out))
	b.kernel("attention", quads).in(a.QKV).out(a.Out).out(a.LSE).attention(a, 2)
}

func (b *Backend) AttentionBackward(a engine.AttentionArgs, g engine.AttentionGrads) {
	known("AttentionBackward", a.Precision, engine.BF16)
	allFloat32("AttentionBackward", a.QKV, a.Out, a.LSE, g.DOut, g.DQKV)
	countable("AttentionBackward", a.QKV, a.Out, a.LSE, g.DOut, g.DQKV)
	delta := b.working(a.LSE.Len())
	defer b.release(delta)
	b.kernel("attention_delta").out(delta).in(a.Out).in(g.DOut).
		u32(a.Batch, a.Tokens, a.Heads, a.HeadDim).groups(ceilDiv(a.LSE.Len(), workgroup/16), 1, 1)
	quads := flag(1, a.HeadDim%4 == 0 && allAligned(a.QKV, g.DOut, g.DQKV))
	b.kernel("attention_keys", quads).in(a.QKV).in(a.LSE).in(delta).in(g.DOut).out(g.DQKV).attention(a, 4)
	b.kernel("attention_queries", quads).in(a.QKV).in(a.LSE).in(delta).in(g.DOut).out(g.DQKV).attention(a, 3)
}

// attention pushes the extents, and runs a workgroup for each block of rows of each head, and for each slice of its channels. It takes
// so many products [tokens, d]·[d, tokens].
func (c *call) attention(a engine.AttentionArgs, products int) {
	heads, tokens := a.Batch*a.Heads, float64(a.Tokens)
	c.u32(a.Batch, a.Tokens, a.Heads, a.HeadDim).f32(1/math.Sqrt(float64(a.HeadDim))).
		work(2*tokens*tokens*float64(heads*a.HeadDim*products)).
		groups(heads*ceilDiv(a.Tokens, attentionRows), ceilDiv(a.HeadDim, attentionRows), 1)
}
