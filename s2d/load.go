package s2d

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"mien/mobilefacenet"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/vit"
)

// Starting from files: a model of this system or the published one, and an image model of timm's names or of system feadapter.

// start loads a model strictly, except that its images may have had another size. What an image model lacks and the head may be missing: they
// start from init. Modules that the recipe leaves out stay unused.
func start(file nn.Weights, r recipe.Recipe, init nn.Source) (*nn.Load, error) {
	load := &nn.Load{File: own{file}, Init: init,
		Missing: []string{"head.*", "temporal_embedding", "patch_embed_prompt.*", "prompt_blocks.*", "prompt_norms.*"},
		Unused:  []string{"*head.*", "*mask_token", "*decoder_*"}} // the latter of a masked autoencoder of images
	load.Unused = append(load.Unused, FromRecipe(r).leftOut()...)
	vit.FitPositions(load, vit.Config(r.Model.Encoder))
	prefix := prefixOf(file)
	published := has(file, prefix+"ln_post.weight")
	load.Rename = func(name string) string {
		if rest, ok := strings.CutPrefix(name, "ln_post."); ok && !published {
			name = "norm." + rest // of an image model
		}
		return prefix + name
	}
	return load, vit.SameHeads(file, r)
}

// leftOut lists the parameters of the modules that the model does not have.
func (c Config) leftOut() (patterns []string) {
	if !c.Prompts() {
		patterns = append(patterns, "*patch_embed_prompt.*", "*prompt_blocks.*.conv*", "*prompt_blocks.*.fovea.*")
	}
	if !c.Joins() {
		patterns = append(patterns, "*temporal_embedding", "*prompt_blocks.*.TMA.*")
	}
	if !c.Prompts() && !c.Joins() {
		patterns = append(patterns, "*prompt_norms.*")
	}
	return patterns
}

// own is what a file holds but for a landmark network, which has a source of its own.
type own struct{ nn.Weights }

func (o own) Names() []string {
	return slices.DeleteFunc(o.Weights.Names(), func(name string) bool { return strings.Contains(name, landmarkMark) })
}

// distributed is what PyTorch's DistributedDataParallel puts before all names.
const distributed = "module."

func prefixOf(file nn.Weights) string {
	if has(file, distributed+"cls_token") {
		return distributed
	}
	return ""
}

func has(file nn.Weights, name string) bool {
	_, ok := file.Shape(name)
	return ok
}

// landmarkScope is what the names of the landmark network begin with in a model, and landmarkMark what they hold in published ones, too.
const (
	landmarkScope = "landmarks"
	landmarkMark  = "landmark"
)

// landmarks is the landmark network of a model that has prompters, of some width.
func landmarks(width int) *system.Extractor {
	return &system.Extractor{
		Prefix: landmarkScope + ".",
		Needed: "system s2d reads the features of a landmark network: give its weights as --landmarks, a run of `mien landmarks train`, or MobileFaceNet's " +
			".pth.tar or OpenVINO .xml; or begin with a model that has them, as --init",
		Open: func(file nn.Weights) (nn.Source, error) {
			inside, err := landmarksOf(file)
			if err != nil {
				return nil, err
			}
			source, _, err := mobilefacenet.Source(inside) // of which only the trunk is read
			if have := mobilefacenet.WidthOf(inside); err == nil && have != 0 && have != width {
				err = fmt.Errorf("a landmark network %d wide, and the model reads one of %d: name another, or set model.prompter.landmark_width to %d",
					have, width, have)
			}
			return source, err
		},
	}
}

// landmarksOf returns the landmark network in a file: the file itself, or a part of a model's.
func landmarksOf(file nn.Weights) (nn.Weights, error) {
	for _, name := range file.Names() {
		for _, first := range []string{"conv1.weight", "conv1.conv.weight"} {
			if prefix, ok := strings.CutSuffix(name, first); ok && strings.Contains(prefix, landmarkMark) {
				return part{file, prefix}, nil
			}
		}
	}
	if has(file, "cls_token") {
		return nil, errors.New("a model without a landmark network: name one that has it, or the landmark network's own file")
	}
	return file, nil
}

// part is what a file holds under a prefix.
type part struct {
	nn.Weights
	prefix string
}

func (p part) Names() (names []string) {
	for _, name := range p.Weights.Names() {
		if rest, ok := strings.CutPrefix(name, p.prefix); ok {
			names = append(names, rest)
		}
	}
	return names
}

func (p part) Shape(name string) ([]int, bool) { return p.Weights.Shape(p.prefix + name) }

func (p part) Read(name string, dst []float32) error { return p.Weights.Read(p.prefix+name, dst) }
