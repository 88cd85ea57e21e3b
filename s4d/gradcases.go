package s4d

import (
	"math/rand/v2"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/gradcheck"
	"mien/moae"
	"mien/nn"
	"mien/vit"
)

// GradCases are the gradient checks of a tiny whole model with its loss, in both modalities, with router noise and with
// the load-balance loss.
func GradCases() []gradcheck.Case {
	c := Config{Encoder: vit.Config{ImageSize: 16, Frames: 4, PatchSize: 8, Tubelet: 2, Dim: 16, Depth: 3, Heads: 2, MLPRatio: 2},
		MoAE: moae.Config{Experts: 4, TopK: 2, Balance: 0.1}, MoAEBlocks: []int{1, 2}, ImageClasses: 3, VideoClasses: 4}
	whole := func(name string, m data.Modality, frames int) gradcheck.Case {
		in := []gradcheck.Input{{Name: "pixels", Shape: []int{2, 3, frames, 16, 16}}}
		return nn.GradCase(name, in, func(s *nn.Scope) gradcheck.Func {
			model := New(s, c)
			return nn.One(func(pixels *ag.Value) *ag.Value {
				out := model.Forward(pixels, m, moae.Pass{Training: true, Noise: rand.New(rand.NewPCG(5, 6))})
				t, classes := pixels.Tape(), c.Classes(m)
				soft := ag.SmoothTargets([]int{1, 2}, classes, 0.1)
				return Loss(out, t.Const(engine.FromSlice(t.Backend(), pixels.Data().DType(), soft, 2, classes)))
			})
		})
	}
	return []gradcheck.Case{
		whole("s4d.Model/image", data.Image, 1),
		whole("s4d.Model/video", data.Video, 4),
	}
}
