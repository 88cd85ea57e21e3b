package vit

import (
	"fmt"
	"math"

	"mien/data/augment"
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

// FitPositions lets a load into a [FrameEncoder] take the positions of images with another number of patches: they are interpolated along
// rows and columns, bicubically and without antialiasing, as the released code of the masked autoencoder does (He et al. 2022). The load's
// report says so. Positions that do not fit in another way are left for the load to refuse.
func FitPositions(load *nn.Load, c Config) {
	shape, _ := load.File.Shape(positionName)
	if len(shape) != 3 || shape[1] < 2 || shape[2] != c.Dim {
		return
	}
	from, to := int(math.Round(math.Sqrt(float64(shape[1]-1)))), c.ImageSize/c.PatchSize
	if from == to || 1+from*from != shape[1] {
		return
	}
	load.File = otherGrid{load.File, from, to}
	load.Report.Notes = append(load.Report.Notes, fmt.Sprintf("interpolated the positions of %d×%d patches to %d×%d", from, from, to, to))
}

// positionName is what checkpoints call the positions of a FrameEncoder.
const positionName = "pos_embed"

// otherGrid is a file whose positions [1, 1 + from², D], the first of which is the class token's, become [1, 1 + to², D].
type otherGrid struct {
	nn.Weights
	from, to int
}

func (g otherGrid) Shape(name string) ([]int, bool) {
	shape, ok := g.Weights.Shape(name)
	if name == positionName {
		shape = []int{1, 1 + g.to*g.to, shape[2]}
	}
	return shape, ok
}

func (g otherGrid) Read(name string, dst []float32) error {
	if name != positionName {
		return g.Weights.Read(name, dst)
	}
	dim := len(dst) / (1 + g.to*g.to)
	stored := make([]float32, (1+g.from*g.from)*dim)
	if err := g.Weights.Read(name, stored); err != nil {
		return err
	}
	copy(dst, stored[:dim])
	planes := transposed(stored[dim:], dim)
	planes = augment.Interpolate(planes, dim, g.from, g.from, g.to, g.to, augment.TensorBicubic)
	copy(dst[dim:], transposed(planes, g.to*g.to))
	return nil
}

// transposed turns rows of a width into columns.
func transposed(rows []float32, width int) []float32 {
	out, n := make([]float32, len(rows)), len(rows)/width
	for i, v := range rows {
		out[i%width*n+i/width] = v
	}
	return out
}
