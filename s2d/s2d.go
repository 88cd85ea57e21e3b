// Package s2d has S2D (Chen et al. 2023, "From Static to Dynamic"): a frozen vision transformer for images reads each frame of a video,
// prompters tell it in every block where the landmarks of the face are, adapters join the frames in time, and the model learns from its
// own answers to samples like those at hand.
//
// Read package vit first, whose FrameEncoder reads the frames. This file is the network. prompter.go and temporal.go are its two
// modules.
package s2d

import (
	ag "mien/autograd"
	"mien/engine"
	"mien/nn"
	"mien/vit"
)

// Sizes in the comments of this package:
//
//	B  samples in a batch        F  frames of all samples, B·T        N  patches of a frame, and positions of a landmark feature
//	T  frames of a sample        S  tokens of a frame, 1 + N          D  width of a token

// Model is the network: the encoder of single frames, with a prompter and an adapter before each of its blocks, and one head.
type Model struct {
	Config
	Encoder   *vit.FrameEncoder
	Landmarks *nn.Linear // landmark features to tokens; a convolution of 1×1
	Temporal  *ag.Value  // [1, T, D], the position of a frame in time
	Prompters []*Prompter
	Adapters  []*TemporalAdapter
	Norms     []*nn.LayerNorm // of what prompters read: see prompt; as released, the last is never used
	Norm      *nn.LayerNorm
	Head      *nn.Linear
}

// New makes the model in scope s. Names are those of the published checkpoints.
func New(s *nn.Scope, c Config) *Model {
	dim := c.Encoder.Dim
	init := nn.TruncatedNormal(nn.InitStd(dim), 2)
	m := &Model{Config: c, Encoder: vit.NewFrameEncoder(s, c.Encoder, init)}
	m.Temporal = s.Param("temporal_embedding", nn.TruncatedNormal(0.02, 2), 1, c.Encoder.Frames, dim)
	m.Landmarks = newPointwise(s.Sub("patch_embed_prompt").Sub("proj"), c.LandmarkChannels, dim, nn.FanInUniform)
	for i := range c.Encoder.Depth {
		block := s.Index("prompt_blocks", i)
		m.Prompters = append(m.Prompters, NewPrompter(block, dim, c.PromptWidth))
		m.Adapters = append(m.Adapters, NewTemporalAdapter(block.Sub("TMA"), dim, c.AdapterWidth, c.AdapterHeads, init))
		m.Norms = append(m.Norms, nn.NewLayerNorm(s.Index("prompt_norms", i), dim))
	}
	m.Norm = nn.NewLayerNorm(s.Sub("ln_post"), dim)
	m.Head = nn.NewPlainLinear(s.Sub("head").Sub("fc_cls"), dim, c.Classes, init)
	return m
}

// newPointwise makes a convolution of 1×1 with the weight shape of the published checkpoints, [out, in, 1, 1]: a linear layer.
func newPointwise(s *nn.Scope, in, out int, init nn.Init) *nn.Linear {
	return &nn.Linear{Weight: s.Weight("weight", init, out, in, 1, 1), Bias: s.Param("bias", nn.FanIn(in), out)}
}

// Forward classifies pixels, bytes [B, T, H, W, 3] or floats [B, 3, T, H, W] in [0, 1], with the landmark features of their frames
// [F, N, channels]: [B, classes]. In training, dropout draws from key; otherwise it is nil.
func (m *Model) Forward(pixels, landmarks *ag.Value, key *engine.Key) (logits, feature *ag.Value) {
	feature = ag.Dropout(m.Feature(pixels, landmarks), m.Dropout, key) // [B, D]
	return m.Head.Forward(feature), feature
}

// Feature is the normalised class token of each frame, averaged over the frames: [B, D].
func (m *Model) Feature(pixels, landmarks *ag.Value) *ag.Value {
	batch := pixels.Dim(0)
	x, view := m.Encoder.Patches(pixels), m.Landmarks.Forward(landmarks) // [F, N, D] both
	x, view = m.prompt(0, x, view, batch)
	x = m.inTime(m.Encoder.Tokens(x), batch) // [F, S, D]
	for i, block := range m.Encoder.Blocks {
		out := x.Tape().Layer([]*ag.Value{x, view}, func(in []*ag.Value) []*ag.Value {
			x, view := in[0], in[1]
			if i > 0 {
				var class *ag.Value
				class, x = vit.SplitClass(x)
				x, view = m.prompt(i, x, view, batch)
				x = ag.Concat(1, class, x)
			}
			return []*ag.Value{block.Forward(x), view}
		})
		x, view = out[0], out[1]
	}
	return vit.MeanOfFrames(m.Norm.Forward(vit.ClassTokens(x)), batch)
}

// prompt adds to the patches x [F, N, D], before block i, what its two modules say. The prompt is the landmark view of the next block.
// Norm 0 is that of the landmark view in every block, and of the patches in the first; block i > 0 normalises patches by norm i − 1.
func (m *Model) prompt(i int, x, view *ag.Value, batch int) (y, prompt *ag.Value) {
	normed := m.Norms[max(0, i-1)].Forward(x)
	prompt = m.Prompters[i].Forward(normed, m.Norms[0].Forward(view)) // [F, N, D]
	y = ag.Add(x, m.Adapters[i].Forward(normed, batch))
	return ag.Add(y, prompt), prompt
}

// inTime adds the position in time of its frame to each token of x [F, S, D].
func (m *Model) inTime(x *ag.Value, batch int) *ag.Value {
	frames, s, d := x.Dim(0)/batch, x.Dim(1), x.Dim(2)
	x = ag.Permute(ag.Reshape(x, batch, frames, s, d), 0, 2, 1, 3) // [B, S, T, D]
	x = ag.Add(x, m.Temporal)                                      // + [1, T, D]
	return ag.Reshape(ag.Permute(x, 0, 2, 1, 3), batch*frames, s, d)
}
