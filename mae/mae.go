// Package mae is the dual-modal masked autoencoder that pre-trains the encoder (S4D section III-B; VideoMAE, Tong et al.
// 2022): most patches of a picture or clip are hidden, the encoder sees the rest, and a small decoder predicts the
// pixels of the hidden ones.
package mae

import (
	"fmt"
	"math/rand/v2"

	ag "mien/autograd"
	"mien/engine"
	"mien/nn"
	"mien/vit"
)

// Config is an encoder and the size of its decoder.
type Config struct {
	Encoder      vit.Config
	DecoderDim   int
	DecoderDepth int
	DecoderHeads int
}

// Check returns an error for sizes that do not fit.
func (c Config) Check() error {
	if err := c.Encoder.Check(); err != nil {
		return err
	}
	if min(c.DecoderDim, c.DecoderDepth, c.DecoderHeads) < 1 || c.DecoderDim%c.DecoderHeads != 0 {
		return fmt.Errorf("decoder of width %d, depth %d and %d heads: each must be at least 1, and the width a multiple of the heads",
			c.DecoderDim, c.DecoderDepth, c.DecoderHeads)
	}
	return nil
}

// Sizes are the published pairs, and a tiny one.
var Sizes = map[string]Config{
	"tiny":  {vit.Sizes["tiny"], 64, 2, 1},
	"small": {vit.Sizes["small"], 192, 4, 3},
	"base":  {vit.Sizes["base"], 384, 4, 6},
	"large": {vit.Sizes["large"], 512, 4, 8},
}

// Model is encoder and decoder, with the published names.
type Model struct {
	Config
	Embed     *vit.PatchEmbed
	Blocks    []*vit.Block
	Norm      *nn.LayerNorm
	ToDecoder *ag.Value // [decoder width, encoder width], no bias
	MaskToken *ag.Value // [1, 1, decoder width]
	Decoder   *Decoder
}

// Decoder predicts the pixels of all patches from tokens of its own, smaller width.
type Decoder struct {
	Blocks []*vit.Block
	Norm   *nn.LayerNorm
	Head   *nn.Linear // to the values of a patch
}

// New makes the model in scope s. Linear weights start Xavier-uniform, as in the released code.
func New(s *nn.Scope, c Config) *Model {
	e, enc, dec := c.Encoder, s.Sub("encoder"), s.Sub("decoder")
	m := &Model{Config: c,
		Embed:     vit.NewPatchEmbed(enc.Sub("patch_embed"), e),
		Norm:      nn.NewLayerNorm(enc.Sub("norm"), e.Dim),
		ToDecoder: s.Weight("encoder_to_decoder.weight", nn.FanInUniform, c.DecoderDim, e.Dim),
		MaskToken: s.Param("mask_token", nn.TruncatedNormal(0.02, 0.02), 1, 1, c.DecoderDim),
		Decoder: &Decoder{
			Norm: nn.NewLayerNorm(dec.Sub("norm"), c.DecoderDim),
			Head: nn.NewLinear(dec.Sub("head"), c.DecoderDim, e.PatchDim(), nn.XavierUniform),
		},
	}
	for i := range e.Depth {
		m.Blocks = append(m.Blocks, vit.NewBlock(enc.Index("blocks", i), e.Dim, e.Heads, e.MLPRatio, nn.XavierUniform))
	}
	for i := range c.DecoderDepth {
		m.Decoder.Blocks = append(m.Decoder.Blocks,
			vit.NewBlock(dec.Index("blocks", i), c.DecoderDim, c.DecoderHeads, e.MLPRatio, nn.XavierUniform))
	}
	return m
}

// Output is one pre-training pass.
type Output struct {
	Loss   *ag.Value // scalar
	Pred   *ag.Value // [B, N, patch], normalised pixels, channel fastest
	Target *ag.Value // [B, N, patch]
}

// Forward hides the patches that mask names and measures how well they are predicted. pixels are normalised,
// [B, 3, T, H, W]; mask has one list of hidden patches for each sample (see RandomMask).
func (m *Model) Forward(pixels *ag.Value, mask *Mask) Output {
	patches := m.Encoder.Patchify(pixels)
	pred := m.decode(m.encode(patches, mask), mask)
	target := m.target(pixels)
	t := pixels.Tape()
	hidden := t.Const(engine.FromSlice(t.Backend(), pixels.Data().DType(), mask.Hidden, mask.Batch*mask.Tokens))
	return Output{Loss: Loss(pred, target, hidden), Pred: pred, Target: target}
}

// encode runs the encoder on the visible patches alone: [B, visible, D].
func (m *Model) encode(patches *ag.Value, mask *Mask) *ag.Value {
	t, c := patches.Tape(), m.Encoder
	engine.CheckShape("mae patches", patches.Data(), mask.Batch, mask.Tokens, c.PatchDim())
	visible := mask.visibleIndex(t)
	x := m.Embed.Forward(ag.Gather(patches, visible))
	place := mask.placeIndex(t)
	x = ag.Add(x, ag.Gather(vit.Position(t, x.Data().DType(), mask.Tokens, c.Dim), place))
	x = ag.Reshape(x, mask.Batch, mask.Visible, c.Dim)
	return m.Norm.Forward(vit.Run(m.Blocks, x))
}

// decode puts the latents back in their places, a mask token in every other, and predicts all patches.
func (m *Model) decode(latent *ag.Value, mask *Mask) *ag.Value {
	t, d := latent.Tape(), m.DecoderDim
	dtype := latent.Data().DType()
	narrow := ag.Reshape(ag.Linear(latent, m.ToDecoder, nil), mask.Batch*mask.Visible, d)
	x := ag.Reshape(ag.Scatter(narrow, mask.visibleIndex(t), mask.Batch*mask.Tokens), mask.Batch, mask.Tokens, d)
	hidden := t.Const(engine.FromSlice(t.Backend(), dtype, mask.Hidden, mask.Batch, mask.Tokens, 1))
	x = ag.Add(x, ag.Mul(hidden, m.MaskToken))
	x = ag.Add(x, vit.Position(t, dtype, mask.Tokens, d))
	x = vit.Run(m.Decoder.Blocks, x)
	return m.Decoder.Head.Forward(m.Decoder.Norm.Forward(x))
}

// Loss is the mean squared error over the hidden patches (S4D equation 2). hidden [B·N] is 1 where a patch was
// hidden. The paper's M keeps what is visible and divides by its sum; the released code averages over the hidden
// patches, and so does this.
func Loss(pred, target, hidden *ag.Value) *ag.Value { return ag.MaskedMSE(pred, target, hidden) }

// Mask says which patches are hidden.
type Mask struct {
	Batch, Tokens, Visible int
	Hidden                 []float32 // [B·N], 1 hidden, 0 visible
	visible                []int32   // [B·Visible], rows of [B·N]
}

// RandomMask hides exactly ⌊ratio·tokens⌋ patches of each sample, drawn uniformly: no tubes, as in the released code.
func RandomMask(batch, tokens int, ratio float64, rng *rand.Rand) *Mask {
	hidden := make([]float32, batch*tokens)
	n := int(ratio*float64(tokens) + 1e-9) // 0.9·100 must be 90 in floating point, too
	for b := range batch {
		for _, i := range rng.Perm(tokens)[:n] {
			hidden[b*tokens+i] = 1
		}
	}
	m, err := NewMask(batch, tokens, hidden)
	if err != nil {
		panic(err) // every sample hides n
	}
	return m
}

// NewMask takes a mask [B·N] of ones and zeros. Every sample must hide the same number of patches and show one.
func NewMask(batch, tokens int, hidden []float32) (*Mask, error) {
	m := &Mask{Batch: batch, Tokens: tokens, Hidden: hidden}
	for i, h := range hidden {
		if h == 0 {
			m.visible = append(m.visible, int32(i))
		}
	}
	m.Visible = len(m.visible) / max(batch, 1)
	for i, at := range m.visible {
		if m.Visible == 0 || int(at)/tokens != i/m.Visible {
			return nil, fmt.Errorf("mask of %d samples: each must hide the same number of its %d patches and show at least one", batch, tokens)
		}
	}
	if m.Visible == 0 || len(hidden) != batch*tokens || len(m.visible) != m.Visible*batch {
		return nil, fmt.Errorf("mask of %d samples: each must hide the same number of its %d patches and show at least one", batch, tokens)
	}
	return m, nil
}

// visibleIndex returns the visible rows of [B·N].
func (m *Mask) visibleIndex(t *ag.Tape) *engine.Tensor {
	return m.index(t, func(i int32) int32 { return i })
}

// placeIndex returns the place of each visible patch within its sample.
func (m *Mask) placeIndex(t *ag.Tape) *engine.Tensor {
	return m.index(t, func(i int32) int32 { return i % int32(m.Tokens) })
}

func (m *Mask) index(t *ag.Tape, f func(int32) int32) *engine.Tensor {
	values := make([]int32, len(m.visible))
	for i, v := range m.visible {
		values[i] = f(v)
	}
	return t.Const(engine.FromSlice(t.Backend(), engine.Int32, values, len(values))).Data()
}
