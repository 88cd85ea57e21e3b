package cases

import (
	ag "mien/autograd"
	"mien/feadapter"
	check "mien/gradcheck"
	"mien/nn"
	"mien/vit"
)

// feadapterCases are each kind of adapter, whose jittered parameters keep samples of D²Conv3D away from the kinks at whole numbers, and
// the whole model: with all of it learned, and with the image model frozen.
func feadapterCases() []check.Case {
	fe := feadapter.AdapterConfig{Width: 4, Kernel: [3]int{3, 1, 3}, Dilated: true, Stretch: ag.TimeAndSpace, Modulated: true, Activation: true}
	adapter := func(name string, config feadapter.AdapterConfig) check.Case {
		c := layer("feadapter.Adapter/"+name, inputs(tensor("x", 2*3, 1+2*4, 5)), func(s *nn.Scope) check.Func {
			a := feadapter.NewAdapter(s, 5, config)
			return check.Unary(func(x *ag.Value) *ag.Value { return a.Forward(x, [3]int{3, 2, 4}) })
		})
		c.Seed = 1 // at which no sample is near a kink
		return c
	}
	whole := func(name string, c feadapter.AdapterConfig, place feadapter.Place, blocks ...int) check.Case {
		return layer("feadapter.Model/"+name, inputs(pixels(2, 4, 16)), func(s *nn.Scope) check.Func {
			return check.Unary(feadapter.New(s, feadapter.Config{
				Encoder: vit.Config{ImageSize: 16, Frames: 4, PatchSize: 8, Tubelet: 1, Dim: 16, Depth: len(blocks), Heads: 2, MLPRatio: 2},
				Classes: 5, Adapter: c, Place: place, Blocks: blocks}).Forward)
		})
	}
	dilated := whole("D²Conv3D", fe, feadapter.BeforeAttention, 0)
	return []check.Case{
		adapter("plain", feadapter.AdapterConfig{Width: 4, Activation: true}),
		adapter("dense", feadapter.AdapterConfig{Width: 4, Kernel: [3]int{1, 3, 1}, Activation: true}),
		adapter("depth-wise", feadapter.AdapterConfig{Width: 4, Kernel: [3]int{3, 1, 1}, Depthwise: true}),
		adapter("D²Conv3D", fe),
		adapter("D²Conv3D, depth-wise", feadapter.AdapterConfig{Width: 4, Kernel: [3]int{1, 3, 1}, Depthwise: true, Dilated: true, Stretch: ag.Space}),
		dilated, recomputed(frozen(dilated, "patch_embed.*", "blocks.*.attn.*", "blocks.*.mlp.*")),
		whole("after attention", feadapter.AdapterConfig{Width: 4, Kernel: [3]int{3, 1, 1}, Depthwise: true}, feadapter.AfterAttention, 0, 1),
		whole("after MLP", feadapter.AdapterConfig{Width: 4, Activation: true}, feadapter.AfterMLP, 0, 1),
	}
}
