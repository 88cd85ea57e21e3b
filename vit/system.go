package vit

import (
	"cmp"

	"mien/data"
	"mien/nn"
	"mien/recipe"
	"mien/system"
)

// How runs, inference and commands use the network: package vit as a [system.System], the smallest one. Go on with
// package system, then with package run, which trains any system.

// System is the plain network with one head, for images or for videos: the smallest system, and the baseline of the others.
var System = system.System{
	Name: "vit", Kind: recipe.Finetune,
	Check: check,
	Build: func(s *nn.Scope, r recipe.Recipe) system.Model {
		init := nn.TruncatedNormal(nn.InitStd(r.Model.Dim), 2)
		m := New(s, Config(r.Model.Encoder), r.Classes(OneHead(r)), init)
		return &classifier{m, Classification{m, r}}
	},
	Start: StartClassifier,
	Heads: func(r recipe.Recipe) map[data.Modality]string { return map[data.Modality]string{OneHead(r): "head."} },
	Group: Group, Presets: []system.Preset{{Name: "vit", Of: Preset}},
}

func check(r recipe.Recipe) error {
	return cmp.Or(CheckOneHead(r), Config(r.Model.Encoder).Check())
}

// classifier is a Model as runs and inference use it.
type classifier struct {
	*Model
	Classification
}

func (c *classifier) MACs(m data.Modality) int {
	return c.Config.MACs(c.TokensOf(m)) + c.Dim*c.Classes(m)
}

// Preset is the network of a size of [Sizes], for videos of seven classes.
func Preset(size string) (r recipe.Recipe, ok bool) {
	c, ok := Sizes[size]
	r.Model.Encoder = recipe.Encoder(c)
	r.Name, r.Kind, r.System = "vit-"+size, recipe.Finetune, "vit"
	r.Model.VideoClasses = 7
	return r, ok
}
