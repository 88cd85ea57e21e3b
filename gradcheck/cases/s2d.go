package cases

import (
	ag "mien/autograd"
	check "mien/gradcheck"
	"mien/nn"
	"mien/s2d"
	"mien/vit"
)

// s2dCases are the two modules of S2D and the whole network, with features of landmarks as an input.
func s2dCases() []check.Case {
	c := s2d.Config{Encoder: vit.Config{ImageSize: 16, Frames: 3, PatchSize: 8, Tubelet: 1, Dim: 16, Depth: 2, Heads: 2, MLPRatio: 2},
		Classes: 5, LandmarkChannels: 6, PromptWidth: 3, AdapterWidth: 8, AdapterHeads: 4}
	whole := layer("s2d.Model", inputs(pixels(2, 3, 16), tensor("landmarks", 6, 4, 6)), func(s *nn.Scope) check.Func {
		m := s2d.New(s, c)
		return check.Binary(func(pixels, landmarks *ag.Value) *ag.Value { return m.Head.Forward(m.Feature(pixels, landmarks)) })
	})
	whole.Seed = 6 // at which the sharp softmax of a fovea bears the rounding to bf16
	return []check.Case{
		layer("s2d.Prompter", inputs(check.Input{Name: "x", Shape: []int{2, 8, 6}, Lo: -0.3, Hi: 0.3}, tensor("view", 2, 7, 6)), func(s *nn.Scope) check.Func {
			p := s2d.NewPrompter(s, 6, 4)
			return check.Binary(func(x, view *ag.Value) *ag.Value { return p.Forward(x, view, 7) })
		}),
		layer("s2d.TemporalAdapter", inputs(tensor("residual", 6, 5, 5), tensor("x", 6, 5, 5)), func(s *nn.Scope) check.Func {
			a := s2d.NewTemporalAdapter(s, 5, 4, 2, nn.TruncatedNormal(0.3, 2))
			return check.Binary(func(residual, x *ag.Value) *ag.Value { return a.AddTo(residual, x, 2, 4) })
		}),
		whole, recomputed(frozen(whole, "patch_embed.*", "blocks.*.attn.*", "blocks.*.mlp.*")),
	}
}
