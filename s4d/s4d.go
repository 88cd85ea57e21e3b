// Package s4d is the model of S4D, formerly UniLearn (Chen et al., "Static for Dynamic"): one vision transformer that
// classifies facial expressions in images and in videos, with a mixture of adapter experts beside the MLP of some of
// its blocks and one linear head for each modality. Without experts it is ViT-MTL, and with MLPs as experts, in place of the MLP,
// ViT-MoE: two of the methods that the paper compares S4D with (Table V).
//
// Read package vit first, then moae. This file is what the paper adds; config.go has the sizes, load.go infers them from
// published checkpoints, system.go is how runs and commands use the model, and baselines.go the other two.
package s4d

import (
	ag "mien/autograd"
	"mien/data"
	"mien/moae"
	"mien/nn"
	"mien/vit"
)

// Model is the network: the encoder of package vit, the experts beside its blocks, and the heads.
type Model struct {
	Config
	Encoder *vit.Encoder
	MoAE    []*moae.Layer // one per block, nil in a plain block
	FCNorm  *nn.LayerNorm
	Heads   map[data.Modality]*Head
}

// New makes the model in scope s. Names are those of the published checkpoints.
func New(s *nn.Scope, c Config) *Model {
	init, dim := nn.TruncatedNormal(nn.InitStd(c.Encoder.Dim), 2), c.Encoder.Dim
	var bare []int // blocks without an MLP
	if c.InPlace {
		bare = c.MoAEBlocks
	}
	m := &Model{Config: c, Encoder: vit.NewEncoder(s, c.Encoder, init, bare...), MoAE: make([]*moae.Layer, c.Encoder.Depth)}
	for _, i := range c.MoAEBlocks {
		m.MoAE[i] = moae.New(s.Index("blocks", i).Sub("moe_layer"), dim, c.MoAE, init)
	}
	m.FCNorm = nn.NewLayerNorm(s.Sub("fc_norm"), dim)
	m.Heads = map[data.Modality]*Head{
		data.Image: newHead(s.Sub("head.image"), dim, c.HeadHidden, c.ImageClasses, init),
		data.Video: newHead(s.Sub("head.video"), dim, c.HeadHidden, c.VideoClasses, init),
	}
	return m
}

// Output is the result of one forward pass.
type Output struct {
	Logits  *ag.Value     // [B, classes]
	Feature *ag.Value     // [B, D], after fc_norm
	Routing []moae.Output // of each block with experts, in order; Mixed has been freed
	Balance *ag.Value     // sum of the losses of balance, nil where there are none
}

// Forward classifies pixels of one modality, bytes [B, T, H, W, 3] or floats [B, 3, T, H, W] in [0, 1].
func (m *Model) Forward(pixels *ag.Value, modality data.Modality, pass moae.Pass) Output {
	var out Output
	x := m.Encoder.Tokens(pixels) // [B, N, D]
	for i := range m.Encoder.Blocks {
		x = m.block(i, x, pass.Child(i), &out) // [B, N, D]
	}
	out.Feature = m.FCNorm.Forward(ag.MeanAxis(x, 1))   // [B, D]
	out.Logits = m.Heads[modality].Forward(out.Feature) // [B, classes]
	return out
}

// block runs block i as a layer of the tape, and records its routing in out.
func (m *Model) block(i int, x *ag.Value, pass moae.Pass, out *Output) *ag.Value {
	var routing moae.Output
	results := x.Tape().Layer([]*ag.Value{x}, func(in []*ag.Value) []*ag.Value {
		var y *ag.Value
		y, routing = Block(m.Encoder.Blocks[i], m.MoAE[i], in[0], pass)
		return append([]*ag.Value{y}, routing.Values()...)
	})
	if m.MoAE[i] != nil {
		out.Routing = append(out.Routing, routing)
	}
	switch {
	case routing.Balance == nil:
	case out.Balance == nil:
		out.Balance = routing.Balance
	default:
		out.Balance = ag.Add(out.Balance, routing.Balance)
	}
	return results[0]
}

// Block is a transformer block with a mixture of experts, or none, beside its MLP (S4D equations 11 to 13): with
// x' = x + Attention(Norm1(x)) it is x' + MLP(Norm2(x')) + MoAE(Norm2(x')). Both branches read the same normalised tokens. A block
// without an MLP, as of ViT-MoE, is x' + MoE(Norm2(x')).
func Block(b *vit.Block, experts *moae.Layer, x *ag.Value, pass moae.Pass) (*ag.Value, moae.Output) {
	if experts == nil {
		return b.Forward(x), moae.Output{}
	}
	x = b.Attend(x)         // [B, N, D]
	u := b.Norm2.Forward(x) // [B, N, D]
	if b.MLP != nil {
		x = b.MLP.AddTo(x, ag.Rounded(u)) // [B, N, D]
	}
	out := experts.Forward(u, pass)
	return ag.Add(x, out.Mixed), out
}

// Loss is the training loss of one single-modality batch (S4D equation 3, of which one term is active in each step):
// cross-entropy with soft targets [B, classes], plus the losses of balance, if any.
func Loss(out Output, target *ag.Value) *ag.Value {
	loss := ag.CrossEntropy(out.Logits, target)
	if out.Balance != nil {
		loss = ag.Add(loss, out.Balance)
	}
	return loss
}
