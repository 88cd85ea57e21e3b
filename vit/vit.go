// Package vit is the vision transformer of mien's models (Dosovitskiy et al. 2021), in the form that VideoMAE gave
// it for clips: read this package first.
//
// The flow of one batch, with B samples, T frames of H×W pixels, N tokens and D dimensions:
//
//	pixels  [B, 3, T, H, W]       normalised; a picture is a clip of one frame
//	patches [B, N, 3·2·16·16]     Patchify: tubelets of two frames and 16×16 pixels, a picture copied to two frames
//	tokens  [B, N, D]             PatchEmbed, plus the position of each patch
//	tokens  [B, N, D]             Depth times: x + attention(norm(x)), then x + mlp(norm(x))
//
// What follows, a head or a decoder, is the business of the packages above.
package vit

import (
	"fmt"
	"math"
	"sync"

	ag "mien/autograd"
	"mien/engine"
	"mien/nn"
)

// HeadDim is the width of one attention head in every published size.
const HeadDim = 64

// Config is the geometry of an encoder. The zero value of no field is useful: start from a size of [Sizes].
type Config struct {
	ImageSize int // pixels, height and width
	Frames    int // of a clip
	PatchSize int // pixels
	Tubelet   int // frames in one patch
	Dim       int // D, the width of a token
	Depth     int // blocks
	Heads     int // of attention
	MLPRatio  int // width of the hidden layer over D
}

// Sizes are the published encoders, and a tiny one for tests and machines of two cores.
var Sizes = map[string]Config{
	"tiny":  {ImageSize: 80, Frames: 8, PatchSize: 16, Tubelet: 2, Dim: 128, Depth: 6, Heads: 2, MLPRatio: 4},
	"small": {ImageSize: 160, Frames: 16, PatchSize: 16, Tubelet: 2, Dim: 384, Depth: 12, Heads: 6, MLPRatio: 4},
	"base":  {ImageSize: 160, Frames: 16, PatchSize: 16, Tubelet: 2, Dim: 768, Depth: 12, Heads: 12, MLPRatio: 4},
	"large": {ImageSize: 160, Frames: 16, PatchSize: 16, Tubelet: 2, Dim: 1024, Depth: 24, Heads: 16, MLPRatio: 4},
}

// Limits that keep memory bounded whatever a file or recipe claims, far above any published encoder.
const (
	MaxDepth  = 1 << 10
	maxExtent = 1 << 16
	maxPixels = 1 << 26 // of a clip
	maxTokens = 1 << 16 // of a clip
)

// Check returns an error that says which extents do not divide or are beyond the limits.
func (c Config) Check() error {
	switch {
	case min(c.ImageSize, c.Frames, c.PatchSize, c.Tubelet, c.Dim, c.Depth, c.Heads, c.MLPRatio) < 1:
		return fmt.Errorf("model size %+v: every number must be at least 1", c)
	case max(c.ImageSize, c.Frames, c.Dim, c.MLPRatio) > maxExtent || c.Depth > MaxDepth:
		return fmt.Errorf("model size %+v: more than %d blocks, or a number above %d", c, MaxDepth, maxExtent)
	case c.ImageSize%c.PatchSize != 0:
		return fmt.Errorf("image size %d is not a multiple of the patch size %d", c.ImageSize, c.PatchSize)
	case c.Frames%c.Tubelet != 0:
		return fmt.Errorf("%d frames are not a multiple of the %d frames of a tubelet", c.Frames, c.Tubelet)
	case c.Dim%c.Heads != 0:
		return fmt.Errorf("width %d is not a multiple of the %d heads", c.Dim, c.Heads)
	case c.Frames*c.ImageSize*c.ImageSize > maxPixels || c.VideoTokens() > maxTokens:
		return fmt.Errorf("a clip of %d frames of %d×%d pixels in %d tokens: the limits are %d pixels and %d tokens",
			c.Frames, c.ImageSize, c.ImageSize, c.VideoTokens(), maxPixels, maxTokens)
	}
	return nil
}

// ImageTokens is the number of tokens of a picture.
func (c Config) ImageTokens() int { return (c.ImageSize / c.PatchSize) * (c.ImageSize / c.PatchSize) }

// VideoTokens is the number of tokens of a clip.
func (c Config) VideoTokens() int { return c.Frames / c.Tubelet * c.ImageTokens() }

// PatchDim is the number of pixel values in a patch.
func (c Config) PatchDim() int { return 3 * c.Tubelet * c.PatchSize * c.PatchSize }

// Patchify cuts pixels [B, 3, T, H, W] into patches [B, N, 3·tubelet·patch·patch]. Tokens are ordered by time, row and
// column; values inside a patch by channel, time, row and column, like the kernel of the published convolution.
// A picture (T = 1) is copied to the frames of one tubelet.
func (c Config) Patchify(pixels *ag.Value) *ag.Value {
	if pixels.Dim(2) == 1 {
		copies := make([]*ag.Value, c.Tubelet)
		for i := range copies {
			copies[i] = pixels
		}
		pixels = ag.Concat(2, copies...)
	}
	b, t, g, p := pixels.Dim(0), pixels.Dim(2)/c.Tubelet, c.ImageSize/c.PatchSize, c.PatchSize
	engine.CheckShape("Patchify", pixels.Data(), b, 3, t*c.Tubelet, c.ImageSize, c.ImageSize)
	x := ag.Reshape(pixels, b, 3, t, c.Tubelet, g, p, g, p)
	x = ag.Permute(x, 0, 2, 4, 6, 1, 3, 5, 7)
	return ag.Reshape(x, b, t*g*g, c.PatchDim())
}

// PatchEmbed maps patches to tokens. It is the published 3-D convolution with kernel = stride = patch, written as the
// linear layer that it equals.
type PatchEmbed struct{ Weight, Bias *ag.Value }

// NewPatchEmbed makes the embedding with the weight shape of the published checkpoints [D, 3, tubelet, patch, patch].
func NewPatchEmbed(s *nn.Scope, c Config) *PatchEmbed {
	return &PatchEmbed{
		Weight: s.Weight("proj.weight", nn.FanInUniform, c.Dim, 3, c.Tubelet, c.PatchSize, c.PatchSize),
		Bias:   s.Param("proj.bias", nn.FanIn(c.PatchDim()), c.Dim),
	}
}

// Forward maps patches [..., PatchDim] to tokens [..., D].
func (e *PatchEmbed) Forward(patches *ag.Value) *ag.Value {
	return ag.Linear(patches, e.Weight, e.Bias)
}

// Sinusoid returns the fixed table of positions [tokens·dim] (Vaswani et al. 2017, section 3.5): column j of row p is the
// sine, for odd j the cosine, of p/10000^(2·⌊j/2⌋/dim). Rows count patches in the order of Patchify, so a picture
// uses the first rows: the positions of a clip's first two frames. Checkpoints do not store it.
func Sinusoid(tokens, dim int) []float32 {
	table := make([]float32, tokens*dim)
	for j := range dim {
		wave, wavelength := math.Sin, math.Pow(10000, float64(2*(j/2))/float64(dim))
		if j%2 == 1 {
			wave = math.Cos
		}
		for p := range tokens {
			table[p*dim+j] = float32(wave(float64(p) / wavelength))
		}
	}
	return table
}

// Attention is multi-head self-attention. Queries and values have a bias, keys have none: adding a constant to all
// logits of a row would not change its softmax.
type Attention struct {
	QKVWeight, QBias, VBias *ag.Value
	Proj                    *nn.Linear
	Heads                   int
}

// NewAttention makes the layer with weights drawn by init.
func NewAttention(s *nn.Scope, dim, heads int, init nn.Init) *Attention {
	return &Attention{
		QKVWeight: s.Weight("qkv.weight", init, 3*dim, dim),
		QBias:     s.Param("q_bias", nn.Zeros, dim),
		VBias:     s.Param("v_bias", nn.Zeros, dim),
		Proj:      nn.NewLinear(s.Sub("proj"), dim, dim, init),
		Heads:     heads,
	}
}

// Project returns queries, keys and values of all heads, packed as [B, N, 3·D].
func (a *Attention) Project(x *ag.Value) *ag.Value {
	noBias := x.Tape().Const(engine.Zeros(x.Tape().Backend(), x.Data().DType(), a.QBias.Dim(0)))
	return ag.Linear(x, a.QKVWeight, ag.Concat(0, a.QBias, noBias, a.VBias))
}

// ForwardAdd maps tokens [B, N, D] to [B, N, D] and adds the residual.
func (a *Attention) ForwardAdd(x, residual *ag.Value) *ag.Value {
	return a.Proj.ForwardAdd(ag.Attention(a.Project(x), a.Heads), residual)
}

// MLP is two linear layers with GELU between them.
type MLP struct{ FC1, FC2 *nn.Linear }

// NewMLP makes an MLP from dim over hidden back to dim.
func NewMLP(s *nn.Scope, dim, hidden int, init nn.Init) *MLP {
	return &MLP{nn.NewLinear(s.Sub("fc1"), dim, hidden, init), nn.NewLinear(s.Sub("fc2"), hidden, dim, init)}
}

// ForwardAdd maps [..., dim] to [..., dim] and adds the residual.
func (m *MLP) ForwardAdd(x, residual *ag.Value) *ag.Value {
	return m.FC2.ForwardAdd(m.FC1.ForwardGELU(x), residual)
}

// Block is one pre-norm transformer layer.
type Block struct {
	Norm1 *nn.LayerNorm
	Attn  *Attention
	Norm2 *nn.LayerNorm
	MLP   *MLP
}

// NewBlock makes a block of the given width.
func NewBlock(s *nn.Scope, dim, heads, mlpRatio int, init nn.Init) *Block {
	return &Block{
		Norm1: nn.NewLayerNorm(s.Sub("norm1"), dim),
		Attn:  NewAttention(s.Sub("attn"), dim, heads, init),
		Norm2: nn.NewLayerNorm(s.Sub("norm2"), dim),
		MLP:   NewMLP(s.Sub("mlp"), dim, mlpRatio*dim, init),
	}
}

// Attend is the first half of the block, x + attention(norm(x)).
func (b *Block) Attend(x *ag.Value) *ag.Value {
	return b.Attn.ForwardAdd(b.Norm1.Forward(x), x)
}

// Forward maps tokens [B, N, D] to [B, N, D].
func (b *Block) Forward(x *ag.Value) *ag.Value {
	x = b.Attend(x)
	return b.MLP.ForwardAdd(b.Norm2.Forward(x), x)
}

// Run applies blocks in order, each as a layer of the tape.
func Run(blocks []*Block, x *ag.Value) *ag.Value {
	for _, b := range blocks {
		x = x.Tape().Layer(x, func(x *ag.Value) []*ag.Value { return []*ag.Value{b.Forward(x)} })[0]
	}
	return x
}

// positions keeps the tables of all sizes met so far, a few in any program: [tokens, dim] → []float32.
var positions sync.Map

// Position returns rows of the sinusoid table as a constant [tokens, dim].
func Position(t *ag.Tape, dtype engine.DType, tokens, dim int) *ag.Value {
	size := [2]int{tokens, dim}
	table, ok := positions.Load(size)
	if !ok {
		table, _ = positions.LoadOrStore(size, Sinusoid(tokens, dim))
	}
	return t.Const(engine.FromSlice(t.Backend(), dtype, table.([]float32), tokens, dim))
}
