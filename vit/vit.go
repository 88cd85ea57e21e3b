// Package vit is the vision transformer of mien's models (Dosovitskiy et al. 2021), in VideoMAE's form for videos. Read this
// file first: it is the whole network, from pixels to logits.
//
// Sizes in the comments below:
//
//	B  samples in a batch            N  tokens of a sample, one for each patch
//	T  frames of H×W pixels          D  width of a token
//	P  values in a patch             d  width of a head, D/heads
//
// A patch is a tubelet of two frames and 16×16 pixels, P = 3·2·16·16 values; an image is a video of one frame, which is repeated to
// fill its tubelets.
//
// Where to go next: config.go has the sizes, and frames.go the encoder of images, on whose tokens packages feadapter and s2d build.
// Package autograd explains what an op is (start with op_mul.go), package mae how the encoder learns without labels, and package s4d what
// a paper adds to it.
package vit

import (
	"slices"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/nn"
)

// Model classifies images and videos: an encoder, the mean of its tokens, a norm and one linear head.
type Model struct {
	*Encoder
	Norm *nn.LayerNorm
	Head *nn.Linear
}

// New makes the model in scope s.
func New(s *nn.Scope, c Config, classes int, init nn.Init) *Model {
	return &Model{
		Encoder: NewEncoder(s, c, init),
		Norm:    nn.NewLayerNorm(s.Sub("fc_norm"), c.Dim),
		Head:    nn.NewPlainLinear(s.Sub("head"), c.Dim, classes, init),
	}
}

// Forward maps pixels, bytes [B, T, H, W, 3] or floats [B, 3, T, H, W] in [0, 1], to logits [B, classes].
func (m *Model) Forward(pixels *ag.Value) *ag.Value {
	return m.Head.Forward(m.Feature(pixels)) // [B, classes]
}

// Feature is what the head reads of pixels: [B, D].
func (m *Model) Feature(pixels *ag.Value) *ag.Value {
	x := m.Tokens(pixels) // [B, N, D]
	for _, b := range m.Blocks {
		x = nn.Layer(x, b.Forward) // [B, N, D]
	}
	x = ag.MeanAxis(x, 1)    // [B, D]
	return m.Norm.Forward(x) // [B, D]
}

// Encoder turns pixels into tokens and has the blocks that process them.
type Encoder struct {
	Config
	Embed    *PatchEmbed
	Blocks   []*Block
	Position *ag.Value // [tokens of a video, D], constant
}

// NewEncoder makes the encoder with weights drawn by init. The blocks that bare lists have no MLP: their model puts something else in its
// place.
func NewEncoder(s *nn.Scope, c Config, init nn.Init, bare ...int) *Encoder {
	e := &Encoder{Config: c, Embed: NewPatchEmbed(s.Sub("patch_embed"), c), Position: NewPosition(s, c.VideoTokens(), c.Dim)}
	for i := range c.Depth {
		ratio := c.MLPRatio
		if slices.Contains(bare, i) {
			ratio = 0
		}
		e.Blocks = append(e.Blocks, NewBlock(s.Index("blocks", i), BlockConfig{Dim: c.Dim, Heads: c.Heads, MLPRatio: ratio}, init))
	}
	return e
}

// NewPosition makes the constant table of positions [tokens, dim].
func NewPosition(s *nn.Scope, tokens, dim int) *ag.Value {
	return s.Constant(func() []float32 { return Sinusoid(tokens, dim) }, tokens, dim)
}

// Tokens embeds the patches of pixels and adds their positions: [B, N, D].
func (e *Encoder) Tokens(pixels *ag.Value) *ag.Value {
	x := e.Patchify(pixels, nil)               // [B, N, P]
	x = e.Embed.Forward(x)                     // [B, N, D]
	return ag.Add(x, FirstRows(x, e.Position)) // [B, N, D] + [N, D]
}

// FirstRows returns the first N rows of a table of positions, for tokens x [B, N, D].
func FirstRows(x, table *ag.Value) *ag.Value {
	return x.Tape().Const(table.Data().Range(0, x.Dim(1)))
}

// Patchify cuts pixels into normalised patches [B, N, P], or only those listed in rows [n, P], numbered across the batch. The
// values of a patch are in the order of the kernel of the published convolution: channel, time, row, column.
func (e *Encoder) Patchify(pixels *ag.Value, rows *engine.Tensor) *ag.Value {
	return e.Embed.Patchify(e.Config, pixels, rows)
}

// PatchEmbed maps patches to tokens. It is the published 3-D convolution with kernel = stride = patch, written as the
// linear layer that it equals.
type PatchEmbed struct{ Weight, Bias *ag.Value }

// NewPatchEmbed makes the embedding with the weight shape of the published checkpoints [D, 3, tubelet, patch, patch].
func NewPatchEmbed(s *nn.Scope, c Config) *PatchEmbed {
	return newPatchEmbed(s, c, c.Tubelet, c.PatchSize, c.PatchSize)
}

// newPatchEmbed makes the embedding for a kernel of the given extents.
func newPatchEmbed(s *nn.Scope, c Config, kernel ...int) *PatchEmbed {
	return &PatchEmbed{
		Weight: s.Weight("proj.weight", nn.FanInUniform, append([]int{c.Dim, 3}, kernel...)...),
		Bias:   s.Param("proj.bias", nn.FanIn(c.PatchDim()), c.Dim),
	}
}

// Patchify cuts pixels into normalised patches in the order of the weight's values, all of them or those of rows.
func (e *PatchEmbed) Patchify(c Config, pixels *ag.Value, rows *engine.Tensor) *ag.Value {
	c.CheckPixels(pixels.Data())
	return ag.Patchify(pixels, e.Bias.Data().DType(), engine.PatchifyArgs{
		Tubelet: c.Tubelet, Patch: c.PatchSize, Mean: data.Mean, Std: data.Std, Rows: rows})
}

// Forward maps patches [..., P] to tokens [..., D].
func (e *PatchEmbed) Forward(patches *ag.Value) *ag.Value {
	return ag.Linear(patches, e.Weight, e.Bias)
}

// Block is one pre-norm transformer layer.
type Block struct {
	Norm1 *nn.LayerNorm
	Attn  *Attention
	Norm2 *nn.LayerNorm
	MLP   *MLP // nil where a model has something else in its place

	classOnly bool
}

// BlockConfig is what shapes a block.
type BlockConfig struct {
	Dim, Heads int
	MLPRatio   int  // width of the MLP's hidden layer over Dim; 0 leaves the MLP out
	KeyBias    bool // keys have a bias, too, which is stored with those of queries and values as qkv.bias, as in timm
	ClassOnly  bool // the block computes only the class token of each sequence, its first: for a last block whose head reads no other
}

// NewBlock makes a block with weights drawn by init.
func NewBlock(s *nn.Scope, c BlockConfig, init nn.Init) *Block {
	b := &Block{
		Norm1: nn.NewLayerNorm(s.Sub("norm1"), c.Dim),
		Attn:  NewAttention(s.Sub("attn"), c, init),
		Norm2: nn.NewLayerNorm(s.Sub("norm2"), c.Dim),

		classOnly: c.ClassOnly,
	}
	if c.MLPRatio > 0 {
		b.MLP = NewMLP(s.Sub("mlp"), c.Dim, c.MLPRatio*c.Dim, init)
	}
	return b
}

// Forward maps tokens [B, N, D] to [B, N, D], or with ClassOnly to [B, 1, D].
func (b *Block) Forward(x *ag.Value) *ag.Value {
	x = b.Attend(x)                           // [B, N, D]  x + Attention(Norm1(x))
	return b.MLP.AddTo(x, b.Norm2.Rounded(x)) // [B, N, D]  x + MLP(Norm2(x))
}

// Attend is the first half of the block, x + Attention(Norm1(x)), for models that add a branch beside the second.
func (b *Block) Attend(x *ag.Value) *ag.Value {
	if b.classOnly {
		return b.Attn.AddToClass(ClassTokens(x), b.Norm1.Forward(x)) // [B, 1, D]
	}
	return b.Attn.AddTo(x, b.Norm1.Rounded(x))
}

// AttendWork counts Attend on n sequences of tokens each. See [BlockMACs].
func (b *Block) AttendWork(w *nn.Work, n, tokens int) {
	if b.classOnly {
		b.classWork(w, n, tokens)
		return
	}
	rows, dim := n*tokens, b.Attn.Proj.Weight.Dim(0)
	w.Learns(b.Norm1.Weight, b.Norm1.Bias)
	w.Product(rows*b.Attn.QKVWeight.Data().Len(), b.Attn.QKVWeight)
	w.Learns(b.Attn.QKVBias, b.Attn.QBias, b.Attn.VBias)
	w.Mix(2 * rows * tokens * dim) // q·kᵀ and P·v
	w.Linear(rows, b.Attn.Proj)
}

// MLPWork counts the second half of the block, as AttendWork does the first.
func (b *Block) MLPWork(w *nn.Work, n, tokens int) {
	rows := n * tokens
	if b.classOnly {
		rows = n
	}
	w.Learns(b.Norm2.Weight, b.Norm2.Bias)
	w.Linear(rows, b.MLP.FC1)
	w.Linear(rows, b.MLP.FC2)
}

// Attention is multi-head self-attention. Queries and values have a bias. Keys need none: adding a constant to all logits of a row
// does not change its softmax. Published image models have one all the same.
type Attention struct {
	QKVWeight    *ag.Value // [3·D, D], the rows of W_q, W_k and W_v
	QKVBias      *ag.Value // [3·D] with a bias of keys, otherwise nil
	QBias, VBias *ag.Value // [D] without one, otherwise nil
	Proj         *nn.Linear
	Heads        int
	noBias       *ag.Value // [D], zeros: the bias of keys
}

// NewAttention makes the layer with weights drawn by init.
func NewAttention(s *nn.Scope, c BlockConfig, init nn.Init) *Attention {
	dim := c.Dim
	weight := s.Weight
	if c.ClassOnly {
		weight = s.Param // of which AddToClass reads parts, so that inference does not pack it
	}
	a := &Attention{QKVWeight: weight("qkv.weight", init, 3*dim, dim), Heads: c.Heads}
	if c.KeyBias {
		a.QKVBias = s.Param("qkv.bias", nn.Zeros, 3*dim)
	} else {
		a.QBias, a.VBias = s.Param("q_bias", nn.Zeros, dim), s.Param("v_bias", nn.Zeros, dim)
		a.noBias = s.Constant(func() []float32 { return make([]float32, dim) }, dim)
	}
	a.Proj = nn.NewLinear(s.Sub("proj"), dim, dim, init)
	return a
}

// Project returns queries, keys and values of all heads, packed as [B, N, 3·D]:
//
//	q = W_q·x + b_q    k = W_k·x [+ b_k]    v = W_v·x + b_v
func (a *Attention) Project(x *ag.Value) *ag.Value {
	if a.QKVBias != nil {
		return ag.Linear(x, a.QKVWeight, a.QKVBias)
	}
	none := x.Tape().Use(a.noBias)
	return ag.Linear(x, a.QKVWeight, ag.Concat(0, a.QBias, none, a.VBias))
}

// AddTo maps tokens x [B, N, D] to [B, N, D] and adds them to the residual. For each head, on rows of width d,
//
//	P = softmax(q·kᵀ/√d)    [N, N]     how much each token attends to each other one
//	o = P·v                 [N, d]     what it gathers there
//
// and the heads' outputs, side by side, are projected. The fused op computes o in blocks: P as a whole is never in memory.
// autograd.AttentionComposed is the same computation in small ops.
func (a *Attention) AddTo(residual, x *ag.Value) *ag.Value {
	qkv := a.Project(x)              // [B, N, 3·D]
	o := ag.Attention(qkv, a.Heads)  // [B, N, D]    softmax(q·kᵀ/√d)·v
	return a.Proj.AddTo(residual, o) // [B, N, D]    residual + W_o·o + b_o
}

// MLP is two linear layers with GELU between them.
type MLP struct{ FC1, FC2 *nn.Linear }

// NewMLP makes an MLP from dim over hidden back to dim.
func NewMLP(s *nn.Scope, dim, hidden int, init nn.Init) *MLP {
	return &MLP{nn.NewLinear(s.Sub("fc1"), dim, hidden, init), nn.NewLinear(s.Sub("fc2"), hidden, dim, init)}
}

// AddTo maps [..., dim] to [..., dim] and adds it to the residual.
func (m *MLP) AddTo(residual, x *ag.Value) *ag.Value {
	h := m.FC1.ForwardGELU(x)       // [..., hidden]  GELU(W₁·x + b₁)
	return m.FC2.AddTo(residual, h) // [..., dim]     residual + W₂·h + b₂
}
