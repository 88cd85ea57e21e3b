// Package s2d has S2D (Chen et al. 2023, "From Static to Dynamic"): a frozen vision transformer for images reads each frame of a video,
// prompters tell it in every block where the landmarks of the face are, adapters join the frames in time, and the model learns from its
// own answers to samples like those at hand.
//
// Without the adapters it is the image model to begin with, and without the prompters too, a plain vision transformer.
//
// Read package vit first, whose FrameEncoder reads the frames. This file is the network, prompter.go and temporal.go are its two
// modules, distill.go is the second target, config.go the sizes, faces.go what the landmark network reads, and system.go, load.go and
// identify.go are how runs and commands use it.
package s2d

import (
	ag "mien/autograd"
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
	Landmarks *nn.Linear  // landmark features to tokens, a convolution of 1×1; nil without prompters
	Prompters []*Prompter // one for each block, or none
	Temporal  *ag.Value   // [1, T, D], the position of a frame in time; nil without adapters
	Adapters  []*TemporalAdapter
	Norms     []*nn.LayerNorm // of what prompters and adapters read: see prompt; as released, the last is never used
	Norm      *nn.LayerNorm
	Head      *nn.Linear
}

// New makes the model in scope s. Names are those of the published checkpoints.
func New(s *nn.Scope, c Config) *Model {
	dim := c.Encoder.Dim
	init := nn.TruncatedNormal(nn.InitStd(dim), 2)
	m := &Model{Config: c, Encoder: vit.NewFrameEncoder(s, c.Encoder, init)}
	if c.Joins() {
		m.Temporal = s.Param("temporal_embedding", nn.TruncatedNormal(0.02, 2), 1, c.Encoder.Frames, dim)
	}
	if c.Prompts() {
		m.Landmarks = newPointwise(s.Sub("patch_embed_prompt").Sub("proj"), c.LandmarkChannels, dim, nn.FanInUniform)
	}
	for i := range c.Encoder.Depth {
		block := s.Index("prompt_blocks", i)
		if c.Prompts() {
			m.Prompters = append(m.Prompters, NewPrompter(block, dim, c.PromptWidth))
		}
		if c.Joins() {
			m.Adapters = append(m.Adapters, NewTemporalAdapter(block.Sub("TMA"), dim, c.AdapterWidth, c.AdapterHeads, init))
		}
		if c.Prompts() || c.Joins() {
			m.Norms = append(m.Norms, nn.NewLayerNorm(s.Index("prompt_norms", i), dim))
		}
	}
	m.Norm = nn.NewLayerNorm(s.Sub("ln_post"), dim)
	m.Head = nn.NewPlainLinear(s.Sub("head").Sub("fc_cls"), dim, c.Classes, init)
	return m
}

// newPointwise makes a convolution of 1×1 with the weight shape of the published checkpoints, [out, in, 1, 1]: a linear layer.
func newPointwise(s *nn.Scope, in, out int, init nn.Init) *nn.Linear {
	return &nn.Linear{Weight: s.Weight("weight", init, out, in, 1, 1), Bias: s.Param("bias", nn.FanIn(in), out)}
}

// Feature is what the head reads of pixels, bytes [B, T, H, W, 3] or floats [B, 3, T, H, W] in [0, 1], with the landmark features of their
// frames [F, N, channels], nil without prompters: the normalised class token of each frame, averaged over the frames, [B, D].
func (m *Model) Feature(pixels, landmarks *ag.Value) *ag.Value {
	tape, batch := pixels.Tape(), pixels.Dim(0)
	out := tape.Layer(join(pixels, landmarks), func(in []*ag.Value) []*ag.Value {
		pixels, view := split(in)
		x := m.Encoder.Patches(pixels) // [F, N, D]
		if m.Prompts() {
			view = m.Landmarks.Forward(view) // [F, N, D]
		}
		x, view = m.prompt(0, x, view, batch)
		return join(m.inTime(m.Encoder.Tokens(x), batch), view) // [F, S, D]
	})
	for i, block := range m.Encoder.Blocks {
		out = tape.Layer(out, func(in []*ag.Value) []*ag.Value {
			x, view := split(in)
			if i > 0 {
				x, view = m.prompt(i, x, view, batch)
			}
			return join(block.Forward(x), view) // [F, S, D], of the last block [F, 1, D]
		})
	}
	return vit.MeanOfFrames(m.Norm.Forward(out[0]), batch)
}

// join lists tokens, or pixels, and the view of landmarks where there is one; split is its inverse.
func join(x, view *ag.Value) []*ag.Value {
	if view == nil {
		return []*ag.Value{x}
	}
	return []*ag.Value{x, view}
}

func split(in []*ag.Value) (x, view *ag.Value) {
	if len(in) == 1 {
		return in[0], nil
	}
	return in[0], in[1]
}

// prompt adds to the patches, the last tokens of each frame in x [F, S, D], before block i, what its modules say. Class tokens before them
// pass by; norms and the first layers of modules read them, too, which costs less than a copy of x without them. There is none yet before
// the first block, whose x and view are [F, N, D]. The prompt is the landmark view of the next block, with zeros for class tokens.
// Norm 0 is that of the landmark view in every block, and of the patches in the first; block i > 0 normalises patches by norm i − 1.
// What the modules compute on the way is freed before the block computes.
func (m *Model) prompt(i int, x, view *ag.Value, batch int) (y, prompt *ag.Value) {
	if len(m.Norms) == 0 {
		return x, view
	}
	n := m.Encoder.ImageTokens()
	return split(x.Tape().Scope(func() []*ag.Value {
		normed := m.Norms[max(0, i-1)].Forward(x)
		if m.Prompts() {
			view = m.Prompters[i].Forward(normed, m.Norms[0].Forward(view), n) // [F, S, D]
		}
		if m.Joins() {
			x = m.Adapters[i].AddTo(x, normed, batch, n)
		}
		if m.Prompts() {
			x = ag.Add(x, view)
		}
		return join(x, view)
	}))
}

// inTime adds the position in time of its frame to each token of x [F, S, D].
func (m *Model) inTime(x *ag.Value, batch int) *ag.Value {
	if !m.Joins() {
		return x
	}
	frames, s, d := x.Dim(0)/batch, x.Dim(1), x.Dim(2)
	times := ag.Reshape(x.Tape().Use(m.Temporal), frames, 1, d)
	return ag.Reshape(ag.Add(ag.Reshape(x, batch, frames, s, d), times), batch*frames, s, d) // [B, T, S, D] + [T, 1, D]
}
