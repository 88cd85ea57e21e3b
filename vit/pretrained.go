package vit

import (
	"fmt"

	"mien/nn"
	"mien/recipe"
)

// Starting a classifier from the encoder of a pre-training file. Packages vit and s4d share it.

// IsPretraining tells whether a file holds a masked autoencoder.
func IsPretraining(file nn.Weights) bool {
	_, ok := file.Shape("encoder.patch_embed.proj.weight")
	return ok
}

// FromPretraining returns the strict loading of an encoder out of a pre-training file: the names there begin with
// "encoder.", the decoder, the mask token and the final norm stay unused, and what fine-tuning adds starts from init.
func FromPretraining(file nn.Weights, init nn.Source, added ...string) *nn.Load {
	return &nn.Load{
		File:    file,
		Rename:  func(name string) string { return "encoder." + name },
		Missing: added,
		Unused:  []string{"encoder.norm.*", "encoder_to_decoder.weight", "mask_token", "decoder.*"},
		Init:    init,
	}
}

// SameHeads returns an error where a file's encoder has another number of attention heads than a recipe's, which no tensor's shape
// tells: the weights would load and compute something else.
func SameHeads(file nn.Weights, r recipe.Recipe) error {
	return CompareHeads(file, r, "heads", func(m recipe.Model) (heads, dim int) { return m.Heads, m.Dim })
}

// CompareHeads is SameHeads for the attention whose heads and width of returns, and whose heads a recipe calls key. A file without a
// recipe is a published one, whose heads are HeadDim wide.
func CompareHeads(file nn.Weights, r recipe.Recipe, key string, of func(m recipe.Model) (heads, dim int)) error {
	want, dim := of(r.Model)
	heads := max(1, dim/HeadDim)
	if text := file.Metadata()["recipe"]; text != "" {
		inside, err := recipe.Parse([]byte(text))
		if err != nil {
			return fmt.Errorf("recipe inside the file: %w", err)
		}
		heads, _ = of(inside.Model)
	}
	if heads != want {
		return fmt.Errorf("its attention has %d heads, that of recipe %s %d: set model.%s to %d", heads, r.Name, want, key, heads)
	}
	return nil
}
