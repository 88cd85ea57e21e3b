package cases

import (
	ag "mien/autograd"
	"mien/gradcheck"
	"mien/nn"
	"mien/vit"
)

func nnCases() []gradcheck.Case {
	x := inputs(tensor("x", 3, 5))
	return []gradcheck.Case{
		layer("nn.Linear", x, func(s *nn.Scope) gradcheck.Func { return one(nn.NewLinear(s, 5, 4, nn.XavierUniform).Forward) }),
		layer("nn.Linear/plain", x, func(s *nn.Scope) gradcheck.Func { return one(nn.NewPlainLinear(s, 5, 4, nn.XavierUniform).Forward) }),
		layer("nn.Linear/GELU", x, func(s *nn.Scope) gradcheck.Func { return one(nn.NewLinear(s, 5, 4, nn.XavierUniform).ForwardGELU) }),
		layer("nn.Linear/residual", inputs(tensor("residual", 3, 4), tensor("x", 3, 5)), func(s *nn.Scope) gradcheck.Func {
			return two(nn.NewLinear(s, 5, 4, nn.XavierUniform).AddTo)
		}),
		layer("nn.LayerNorm", x, func(s *nn.Scope) gradcheck.Func { return one(nn.NewLayerNorm(s, 5).Forward) }),
	}
}

// pixels are floats in [0, 1].
func pixels(batch, frames, side int) gradcheck.Input {
	return gradcheck.Input{Name: "pixels", Shape: []int{batch, 3, frames, side, side}, Lo: 0, Hi: 1}
}

func vitCases() []gradcheck.Case {
	c := vit.Config{ImageSize: 8, Frames: 4, PatchSize: 4, Tubelet: 2, Dim: 6, Depth: 2, Heads: 2, MLPRatio: 2}
	init := nn.TruncatedNormal(0.3, 2)
	x, residual := tensor("x", 2, 5, 6), tensor("residual", 2, 5, 6)
	tokens := func(s *nn.Scope) gradcheck.Func {
		bare := c
		bare.Depth = 0
		return one(vit.NewEncoder(s, bare, init).Tokens)
	}
	model := func(s *nn.Scope) gradcheck.Func { return one(vit.New(s, c, 5, init).Forward) }
	image, video := layer("vit.Model/image", inputs(pixels(3, 1, 8)), model), layer("vit.Model/video", inputs(pixels(2, 4, 8)), model)
	return []gradcheck.Case{
		layer("vit.Encoder.Tokens/image", inputs(pixels(2, 1, 8)), tokens),
		layer("vit.Encoder.Tokens/video", inputs(pixels(1, 4, 8)), tokens),
		layer("vit.Attention", inputs(residual, x), func(s *nn.Scope) gradcheck.Func { return two(vit.NewAttention(s, 6, 2, init).AddTo) }),
		layer("vit.MLP", inputs(residual, x), func(s *nn.Scope) gradcheck.Func { return two(vit.NewMLP(s, 6, 12, init).AddTo) }),
		layer("vit.Block", inputs(x), func(s *nn.Scope) gradcheck.Func { return one(vit.NewBlock(s, 6, 2, 2, init).Forward) }),
		recomputed(layer("vit.Block", inputs(x), func(s *nn.Scope) gradcheck.Func {
			block := vit.NewBlock(s, 6, 2, 2, init)
			return one(func(x *ag.Value) *ag.Value { return nn.Layer(x, block.Forward) })
		})),
		image, recomputed(image), video, recomputed(video),
		frozen(image, "patch_embed.*", "blocks.0.*"), recomputed(frozen(video, "blocks.*")),
	}
}
