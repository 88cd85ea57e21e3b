package s4d

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/vit"
)

// The methods that the paper compares S4D with in learning from images and videos together (Table V), as systems of their own. The
// third, the plain vision transformer with one head, is package vit.

// ViTMTL is the plain vision transformer with a head for each modality: multi-task learning without experts.
var ViTMTL = system.System{
	Name: vitmtl, Kind: recipe.Finetune, Keys: headKeys,
	Check: check, Build: build, Start: vit.StartClassifier, Heads: heads, Group: vit.Group,
	Preset: func(size string) (recipe.Recipe, bool) { return twoHeads(vitmtl, size) },
}

// Names of the systems without experts, and with some in place of the MLP.
const (
	vitmtl = "vitmtl"
	vitmoe = "vitmoe"
)

// ViTMoE is the vision transformer with MLPs as experts in place of the MLP of some of its blocks (V-MoE, Riquelme et al. 2021), and a
// head for each modality. The paper gives its size and no more: routing and losses of the published sizes are V-MoE's, in the later half
// of the blocks, as of S4D. What is not as in V-MoE's code:
//
//   - An expert has room for ⌊C·S·k/n⌋ tokens of a group of S. There it is ⌈C·S·k/n⌉, rounded up to a multiple of 4.
//   - A group is the batch of a replica, not eight images.
//   - C is 1.05, as there in training from scratch, in fine-tuning too, where it is 1.5 there. In evaluations there is no limit: it is 4
//     there, which for k = 2 of n = 8 is as much.
//   - Tokens with the best scores go first, V-MoE's algorithm 2; its configurations ship with algorithm 1, model.priority = "choices".
//   - Experts of a run without --init begin with different numbers, not the same.
var ViTMoE = system.System{
	Name: vitmoe, Kind: recipe.Finetune, Keys: slices.Concat(headKeys, expertKeys),
	Check: func(r recipe.Recipe) error {
		if r.Model.Experts < 1 {
			return errors.New("model.experts is 0: choose some for vitmoe, or system vitmtl, which has none")
		}
		return check(r)
	},
	Build: build, Start: startExperts, Heads: heads, Group: vit.Group,
	Preset: func(size string) (r recipe.Recipe, ok bool) {
		r, ok = twoHeads(vitmoe, size)
		m := &r.Model
		m.Experts, m.TopK, m.Position = 8, 2, "later"
		m.SoftmaxFirst, m.FixedNoise, r.Train.RouterNoise = true, true, true
		m.Capacity, m.Priority = 1.05, "scores"
		m.Importance, m.Load = 0.005, 0.005
		return r, ok
	},
}

// startExperts begins as other classifiers do. Each expert that the file lacks starts as the MLP of its block there (sparse upcycling,
// Komatsuzaki et al. 2023), so that nothing that pre-training has learned is lost, unless experts have another width.
func startExperts(file nn.Weights, r recipe.Recipe, init nn.Source) (*nn.Load, error) {
	load, err := vit.StartClassifier(file, r, init)
	if err != nil {
		return nil, err
	}
	if mlp := r.Model.MLPRatio * r.Model.Dim; cmp.Or(r.Model.ExpertHidden, mlp) != mlp {
		load.Unused = append(load.Unused, "*blocks.*.mlp.*")
		return load, nil
	}
	inFile := load.Rename
	if inFile == nil {
		inFile = func(name string) string { return name }
	}
	load.Rename = func(name string) string {
		before, expert, ok := strings.Cut(name, ".moe_layer.experts.")
		if _, there := file.Shape(inFile(name)); !ok || there {
			return inFile(name)
		}
		_, part, _ := strings.Cut(expert, ".") // behind the number
		return inFile(before + ".mlp." + part)
	}
	return load, nil
}
