// Package mae is the dual-modal masked autoencoder that pre-trains the encoder (S4D section III-B; VideoMAE, Tong et al. 2022):
// most patches of an image or video are hidden, the encoder receives the rest, and a small decoder predicts the pixels of the
// hidden ones.
//
// Read package vit first. Here mae.go follows one batch through the model, target.go has what is to be predicted, mask.go what
// is hidden.
package mae

import (
	ag "mien/autograd"
	"mien/engine"
	"mien/nn"
	"mien/vit"
)

// Model is encoder and decoder, with the published names.
type Model struct {
	Config
	Encoder   *vit.Encoder
	Norm      *nn.LayerNorm
	ToDecoder *ag.Value // [d, D], no bias
	MaskToken *ag.Value // [1, 1, d]
	Decoder   *Decoder
	unit      [2]*ag.Value // scale and shift of the norm of targets, constant
}

// Decoder predicts the pixels of patches, from tokens of a smaller width d.
type Decoder struct {
	Blocks   []*vit.Block
	Norm     *nn.LayerNorm
	Head     *nn.Linear // to the values of a patch
	Position *ag.Value  // [tokens of a video, d], constant
}

// New makes the model in scope s. Linear weights start Xavier-uniform, as in the released code.
func New(s *nn.Scope, c Config) *Model {
	e, enc, dec := c.Encoder, s.Sub("encoder"), s.Sub("decoder")
	m := &Model{Config: c,
		Encoder:   vit.NewEncoder(enc, e, nn.XavierUniform),
		Norm:      nn.NewLayerNorm(enc.Sub("norm"), e.Dim),
		ToDecoder: s.Weight("encoder_to_decoder.weight", nn.FanInUniform, c.DecoderDim, e.Dim),
		MaskToken: s.Param("mask_token", nn.TruncatedNormal(0.02, 0.02), 1, 1, c.DecoderDim),
		Decoder: &Decoder{
			Norm:     nn.NewLayerNorm(dec.Sub("norm"), c.DecoderDim),
			Head:     nn.NewLinear(dec.Sub("head"), c.DecoderDim, e.PatchDim(), nn.XavierUniform),
			Position: vit.NewPosition(s, e.VideoTokens(), c.DecoderDim),
		},
		unit: newTargetNorm(s, c),
	}
	for i := range c.DecoderDepth {
		m.Decoder.Blocks = append(m.Decoder.Blocks,
			vit.NewBlock(dec.Index("blocks", i),
				vit.BlockConfig{Dim: c.DecoderDim, Heads: c.DecoderHeads, MLPRatio: e.MLPRatio}, nn.XavierUniform))
	}
	return m
}

// Output is the result of one pre-training pass. M is the number of hidden patches per sample.
type Output struct {
	Loss   *ag.Value // scalar
	Pred   *ag.Value // [B·M, P], normalised pixels, channel fastest
	Target *ag.Value // [B·M, P]
}

// Forward hides the patches of mask, predicts them and computes the loss. pixels are bytes [B, T, H, W, 3] or floats [B, 3, T,
// H, W] in [0, 1]. Each patch is cut once: visible ones for the encoder, hidden ones as targets.
func (m *Model) Forward(pixels *ag.Value, mask *Mask) Output {
	if batch, tokens := pixels.Dim(0), m.Encoder.CheckPixels(pixels.Data()); batch != mask.Batch || tokens != mask.Tokens {
		panic(&engine.ShapeError{Op: "mae mask", Got: [2]int{mask.Batch, mask.Tokens}, Want: [2]int{batch, tokens}})
	}
	at := mask.on(pixels.Tape())
	latent := m.encode(pixels, mask, at)  // [B, V, D]
	pred := m.decode(latent, mask, at)    // [B·M, P]
	target := m.target(pixels, at.hidden) // [B·M, P]
	return Output{Loss: Loss(pred, target), Pred: pred, Target: target}
}

// Loss is the mean squared error over the hidden patches (S4D equation 2). The paper's mask M keeps the visible patches and the
// sum is divided by that of M; this function averages over the hidden patches, as the released code does.
func Loss(pred, target *ag.Value) *ag.Value { return ag.MSE(pred, target) }

// encode runs the encoder on the V visible patches of each sample.
func (m *Model) encode(pixels *ag.Value, mask *Mask, at places) *ag.Value {
	e := m.Encoder
	x := e.Patchify(pixels, at.visible.From) // [B·V, P]
	x = e.Embed.Forward(x)                   // [B·V, D]
	place := pixels.Tape().Use(e.Position)
	x = ag.Add(x, ag.Gather(place, at.order))          // [B·V, D]
	x = ag.Reshape(x, mask.Batch, mask.Visible, e.Dim) // [B, V, D]
	for _, b := range e.Blocks {
		x = nn.Layer(x, b.Forward) // [B, V, D]
	}
	return m.Norm.Forward(x) // [B, V, D]
}

// decode scatters the latents back to their positions, puts the mask token in all others, and predicts the hidden patches.
func (m *Model) decode(latent *ag.Value, mask *Mask, at places) *ag.Value {
	t, d, rows := latent.Tape(), m.DecoderDim, mask.Batch*mask.Tokens
	x := ag.Linear(latent, m.ToDecoder, nil)      // [B, V, d]
	x = ag.Gather(x, at.visible.Transposed())     // [B·N, d], zeros where hidden
	x = ag.Reshape(x, mask.Batch, mask.Tokens, d) // [B, N, d]
	ones := t.Const(engine.Filled(t.Backend(), x.Data().DType(), 1, mask.Batch*mask.Hidden, 1))
	hidden := ag.Gather(ones, at.hidden.Transposed())       // [B·N, 1], 1 where hidden, else 0
	hidden = ag.Reshape(hidden, mask.Batch, mask.Tokens, 1) // [B, N, 1]
	x = ag.Add(x, ag.Mul(hidden, m.MaskToken))              // [B, N, d] + [B, N, 1]·[1, 1, d]
	x = ag.Add(x, vit.FirstRows(x, m.Decoder.Position))     // [B, N, d] + [N, d]
	for _, b := range m.Decoder.Blocks {
		x = nn.Layer(x, b.Forward) // [B, N, d]
	}
	x = ag.Gather(ag.Reshape(x, rows, d), at.hidden) // [B·M, d]
	x = m.Decoder.Norm.Forward(x)                    // [B·M, d]
	return m.Decoder.Head.Forward(x)                 // [B·M, P]
}
