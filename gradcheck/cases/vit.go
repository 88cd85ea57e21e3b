package cases

import (
	ag "mien/autograd"
	"mien/engine"
	check "mien/gradcheck"
	"mien/nn"
	"mien/vit"
)

func nnCases() []check.Case {
	x, residual := tensor("x", 3, 5), tensor("residual", 3, 4)
	init := nn.XavierUniform
	linear := func(s *nn.Scope) *nn.Linear { return nn.NewLinear(s, 5, 4, init) }
	stack := layer("nn.BatchNorm/stack", inputs(tensor("x", 3, 1, 5, 4, 2)), convolutions)
	return []check.Case{
		layer("nn.Linear", inputs(x), func(s *nn.Scope) check.Func { return check.Unary(linear(s).Forward) }),
		layer("nn.Linear/plain", inputs(x), func(s *nn.Scope) check.Func { return check.Unary(nn.NewPlainLinear(s, 5, 4, init).Forward) }),
		layer("nn.Linear/GELU", inputs(x), func(s *nn.Scope) check.Func { return check.Unary(linear(s).ForwardGELU) }),
		layer("nn.Linear/residual", inputs(residual, x), func(s *nn.Scope) check.Func { return check.Binary(linear(s).AddTo) }),
		layer("nn.LayerNorm", inputs(x), func(s *nn.Scope) check.Func { return check.Unary(nn.NewLayerNorm(s, 5).Forward) }),
		layer("nn.BatchNorm", inputs(x), func(s *nn.Scope) check.Func { return check.Unary(nn.NewBatchNorm(s, 5).Forward) }),
		layer("nn.BatchNorm/training", inputs(tensor("x", 3, 2, 5)), func(s *nn.Scope) check.Func { return check.Unary(nn.NewBatchNorm(s, 5).Train) }),
		stack, recomputed(stack),
	}
}

// convolutions are an inverted bottleneck of a network for images: dense and depth-wise convolutions, a batch norm after each, and a residual.
// GELU stands for PReLU, of whose kinks there would be too many for finite differences.
func convolutions(s *nn.Scope) check.Func {
	window := func(kernel, pad int) engine.Window {
		return engine.Window{Kernel: [3]int{1, kernel, kernel}, Stride: [3]int{1, 1, 1}, Pad: [3]int{0, pad, pad}}
	}
	expand := &nn.Convolution{Weight: s.Param("expand", nn.FanInUniform, 6, 1, 1, 1, 2), Window: window(1, 0)}
	depthwise := &nn.Convolution{Weight: s.Param("depthwise", nn.FanIn(9), 1, 3, 3, 6), Window: window(3, 1), Depthwise: true}
	project := &nn.Convolution{Weight: s.Param("project", nn.FanInUniform, 2, 1, 1, 1, 6), Window: window(1, 0)}
	norms := []*nn.BatchNorm{nn.NewBatchNorm(s.Sub("expand.bn"), 6), nn.NewBatchNorm(s.Sub("depthwise.bn"), 6), nn.NewBatchNorm(s.Sub("project.bn"), 2)}
	return check.Unary(func(x *ag.Value) *ag.Value {
		y := ag.GELU(norms[0].Train(expand.Forward(x)))
		y = ag.GELU(norms[1].Train(depthwise.Forward(y)))
		return ag.Add(x, norms[2].Train(project.Forward(y)))
	})
}

// pixels are floats in [0, 1].
func pixels(batch, frames, side int) check.Input {
	return check.Input{Name: "pixels", Shape: []int{batch, 3, frames, side, side}, Lo: 0, Hi: 1}
}

func vitCases() []check.Case {
	c := vit.Config{ImageSize: 8, Frames: 4, PatchSize: 4, Tubelet: 2, Dim: 6, Depth: 2, Heads: 2, MLPRatio: 2}
	init := nn.TruncatedNormal(0.3, 2)
	block := vit.BlockConfig{Dim: 6, Heads: 2, MLPRatio: 2}
	keyBias := vit.BlockConfig{Dim: 6, Heads: 2, KeyBias: true}
	x, residual := tensor("x", 2, 5, 6), tensor("residual", 2, 5, 6)
	tokens := func(s *nn.Scope) check.Func {
		bare := c
		bare.Depth = 0
		return check.Unary(vit.NewEncoder(s, bare, init).Tokens)
	}
	frames := func(s *nn.Scope) check.Func {
		alone := c
		alone.Tubelet, alone.Depth = 1, 1
		e := vit.NewFrameEncoder(s, alone, init)
		return check.Unary(func(pixels *ag.Value) *ag.Value {
			return vit.MeanOfFrames(e.Blocks[0].Forward(e.Tokens(e.Patches(pixels))), 2)
		})
	}
	model := func(s *nn.Scope) check.Func { return check.Unary(vit.New(s, c, 5, init).Forward) }
	image, video := layer("vit.Model/image", inputs(pixels(3, 1, 8)), model), layer("vit.Model/video", inputs(pixels(2, 4, 8)), model)
	return []check.Case{
		layer("vit.Encoder.Tokens/image", inputs(pixels(2, 1, 8)), tokens),
		layer("vit.Encoder.Tokens/video", inputs(pixels(1, 4, 8)), tokens),
		layer("vit.Attention", inputs(residual, x), func(s *nn.Scope) check.Func {
			return check.Binary(vit.NewAttention(s, block, init).AddTo)
		}),
		layer("vit.Attention/key bias", inputs(residual, x), func(s *nn.Scope) check.Func {
			return check.Binary(vit.NewAttention(s, keyBias, init).AddTo)
		}),
		layer("vit.Attention/class tokens", inputs(tensor("residual", 2, 1, 6), x), func(s *nn.Scope) check.Func {
			return check.Binary(vit.NewAttention(s, block, init).AddToClass)
		}),
		layer("vit.Attention/class tokens, key bias", inputs(tensor("residual", 2, 1, 6), x), func(s *nn.Scope) check.Func {
			return check.Binary(vit.NewAttention(s, keyBias, init).AddToClass)
		}),
		layer("vit.FrameEncoder", inputs(pixels(2, 3, 8)), frames),
		layer("vit.MLP", inputs(residual, x), func(s *nn.Scope) check.Func { return check.Binary(vit.NewMLP(s, 6, 12, init).AddTo) }),
		layer("vit.Block", inputs(x), func(s *nn.Scope) check.Func { return check.Unary(vit.NewBlock(s, block, init).Forward) }),
		image, recomputed(image), video, recomputed(video),
		frozen(image, "patch_embed.*", "blocks.0.*"), recomputed(frozen(video, "blocks.*")),
	}
}
