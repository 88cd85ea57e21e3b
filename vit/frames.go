package vit

import (
	"fmt"

	ag "mien/autograd"
	"mien/engine"
	"mien/nn"
)

// The vision transformer as it reads images (Dosovitskiy et al. 2021), with the names of timm's ViT. A video is a batch of frames here,
// none of which sees another: what joins them in time is left to the models that build on it.

// FrameEncoder turns each frame into the tokens of its patches, after a class token of its own, and has the blocks that process them, the
// last of which computes only the class tokens. Its tubelets are of one frame.
//
//	F  frames of all samples, B·T        S  tokens of a frame, 1 + N
type FrameEncoder struct {
	Config
	Embed    *PatchEmbed
	Class    *ag.Value // [1, 1, D]
	Position *ag.Value // [1, S, D]
	Blocks   []*Block
}

// CheckFrames returns an error naming what a FrameEncoder cannot be.
func (c Config) CheckFrames() error {
	if err := c.Check(); err != nil {
		return err
	}
	if c.Tubelet != 1 {
		return fmt.Errorf("model.tubelet is %d: each frame is read by itself; set it to 1", c.Tubelet)
	}
	if c.Dim%4 != 0 {
		return fmt.Errorf("model.dim is %d: the table of positions needs a multiple of 4", c.Dim)
	}
	return nil
}

// NewFrameEncoder makes the encoder with weights drawn by init. Positions start as those of a grid, to be learned or, as a frozen
// parameter, to stay so.
func NewFrameEncoder(s *nn.Scope, c Config, init nn.Init) *FrameEncoder {
	e := &FrameEncoder{
		Config:   c,
		Class:    s.Param("cls_token", init, 1, 1, c.Dim),
		Position: s.Param("pos_embed", SinusoidOfGrid, 1, 1+c.ImageTokens(), c.Dim),
		Embed:    newPatchEmbed(s.Sub("patch_embed"), c, c.PatchSize, c.PatchSize), // that of a 2-D convolution
	}
	for i := range c.Depth {
		block := BlockConfig{Dim: c.Dim, Heads: c.Heads, MLPRatio: c.MLPRatio, KeyBias: true, ClassOnly: i == c.Depth-1}
		e.Blocks = append(e.Blocks, NewBlock(s.Index("blocks", i), block, init))
	}
	return e
}

// Patches embeds the patches of every frame of pixels, bytes [B, T, H, W, 3] or floats [B, 3, T, H, W] in [0, 1]: [F, N, D].
func (e *FrameEncoder) Patches(pixels *ag.Value) *ag.Value {
	x := e.Embed.Forward(e.Embed.Patchify(e.Config, pixels, nil)) // [B, T·N, D]
	n := e.ImageTokens()
	return ag.Reshape(x, x.Data().Rows()/n, n, e.Dim) // [F, N, D]
}

// Tokens puts the class token before the patches x [F, N, D] of each frame and adds the positions: [F, S, D].
func (e *FrameEncoder) Tokens(x *ag.Value) *ag.Value {
	tape, bias := x.Tape(), e.Embed.Bias.Data()
	none := tape.Const(engine.Zeros(bias.Backend(), bias.DType(), x.Dim(0), 1, e.Dim))
	class := ag.Add(none, e.Class) // [F, 1, D], a copy for each frame
	x = ag.Concat(1, class, x)     // [F, S, D]
	return ag.Add(x, e.Position)   // [F, S, D] + [1, S, D]
}

// EmbedWork counts Patches and Tokens of so many frames.
func (e *FrameEncoder) EmbedWork(w *nn.Work, frames int) {
	w.Product(frames*e.ImageTokens()*e.Embed.Weight.Data().Len(), e.Embed.Weight)
	w.Learns(e.Embed.Bias, e.Class, e.Position)
}

// ClassTokens returns the class token of each frame of x [F, S, D]: [F, 1, D].
func ClassTokens(x *ag.Value) *ag.Value { return ag.Slice(x, 1, 0, 1) }

// LastTokens returns the last n tokens of each frame of x [F, S, width], its patches: [F, n, width].
func LastTokens(x *ag.Value, n int) *ag.Value { return ag.Slice(x, 1, x.Dim(1)-n, x.Dim(1)) }

// MeanOfFrames averages class tokens [F, 1, D] over the frames of each of batch samples: [B, D].
func MeanOfFrames(class *ag.Value, batch int) *ag.Value {
	return ag.MeanAxis(ag.Reshape(class, batch, class.Dim(0)/batch, class.Dim(-1)), 1)
}
