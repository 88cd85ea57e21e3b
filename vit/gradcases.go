package vit

import (
	ag "mien/autograd"
	"mien/gradcheck"
	"mien/nn"
)

// GradCases are the gradient checks of this package's layers.
func GradCases() []gradcheck.Case {
	c := Config{ImageSize: 8, Frames: 4, PatchSize: 4, Tubelet: 2, Dim: 6, Depth: 2, Heads: 2, MLPRatio: 2}
	init := nn.TruncatedNormal(0.3, 2)
	x := []gradcheck.Input{{Name: "x", Shape: []int{2, 5, 6}}}
	pixels := func(frames int) []gradcheck.Input {
		return []gradcheck.Input{{Name: "pixels", Shape: []int{1, 3, frames, 8, 8}}}
	}
	embed := func(s *nn.Scope) gradcheck.Func {
		e := NewPatchEmbed(s, c)
		return nn.One(func(p *ag.Value) *ag.Value { return e.Forward(c.Patchify(p)) })
	}
	residual := append(x, gradcheck.Input{Name: "residual", Shape: []int{2, 5, 6}})
	return []gradcheck.Case{
		nn.GradCase("vit.PatchEmbed/image", pixels(1), embed),
		nn.GradCase("vit.PatchEmbed/video", pixels(4), embed),
		nn.GradCase("vit.Attention", residual, func(s *nn.Scope) gradcheck.Func { return two(NewAttention(s, 6, 2, init).ForwardAdd) }),
		nn.GradCase("vit.MLP", residual, func(s *nn.Scope) gradcheck.Func { return two(NewMLP(s, 6, 12, init).ForwardAdd) }),
		nn.GradCase("vit.Block", x, func(s *nn.Scope) gradcheck.Func { return nn.One(NewBlock(s, 6, 2, 2, init).Forward) }),
		nn.GradCase("vit.Run", x, func(s *nn.Scope) gradcheck.Func {
			blocks := []*Block{NewBlock(s.Index("blocks", 0), 6, 2, 2, init), NewBlock(s.Index("blocks", 1), 6, 2, 2, init)}
			return nn.One(func(x *ag.Value) *ag.Value { return Run(blocks, x) })
		}),
	}
}

// two adapts a layer of tokens and a residual.
func two(forward func(x, residual *ag.Value) *ag.Value) gradcheck.Func {
	return func(_ *ag.Tape, in []*ag.Value) []*ag.Value { return []*ag.Value{forward(in[0], in[1])} }
}
