// Package feadapter has FE-Adapter (Gowda et al. 2024, "FE-Adapter: Adapting Image-based Emotion Classifiers to Videos"): a frozen vision
// transformer for images reads each frame of a video, and small adapters in its blocks, all that is learned, join the frames in time.
// ST-Adapter and the mean over frames, with which the paper compares it (Table II), are settings of it, and without adapters it is the
// image model to begin with.
//
// Read package vit first, whose FrameEncoder reads the frames. This file is the network, adapter.go the paper's equations, config.go the
// sizes, work.go what they cost, and system.go is how runs and commands use it.
package feadapter

import (
	ag "mien/autograd"
	"mien/nn"
	"mien/vit"
)

// Model is the network: the encoder of single frames, the adapters in its blocks, and one head.
type Model struct {
	Config
	Encoder  *vit.FrameEncoder
	Adapters []*Adapter // one for each block, nil in a plain one
	Norm     *nn.LayerNorm
	Head     *nn.Linear
}

// New makes the model in scope s. Names are timm's, and blocks.N.adapter.
func New(s *nn.Scope, c Config) *Model {
	init := nn.TruncatedNormal(nn.InitStd(c.Encoder.Dim), 2)
	m := &Model{Config: c, Encoder: vit.NewFrameEncoder(s, c.Encoder, init), Adapters: make([]*Adapter, c.Encoder.Depth)}
	for _, i := range c.Blocks {
		m.Adapters[i] = NewAdapter(s.Index("blocks", i).Sub("adapter"), c.Encoder.Dim, c.Adapter)
	}
	m.Norm = nn.NewLayerNorm(s.Sub("norm"), c.Encoder.Dim)
	m.Head = nn.NewPlainLinear(s.Sub("head"), c.Encoder.Dim, c.Classes, init)
	return m
}

// Forward classifies pixels, bytes [B, T, H, W, 3] or floats [B, 3, T, H, W] in [0, 1]: [B, classes].
func (m *Model) Forward(pixels *ag.Value) *ag.Value {
	return m.Head.Forward(m.Feature(pixels))
}

// Feature is what the head reads: the class tokens of the frames, averaged and normalised, [B, D].
func (m *Model) Feature(pixels *ag.Value) *ag.Value {
	batch := pixels.Dim(0)
	x := nn.Layer(pixels, func(pixels *ag.Value) *ag.Value { return m.Encoder.Tokens(m.Encoder.Patches(pixels)) }) // [F, S, D]
	for i := range m.Encoder.Blocks {
		x = nn.Layer(x, func(x *ag.Value) *ag.Value { return m.block(i, x, batch) }) // [F, S, D], of the last block [F, 1, D]
	}
	return m.Norm.Forward(vit.MeanOfFrames(x, batch))
}

// block runs block i on tokens x [F, S, D] of batch samples, with its adapter where the config places it.
func (m *Model) block(i int, x *ag.Value, batch int) *ag.Value {
	b := m.Encoder.Blocks[i]
	at := func(place Place, x *ag.Value) *ag.Value {
		adapter := m.adapter(i, place)
		if adapter == nil {
			return x
		}
		return nn.Layer(x, func(x *ag.Value) *ag.Value { return m.adapt(adapter, x, batch) })
	}
	x = at(BeforeAttention, x)
	x = at(AfterAttention, nn.Layer(x, b.Attend))
	return at(AfterMLP, b.MLP.AddTo(x, b.Norm2.Rounded(x)))
}

// adapter returns that of block i at a place, nil where there is none, or none that matters: see Place.
func (m *Model) adapter(i int, place Place) *Adapter {
	last := i == len(m.Encoder.Blocks)-1
	if m.Place != place || last && place != BeforeAttention {
		return nil
	}
	return m.Adapters[i]
}

// adapt lets an adapter see the patches of all frames of a sample. Class tokens x[:, 0] pass by.
func (m *Model) adapt(a *Adapter, x *ag.Value, batch int) *ag.Value {
	side := m.Encoder.ImageSize / m.Encoder.PatchSize
	return a.Forward(x, [3]int{x.Dim(0) / batch, side, side})
}
