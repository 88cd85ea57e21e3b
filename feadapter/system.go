package feadapter

import (
	"cmp"
	"fmt"

	"mien/data"
	"mien/engine"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/vit"
)

// How runs, inference and commands use the model: package feadapter as a [system.System]. Go on with package run, which trains any system.

// System is a vision transformer for images, to be fine-tuned on images; or, with adapters and the rest frozen (train.freeze), on videos.
var System = system.System{
	Name: "feadapter", Kind: recipe.Finetune, ClassTokens: true,
	Keys: []string{"model.adapter.width", "model.adapter.kernel", "model.adapter.depthwise", "model.adapter.stretch",
		"model.adapter.modulated", "model.adapter.activation", "model.adapter.place", "model.adapter.blocks"},
	Check: check, Build: build, Group: vit.Group, Start: start,
	Presets: []system.Preset{{Name: "feadapter", Of: preset}, {Name: "stadapter", Of: stAdapter}},
	Heads: func(r recipe.Recipe) map[data.Modality]string {
		return map[data.Modality]string{vit.OneHead(r): "head."}
	},
}

func check(r recipe.Recipe) error {
	c, err := FromRecipe(r)
	return cmp.Or(err, vit.CheckOneHead(r), c.Check())
}

func build(s *nn.Scope, r recipe.Recipe) system.Model {
	c, err := FromRecipe(r)
	if err != nil {
		panic(&engine.ShapeError{Op: "feadapter", Got: err, Want: "a recipe that passed Check"})
	}
	m := New(s, c)
	return &classifier{m, vit.Classification{Network: m, Recipe: r}}
}

// start loads a model of this system or timm's, strictly, except that its images may have had another size. Adapters and the head may be
// missing: they start from init. The decoder of a masked autoencoder of images (He et al. 2022) stays unused.
func start(file nn.Weights, r recipe.Recipe, init nn.Source) (*nn.Load, error) {
	load := &nn.Load{File: file, Init: init, Missing: []string{"head.*", "blocks.*.adapter.*"}, Unused: []string{"head.*", "mask_token", "decoder_*"}}
	vit.FitPositions(load, vit.Config(r.Model.Encoder))
	return load, vit.SameHeads(file, r)
}

// classifier is a Model as runs and inference use it.
type classifier struct {
	*Model
	vit.Classification
}

func (c *classifier) MACs(m data.Modality) int {
	return c.work(data.ByModality(m, 1, c.Encoder.Frames)).Forward
}

// GradientMACs implements system.Tuned.
func (c *classifier) GradientMACs(m data.Modality) int {
	return c.work(data.ByModality(m, 1, c.Encoder.Frames)).Backward
}

// Base lists the parameters of the image model but its head, in the form of train.freeze.
var Base = []string{"cls_token", "pos_embed", "patch_embed.*", "blocks.*.norm1.*", "blocks.*.attn.*", "blocks.*.norm2.*", "blocks.*.mlp.*", "norm.*"}

// preset is the published model: 16 frames of 224×224 pixels, adapters before the attention of all blocks. Their width and kernel are not
// published. Those here are our choice, of 6.57 million parameters with the head, where the paper has 6.6.
func preset(size string) (r recipe.Recipe, ok bool) {
	if r, ok = vit.Preset(size); !ok {
		return r, ok
	}
	r.Name, r.System = fmt.Sprint("feadapter-", size), "feadapter"
	r.Model.ImageSize, r.Model.Tubelet = r.Model.ImageSize/10*14, 1 // 224 pixels where vit has 160
	r.Model.Adapter = &recipe.Adapter{Width: r.Model.Dim * 5 / 16, Kernel: []int{3, 1, 1}, Stretch: "axes", Modulated: true, Activation: true,
		Place: "before-attention", Blocks: "all"}
	r.Train.Freeze = Base
	return r, true
}

// stAdapter is ST-Adapter of as much width as half of a token: of that size, "12×384" of its paper, with adapters before the MLP of all
// blocks. The base is that of FE-Adapter, where its authors took CLIP's.
func stAdapter(size string) (r recipe.Recipe, ok bool) {
	if r, ok = preset(size); !ok {
		return r, ok
	}
	r.Name = fmt.Sprint("stadapter-", size)
	r.Model.Adapter = &recipe.Adapter{Width: r.Model.Dim / 2, Kernel: []int{3, 1, 1}, Depthwise: true, Place: "after-attention", Blocks: "all"}
	return r, true
}
