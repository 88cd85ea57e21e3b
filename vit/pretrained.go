package vit

import (
	"fmt"

	"mien/nn"
	"mien/recipe"
)

// Starting a classifier from another's file or from the encoder of a pre-training file. Systems that build on package vit share it.

// IsPretraining reports whether a file holds a masked autoencoder.
func IsPretraining(file nn.Weights) bool {
	_, ok := file.Shape("encoder.patch_embed.proj.weight")
	return ok
}

// StartClassifier returns a strict load of a classifier from a fine-tuned model or from the encoder of a pre-training file, where
// names begin with "encoder." and the decoder, the mask token and the final norm stay unused. Heads and experts may be missing: they
// start from init, as does the norm before the head, which pre-training lacks.
func StartClassifier(file nn.Weights, r recipe.Recipe, init nn.Source) (*nn.Load, error) {
	load := &nn.Load{File: file, Init: init, Missing: []string{"head.*", "blocks.*.moe_layer.*"}, Unused: []string{"head.*"}}
	if IsPretraining(file) {
		load.Rename = func(name string) string { return "encoder." + name }
		load.Missing = append(load.Missing, "fc_norm.*")
		load.Unused = []string{"encoder.norm.*", "encoder_to_decoder.weight", "mask_token", "decoder.*"}
	}
	return load, SameHeads(file, r)
}

// SameHeads returns an error if a file's encoder, or the decoder of a pre-training run, has a different number of attention heads from
// the recipe's. No tensor's shape depends on it: the weights would load but compute something else. A file without a recipe is a
// published one, with heads of width HeadDim.
func SameHeads(file nn.Weights, r recipe.Recipe) error {
	have := recipe.Model{DecoderHeads: max(1, r.Model.DecoderDim/HeadDim)}
	have.Heads = max(1, r.Model.Dim/HeadDim)
	if text := file.Metadata()["recipe"]; text != "" {
		inside, err := recipe.Parse([]byte(text))
		if err != nil {
			return fmt.Errorf("recipe inside the file: %w", err)
		}
		have = inside.Model
	}
	differ := func(key string, have, want int) error {
		if have == want {
			return nil
		}
		return fmt.Errorf("its attention has %d heads, that of recipe %s %d: set model.%s to %d", have, r.Name, want, key, have)
	}
	err := differ("heads", have.Heads, r.Model.Heads)
	if err == nil && r.Kind == recipe.Pretrain {
		err = differ("decoder_heads", have.DecoderHeads, r.Model.DecoderHeads)
	}
	return err
}

// FitPositions has a load of a [FrameEncoder] read positions of images of another size by [ResizedPositions], and its report say so.
func FitPositions(load *nn.Load, c Config) {
	load.File = ResizedPositions(load.File, c)
	if r, ok := load.File.(resized); ok {
		load.Report.Notes = append(load.Report.Notes, fmt.Sprintf("interpolated the positions of %d×%d patches to %d×%d", r.from, r.from, r.to, r.to))
	}
}
