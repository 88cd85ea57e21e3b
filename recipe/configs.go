package recipe

import (
	"mien/data"
	"mien/mae"
	"mien/moae"
	"mien/s4d"
	"mien/vit"
)

// Encoder returns the geometry of the encoder.
func (r Recipe) Encoder() vit.Config {
	m := r.Model
	return vit.Config{ImageSize: m.ImageSize, Frames: m.Frames, PatchSize: m.PatchSize, Tubelet: m.Tubelet,
		Dim: m.Dim, Depth: m.Depth, Heads: m.Heads, MLPRatio: m.MLPRatio}
}

// MAE returns the masked autoencoder of a pre-training recipe.
func (r Recipe) MAE() mae.Config {
	m := r.Model
	return mae.Config{Encoder: r.Encoder(), DecoderDim: m.DecoderDim, DecoderDepth: m.DecoderDepth, DecoderHeads: m.DecoderHeads}
}

// S4D returns the model of a fine-tuning recipe. Without experts it is the plain vision transformer with two heads.
func (r Recipe) S4D() (s4d.Config, error) {
	m := r.Model
	var blocks []int
	var err error
	if m.Experts > 0 {
		blocks, err = s4d.Positions(m.Position, m.Depth)
	}
	return s4d.Config{Encoder: r.Encoder(), MoAEBlocks: blocks, ImageClasses: m.ImageClasses, VideoClasses: m.VideoClasses,
		MoAE: moae.Config{Experts: m.Experts, TopK: m.TopK, Hidden: m.ExpertHidden, Residual: m.Residual,
			NoiseInEval: m.NoiseInEval, Capacity: m.Capacity, Balance: m.Balance}}, err
}

// View returns the augmentation of the training samples of a modality.
func (r Recipe) View(m data.Modality) data.Transform {
	v := r.Views
	t := data.Transform{H: r.Model.ImageSize, W: r.Model.ImageSize,
		Brightness: v.Brightness, Contrast: v.Contrast, Saturation: v.Saturation}
	t.CropMin, t.Flip = v.VideoCrop, v.VideoFlip
	if m == data.Image {
		t.CropMin, t.Flip = v.ImageCrop, v.ImageFlip
	}
	return t
}
