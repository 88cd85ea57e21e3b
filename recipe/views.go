package recipe

import (
	"mien/data"
	"mien/data/augment"
)

// Views are how views of training samples are made: of images, and of videos.
type Views struct {
	Image ViewSettings `toml:"image"`
	Video ViewSettings `toml:"video"`
}

// Of returns the views of a modality.
func (v Views) Of(m data.Modality) ViewSettings { return data.ByModality(m, v.Image, v.Video) }

// ViewSettings are how views of one modality are made. A listed step has its settings here, and no other step has any.
type ViewSettings struct {
	Decode int      `toml:"decode" comment:"pixels, height and width, to which frames are decoded; 0 keeps an image's own size"`
	Steps  []string `toml:"steps" comment:"in order, any of box, resize, resized_crop, flip, rand_augment, jitter, erase, with settings below, and crop, a random place"`

	Flip        *augment.Flip        `toml:"flip,omitempty" comment:"probability of a mirror image"`
	Box         *augment.Box         `toml:"box,omitempty" comment:"a fixed part of the frame, in pixels"`
	Resize      *augment.Resize      `toml:"resize,omitempty" comment:"the whole frame, made smaller or larger"`
	ResizedCrop *augment.ResizedCrop `toml:"resized_crop,omitempty" comment:"a random part of the frame, resized to the model's size"`
	RandAugment *augment.RandAugment `toml:"rand_augment,omitempty" comment:"operations drawn from fifteen, RandAugment"`
	Jitter      *augment.Jitter      `toml:"jitter,omitempty" comment:"strengths x: factors of a colour jitter are uniform in [1-x, 1+x]"`
	Erase       *augment.Erase       `toml:"erase,omitempty" comment:"a rectangle that is painted over"`
}

// setting is a step that a view may have; step is nil if it has no settings.
type setting struct {
	name string
	step augment.Step
}

// settings returns all steps, for a model of size×size pixels.
func (v ViewSettings) settings(size int) []setting {
	crop := v.ResizedCrop
	if crop != nil {
		sized := *crop
		sized.Size, crop = size, &sized
	}
	return []setting{
		{"box", given(v.Box)}, {"resize", given(v.Resize)}, {"crop", augment.Crop{Size: size}}, {"resized_crop", given(crop)},
		{"flip", given(v.Flip)}, {"rand_augment", given(v.RandAugment)}, {"jitter", given(v.Jitter)}, {"erase", given(v.Erase)},
	}
}

func given[S augment.Step](s *S) augment.Step {
	if s == nil {
		return nil
	}
	return *s
}

// Augmentation returns the steps that make training views of a modality.
func (r Recipe) Augmentation(m data.Modality) (steps augment.Steps) {
	v := r.Views.Of(m)
	for _, name := range v.Steps {
		for _, s := range v.settings(r.Model.ImageSize) {
			if s.name == name {
				steps = append(steps, s.step)
			}
		}
	}
	return steps
}
