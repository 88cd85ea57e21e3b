package mae

import (
	"math/rand/v2"

	ag "mien/autograd"
	"mien/gradcheck"
	"mien/nn"
	"mien/vit"
)

// GradCases are the gradient checks of a tiny whole model with its loss, for a picture and for a clip. The target is built from
// the pixels and has no gradient, so the pixels are constants.
func GradCases() []gradcheck.Case {
	c := Config{Encoder: vit.Config{ImageSize: 16, Frames: 4, PatchSize: 8, Tubelet: 2, Dim: 16, Depth: 2, Heads: 2, MLPRatio: 2},
		DecoderDim: 8, DecoderDepth: 1, DecoderHeads: 1}
	whole := func(name string, frames, tokens int) gradcheck.Case {
		in := []gradcheck.Input{{Name: "pixels", Shape: []int{2, 3, frames, 16, 16}, NoGrad: true}}
		return nn.GradCase(name, in, func(s *nn.Scope) gradcheck.Func {
			m := New(s, c)
			mask := RandomMask(2, tokens, 0.5, rand.New(rand.NewPCG(3, 4)))
			return nn.One(func(pixels *ag.Value) *ag.Value { return m.Forward(pixels, mask).Loss })
		})
	}
	return []gradcheck.Case{
		whole("mae.Model/image", 1, c.Encoder.ImageTokens()),
		whole("mae.Model/video", 4, c.Encoder.VideoTokens()),
	}
}
