package cases

import (
	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	check "mien/gradcheck"
	"mien/moae"
	"mien/nn"
	"mien/s4d"
	"mien/vit"
)

// s4dCases are tiny whole models with their loss, in both modalities, with router noise and with losses of balance: S4D, ViT-MTL without
// experts, and ViT-MoE with MLPs as experts in place of the MLP and the routing of V-MoE, but for a
// capacity: rounding to bf16 would change who has room.
func s4dCases() []check.Case {
	c := s4d.Config{Encoder: vit.Config{ImageSize: 16, Frames: 4, PatchSize: 8, Tubelet: 2, Dim: 16, Depth: 3, Heads: 2, MLPRatio: 2},
		MoAE: moae.Config{Experts: 4, TopK: 2, Balance: 0.1}, MoAEBlocks: []int{1, 2}, ImageClasses: 3, VideoClasses: 4}
	plain, moe, deep := c, c, c
	deep.HeadHidden = 5
	plain.MoAE, plain.MoAEBlocks = moae.Config{}, nil
	moe.InPlace, moe.MoAEBlocks = true, []int{0, 2}
	moe.MoAE = moae.Config{Experts: 3, TopK: 2, Hidden: 32, SoftmaxFirst: true, FixedNoise: true, Importance: 0.1, Load: 0.2}
	whole := func(name string, c s4d.Config, m data.Modality, frames int) check.Case {
		return layer(name, inputs(pixels(2, frames, 16)), func(s *nn.Scope) check.Func {
			model := s4d.New(s, c)
			return check.Unary(func(pixels *ag.Value) *ag.Value {
				out := model.Forward(pixels, m, moae.Pass{Training: true, Noise: &engine.Key{Seed: 5, Stream: 6}})
				t, classes := pixels.Tape(), c.Classes(m)
				soft := data.SmoothTargets([]int{1, 2}, classes, 0.1)
				return s4d.Loss(out, t.Const(engine.FromSlice(t.Backend(), pixels.Data().DType(), soft, 2, classes)))
			})
		})
	}
	image, video := whole("s4d.Model/image", c, data.Image, 1), whole("s4d.Model/video", c, data.Video, 4)
	moeImage, moeVideo := whole("s4d.Model/image of ViT-MoE", moe, data.Image, 1), whole("s4d.Model/video of ViT-MoE", moe, data.Video, 4)
	experts := layer("s4d.Block", inputs(tensor("x", 2, 5, 6)), func(s *nn.Scope) check.Func {
		init := nn.TruncatedNormal(0.3, 2)
		block := vit.NewBlock(s, vit.BlockConfig{Dim: 6, Heads: 2, MLPRatio: 2}, init)
		mixture := moae.New(s.Sub("moe_layer"), 6, moae.Config{Experts: 3, TopK: 2, Hidden: 4}, init)
		return check.Unary(func(x *ag.Value) *ag.Value {
			y, _ := s4d.Block(block, mixture, x, moae.Pass{})
			return y
		})
	})
	return []check.Case{
		experts, image, recomputed(image), video, recomputed(video),
		frozen(image, "patch_embed.*", "blocks.0.*", "blocks.1.attn.*", "blocks.*.experts.1.*"),
		recomputed(frozen(video, "blocks.*", "patch_embed.*")),
		whole("s4d.Model/video, heads with a hidden layer", deep, data.Video, 4),
		whole("s4d.Model/video of ViT-MTL", plain, data.Video, 4), moeImage, recomputed(moeImage), moeVideo, recomputed(moeVideo),
	}
}
