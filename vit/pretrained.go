package vit

import (
	"fmt"

	"mien/nn"
	"mien/recipe"
)

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
// tells: the weights would load and compute something else. A file without a recipe is a published one, whose heads are HeadDim wide.
func SameHeads(file nn.Weights, r recipe.Recipe) error {
	heads := max(1, r.Model.Dim/HeadDim)
	if text := file.Metadata()["recipe"]; text != "" {
		of, err := recipe.Parse([]byte(text))
		if err != nil {
			return fmt.Errorf("recipe inside the file: %w", err)
		}
		heads = of.Model.Heads
	}
	if heads != r.Model.Heads {
		return fmt.Errorf("its attention has %d heads, that of recipe %s %d: set model.heads to %d", heads, r.Name, r.Model.Heads, heads)
	}
	return nil
}
