package run

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/data/augment"
	"mien/recipe"
	"mien/s4d"
)

// allSteps are views that have every step but crop.
func allSteps() recipe.ViewSettings {
	flip := augment.Flip(0.5)
	return recipe.ViewSettings{
		Decode: 20, Steps: []string{"rand_augment", "box", "resize", "resized_crop", "flip", "jitter", "erase"},
		Flip: &flip, Box: &augment.Box{Top: 1, Left: 2, Height: 18, Width: 17},
		Resize:      &augment.Resize{Size: 19, Interpolation: augment.Bilinear},
		ResizedCrop: &augment.ResizedCrop{Area: augment.Range{0.3, 0.9}, Ratio: augment.Range{0.7, 1.3}, Interpolation: augment.Bilinear},
		RandAugment: &augment.RandAugment{Operations: 3, Probability: 0.8, Magnitude: 5, Deviation: 1, Increasing: true,
			Interpolations: []augment.Interpolation{augment.Bilinear}},
		Jitter: &augment.Jitter{Brightness: 0.1, Contrast: 0.2, Saturation: 0.3},
		Erase:  &augment.Erase{Probability: 0.6, Area: augment.Range{0.05, 0.3}, Ratio: augment.Range{0.3, 3}, Fill: augment.Noise},
	}
}

// viewKeys change each key of the views of a modality.
var viewKeys = []struct {
	key    string
	change func(v *recipe.ViewSettings)
}{
	{"decode", func(v *recipe.ViewSettings) { v.Decode = 22 }},
	{"steps", func(v *recipe.ViewSettings) { v.Steps[4], v.Steps[5], v.Steps[6] = "erase", "flip", "jitter" }},
	{"flip", func(v *recipe.ViewSettings) { *v.Flip = 1 }},
	{"box.top", func(v *recipe.ViewSettings) { v.Box.Top = 0 }},
	{"box.left", func(v *recipe.ViewSettings) { v.Box.Left = 0 }},
	{"box.height", func(v *recipe.ViewSettings) { v.Box.Height = 16 }},
	{"box.width", func(v *recipe.ViewSettings) { v.Box.Width = 15 }},
	{"resize.size", func(v *recipe.ViewSettings) { v.Resize.Size = 30 }},
	{"resize.interpolation", func(v *recipe.ViewSettings) { v.Resize.Interpolation = augment.Bicubic }},
	{"resized_crop.area", func(v *recipe.ViewSettings) { v.ResizedCrop.Area[1] = 0.6 }},
	{"resized_crop.ratio", func(v *recipe.ViewSettings) { v.ResizedCrop.Ratio[0] = 0.5 }},
	{"resized_crop.interpolation", func(v *recipe.ViewSettings) { v.ResizedCrop.Interpolation = augment.TensorBilinear }},
	{"rand_augment.operations", func(v *recipe.ViewSettings) { v.RandAugment.Operations = 2 }},
	{"rand_augment.probability", func(v *recipe.ViewSettings) { v.RandAugment.Probability = 0.4 }},
	{"rand_augment.magnitude", func(v *recipe.ViewSettings) { v.RandAugment.Magnitude = 9 }},
	{"rand_augment.deviation", func(v *recipe.ViewSettings) { v.RandAugment.Deviation = 0 }},
	{"rand_augment.increasing", func(v *recipe.ViewSettings) { v.RandAugment.Increasing = false }},
	{"rand_augment.interpolations", func(v *recipe.ViewSettings) { v.RandAugment.Interpolations[0] = augment.Bicubic }},
	{"jitter.brightness", func(v *recipe.ViewSettings) { v.Jitter.Brightness = 0.4 }},
	{"jitter.contrast", func(v *recipe.ViewSettings) { v.Jitter.Contrast = 0.4 }},
	{"jitter.saturation", func(v *recipe.ViewSettings) { v.Jitter.Saturation = 0 }},
	{"erase.probability", func(v *recipe.ViewSettings) { v.Erase.Probability = 1 }},
	{"erase.area", func(v *recipe.ViewSettings) { v.Erase.Area[0] = 0.2 }},
	{"erase.ratio", func(v *recipe.ViewSettings) { v.Erase.Ratio[1] = 1 }},
	{"erase.fill", func(v *recipe.ViewSettings) { v.Erase.Fill = augment.Zero }},
}

// TestEveryViewKeyMatters changes one key at a time and checks that the views of its modality change in an epoch, and no others.
func TestEveryViewKeyMatters(t *testing.T) {
	views := func(change func(*recipe.Recipe)) map[data.Modality][]data.View {
		r := toy(t, "s4d-tiny")
		r.Data.DrawnImages, r.Data.DrawnVideos = 4, 3 // a batch of each
		r.Views = recipe.Views{Image: allSteps(), Video: allSteps()}
		change(&r)
		require.NoError(t, r.Check())
		sets, err := TrainingSets(r, &s4d.System, data.Lists{})
		require.NoError(t, err)
		p, err := newPlan(r, sets)
		require.NoError(t, err)
		all := map[data.Modality][]data.View{}
		for _, b := range batchesOf(t, p, 0) {
			all[b.Modality] = append(all[b.Modality], b.Views...)
		}
		return all
	}
	before := views(func(*recipe.Recipe) {})
	for _, c := range viewKeys {
		for changed, other := range map[data.Modality]data.Modality{data.Image: data.Video, data.Video: data.Image} {
			after := views(func(r *recipe.Recipe) { c.change(data.ByModality(changed, &r.Views.Image, &r.Views.Video)) })
			require.NotEqual(t, before[changed], after[changed], "views.%s.%s has no effect", changed, c.key)
			require.Equal(t, before[other], after[other], "views.%s.%s changes views of %ss", changed, c.key, other)
		}
	}
}
