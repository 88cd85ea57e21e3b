package cases

import (
	"math/rand/v2"

	ag "mien/autograd"
	check "mien/gradcheck"
	"mien/mae"
	"mien/nn"
	"mien/vit"
)

// maeCases are a tiny whole model with its loss, for an image and for a video. Hidden and visible patches are cut out of the pixels,
// which has no gradient, so they are constants.
func maeCases() []check.Case {
	c := mae.Config{Encoder: vit.Config{ImageSize: 16, Frames: 4, PatchSize: 8, Tubelet: 2, Dim: 16, Depth: 2, Heads: 2, MLPRatio: 2},
		DecoderDim: 8, DecoderDepth: 1, DecoderHeads: 1}
	joint := c
	joint.JointTarget = true
	whole := func(name string, c mae.Config, batch, frames, tokens int, ratio float64) check.Case {
		in := pixels(batch, frames, 16)
		in.NoGrad = true
		return layer(name, inputs(in), func(s *nn.Scope) check.Func {
			m := mae.New(s, c)
			mask := mae.RandomMask(batch, tokens, ratio, rand.New(rand.NewPCG(3, 4)))
			return check.Unary(func(pixels *ag.Value) *ag.Value { return m.Forward(pixels, mask).Loss })
		})
	}
	image := whole("mae.Model/image", c, 3, 1, c.Encoder.ImageTokens(), 0.25)
	video := whole("mae.Model/video", c, 2, 4, c.Encoder.VideoTokens(), 0.75)
	return []check.Case{
		image, recomputed(image), video, recomputed(video),
		whole("mae.Model/video, joint targets", joint, 2, 4, c.Encoder.VideoTokens(), 0.75),
		frozen(video, "encoder.patch_embed.*", "encoder.blocks.*"), recomputed(frozen(image, "encoder.*")),
	}
}
