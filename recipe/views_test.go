package recipe

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/data/augment"
	"mien/internal/formats"
)

func flip(p augment.Flip) *augment.Flip { return &p }

// publishedPretrainingViews are those of S4D's released configuration: frames of VoxCeleb2 have 224 pixels, of which the top 160 rows
// in the middle are scaled to 192 and cropped, by PyTorch; images are cropped by Pillow.
func publishedPretrainingViews() Views {
	return Views{
		Image: ViewSettings{Steps: []string{"resized_crop", "flip"}, Flip: flip(0.5), ResizedCrop: &augment.ResizedCrop{
			Area: augment.Range{0.2, 1}, Ratio: augment.Range{3.0 / 4, 4.0 / 3}, Interpolation: augment.Bicubic}},
		Video: ViewSettings{Decode: 224, Steps: []string{"box", "resize", "resized_crop"},
			Box:    &augment.Box{Top: 0, Left: 32, Height: 160, Width: 160},
			Resize: &augment.Resize{Size: 192, Interpolation: augment.TensorBilinear},
			ResizedCrop: &augment.ResizedCrop{
				Area: augment.Range{0.08, 1}, Ratio: augment.Range{3.0 / 4, 4.0 / 3}, Interpolation: augment.TensorBilinear}},
	}
}

// publishedFinetuningViews are those of S4D's released scripts.
func publishedFinetuningViews() Views {
	return Views{
		Image: ViewSettings{Decode: 192, Steps: []string{"crop", "flip", "rand_augment", "erase"}, Flip: flip(0.5),
			RandAugment: &augment.RandAugment{Operations: 2, Probability: 0.5, Magnitude: 9, Deviation: 0.5, Increasing: true,
				Interpolations: []augment.Interpolation{augment.Bilinear, augment.Bicubic}},
			Erase: &augment.Erase{Probability: 0.25, Area: augment.Range{0.02, 0.33}, Ratio: augment.Range{0.3, 3.3}, Fill: augment.Zero}},
		Video: ViewSettings{Decode: 160, Steps: []string{"rand_augment", "resized_crop", "flip", "erase"}, Flip: flip(0.5),
			RandAugment: &augment.RandAugment{Operations: 4, Probability: 0.5, Magnitude: 7, Deviation: 0.5, Increasing: true,
				Interpolations: []augment.Interpolation{augment.Bicubic}},
			ResizedCrop: &augment.ResizedCrop{
				Area: augment.Range{0.08, 1}, Ratio: augment.Range{0.75, 1.3333}, Interpolation: augment.TensorBilinear},
			Erase: &augment.Erase{Probability: 0.25, Area: augment.Range{0.02, 1.0 / 3}, Ratio: augment.Range{0.3, 1 / 0.3}, Fill: augment.Noise}},
	}
}

// The steps of a modality are carried out in their order, with their settings and the model's size.
func TestAugmentation(t *testing.T) {
	r, err := Load("s4d-mafw")
	require.NoError(t, err)
	v := publishedFinetuningViews()
	crop := *v.Video.ResizedCrop
	crop.Size = 160
	require.Equal(t, augment.Steps{augment.Crop{Size: 160}, augment.Flip(0.5), *v.Image.RandAugment, *v.Image.Erase}, r.Augmentation(data.Image))
	require.Equal(t, augment.Steps{*v.Video.RandAugment, crop, augment.Flip(0.5), *v.Video.Erase}, r.Augmentation(data.Video))
	require.Zero(t, r.Views.Video.ResizedCrop.Size, "the recipe is unchanged")
	r, err = Load("s4d-pretrain")
	require.NoError(t, err)
	v = publishedPretrainingViews()
	crop.Ratio[1] = 4.0 / 3
	require.Equal(t, augment.Steps{*v.Video.Box, *v.Video.Resize, crop}, r.Augmentation(data.Video))
}

// A step without settings, settings without effect, and steps that cannot follow each other are named with what mends them.
func TestMistakesInViewsAreNamed(t *testing.T) {
	for _, c := range []struct {
		recipe, change, want string
	}{
		{"s4d-tiny", "decode = 36>decode = 5000", "views.image.decode is 5000: it must lie between 0 and 4096"},
		{"s4d-pretrain", "decode = 224>decode = 0", "views.video.decode is 0: it must lie between 1 and 4096"},
		{"s4d-tiny", "flip = 0.5>flip = 7.0", "views.image.flip is 7: it must be more than 0 and at most 1"},
		{"s4d-tiny", "flip = 0.5>flip = nan", "views.image.flip is NaN"},
		{"s4d-tiny", "flip = 0.5>flip = 0.0", "without the step, it never happens"},
		{"s4d-tiny", "flip = 0.5>", "views.image.steps has flip, which has no settings: add views.image.flip"},
		{"s4d-tiny", `, "flip">`, "views.image.flip has no effect: add flip to views.image.steps, or leave it out"},
		{"s4d-tiny", `"flip">"flap"`, `views.image.steps has "flap": choose of box, resize, crop, resized_crop, flip, rand_augment, jitter, erase`},
		{"s4d-tiny", `"flip">"flip", "flip"`, "views.image.steps has flip twice"},
		{"s4d-tiny", "brightness = 0.1>brightness = 1.0", "views.image.jitter.brightness is 1: it must lie between 0 and 0.99"},
		{"s4d-tiny", "contrast = 0.1>contrast = -0.1", "views.image.jitter.contrast is -0.1: it must lie between 0 and 0.99"},
		{"s4d-tiny", "saturation = 0.1>saturation = inf", "views.image.jitter.saturation is +Inf: it must lie between 0 and 0.99"},
		{"s4d-tiny", "brightness = 0.1\ncontrast = 0.1\nsaturation = 0.1>saturation = 0.0", "are all 0: leave jitter out"},
		{"s4d-tiny", "area = [0.7, 1.0]>area = [0.7, 1.5]", "views.image.resized_crop.area is [0.7 1.5]: it must be two numbers from 0.01 to 1, the smaller one first"},
		{"s4d-tiny", "area = [0.7, 1.0]>area = [0.7, 0.6]", "views.image.resized_crop.area is [0.7 0.6]"},
		{"s4d-tiny", "area = [0.7, 1.0]>area = [nan, 0.6]", "views.image.resized_crop.area is [NaN 0.6]"},
		{"s4d-tiny", "ratio = [0.75>ratio = [0.0", "views.image.resized_crop.ratio is [0 1.3333333333333333]: it must be two numbers from 0.01 to 100"},
		{"s4d-tiny", `"bilinear">"nearest"`, `views.image.resized_crop.interpolation is "nearest": it must be one of bilinear, bicubic, tensor-bilinear, tensor-bicubic`},
		{"s4d-tiny", "[views.image.resized_crop]>[views.image.resized_corp]", "unknown key views.image.resized_corp"},
		{"s4d-tiny", "ratio = [0.75>retio = [0.75", "unknown key views.image.resized_crop.retio"},
		{"s4d-dfew", "operations = 2>operations = 0", "views.image.rand_augment.operations is 0: it must lie between 1 and 100"},
		{"s4d-dfew", "probability = 0.5>probability = 0.0", "views.image.rand_augment.probability is 0"},
		{"s4d-dfew", "magnitude = 9.0>magnitude = 11.0", "views.image.rand_augment.magnitude is 11: it must lie between 0 and 10"},
		{"s4d-dfew", "deviation = 0.5>deviation = nan", "views.image.rand_augment.deviation is NaN"},
		{"s4d-dfew", `["bilinear", "bicubic"]>[]`, "views.image.rand_augment.interpolations is empty: choose bilinear, bicubic or both"},
		{"s4d-dfew", `["bicubic"]>["bicubic", "tensor-bicubic"]`, `views.video.rand_augment.interpolations is "tensor-bicubic": it must be one of bilinear, bicubic`},
		{"s4d-dfew", `"zero">"grey"`, `views.image.erase.fill is "grey": it must be one of zero, noise`},
		{"s4d-dfew", "probability = 0.25>probability = 2.0", "views.image.erase.probability is 2"},
		{"s4d-dfew", "area = [0.02, 0.33]>area = [0.0, 0.33]", "views.image.erase.area is [0 0.33]"},
		{"s4d-dfew", "ratio = [0.3, 3.3]>ratio = [0.3, inf]", "views.image.erase.ratio is [0.3 +Inf]"},
		{"s4d-dfew", `decode = 192>decode = 128`, "views.image.steps: crop takes 160×160 pixels of frames of 128×128"},
		{"s4d-dfew", `decode = 192>decode = 0`, "views.image.steps: crop takes 160×160 pixels of frames of unknown size: set decode"},
		{"s4d-dfew", `"crop", "flip">"flip"`, "views.image.steps: views are of 192×192 pixels, and model.image_size is 160: add crop or resized_crop"},
		{"s4d-dfew", `"rand_augment", "resized_crop">"resized_crop", "rand_augment"`,
			"views.video.steps: rand_augment works on bytes: put it before resized_crop, which makes floats"},
		{"s4d-pretrain", "decode = 224>decode = 191", "views.video.steps: box reaches to row 160 and column 192 of frames of 191×191"},
		{"s4d-pretrain", "top = 0>top = 65", "views.video.steps: box reaches to row 225 and column 192 of frames of 224×224"},
		{"s4d-pretrain", "left = 32>left = -1", "views.video.box.left is -1: it must lie between 0 and 4096"},
		{"s4d-pretrain", "size = 192>size = 0", "views.video.resize.size is 0: it must lie between 1 and 4096"},
		{"s4d-pretrain", "[\"resized_crop\", \"flip\"]>[\"flip\"]", "views.image.resized_crop has no effect"},
	} {
		text, err := Source(c.recipe)
		require.NoError(t, err)
		from, to, _ := strings.Cut(c.change, ">")
		require.Contains(t, string(text), from)
		_, err = Parse([]byte(strings.Replace(string(text), from, to, 1)))
		require.ErrorContains(t, err, c.want, c.change)
	}
}

// Every number of a step may be at its bounds and not beyond.
func TestBoundsOfSteps(t *testing.T) {
	box := func(top, left, height, width int) ViewSettings {
		return ViewSettings{Box: &augment.Box{Top: top, Left: left, Height: height, Width: width}}
	}
	rand := func(operations int, probability, magnitude, deviation float64) ViewSettings {
		return ViewSettings{RandAugment: &augment.RandAugment{Operations: operations, Probability: probability, Magnitude: magnitude, Deviation: deviation,
			Interpolations: []augment.Interpolation{augment.Bilinear}}}
	}
	erase := func(probability float64, area, ratio augment.Range) ViewSettings {
		return ViewSettings{Erase: &augment.Erase{Probability: probability, Area: area, Ratio: ratio, Fill: augment.Zero}}
	}
	crop := func(area, ratio augment.Range) ViewSettings {
		return ViewSettings{ResizedCrop: &augment.ResizedCrop{Area: area, Ratio: ratio, Interpolation: augment.Bicubic}}
	}
	jitter := func(brightness, contrast, saturation float64) ViewSettings {
		return ViewSettings{Jitter: &augment.Jitter{Brightness: brightness, Contrast: contrast, Saturation: saturation}}
	}
	resize := func(size int) ViewSettings {
		return ViewSettings{Resize: &augment.Resize{Size: size, Interpolation: augment.TensorBicubic}}
	}
	for _, v := range []ViewSettings{
		box(0, 0, 1, 1), box(4096, 4096, 4096, 4096), resize(1), resize(4096), rand(1, 0.01, 0, 0), rand(100, 1, 10, 10), jitter(0.99, 0, 0), jitter(0, 0.99, 0.99),
		erase(1, augment.Range{0.0001, 0.0001}, augment.Range{0.01, 100}), erase(0.01, augment.Range{1, 1}, augment.Range{100, 100}),
		crop(augment.Range{0.01, 0.01}, augment.Range{0.01, 100}), crop(augment.Range{0.5, 1}, augment.Range{0.01, 0.01}), {Flip: flip(1)},
	} {
		require.NoError(t, v.checkSettings("v"))
	}
	for want, v := range map[string]ViewSettings{
		"v.box.top is 4097": box(4097, 0, 1, 1), "v.box.left is 4097": box(0, 4097, 1, 1),
		"v.box.height is 0": box(0, 0, 0, 1), "v.box.height is 4097": box(0, 0, 4097, 1), "v.box.width is 0": box(0, 0, 1, 0), "v.box.width is 4097": box(0, 0, 1, 4097),
		"v.resize.size is 4097": resize(4097), "v.flip is 1.1": {Flip: flip(1.1)}, "v.jitter.contrast is 0.995": jitter(0, 0.995, 0),
		"v.rand_augment.operations is 101": rand(101, 1, 0, 0), "v.rand_augment.probability is 1.1": rand(1, 1.1, 0, 0),
		"v.rand_augment.magnitude is 10.5": rand(1, 1, 10.5, 0), "v.rand_augment.deviation is 10.5": rand(1, 1, 0, 10.5),
		"v.erase.area is [9e-05 1]":        erase(1, augment.Range{0.00009, 1}, augment.Range{1, 1}),
		"v.erase.area is [1 1.1]":          erase(1, augment.Range{1, 1.1}, augment.Range{1, 1}),
		"v.erase.ratio is [0.009 1]":       erase(1, augment.Range{1, 1}, augment.Range{0.009, 1}),
		"v.erase.ratio is [1 101]":         erase(1, augment.Range{1, 1}, augment.Range{1, 101}),
		"v.resized_crop.area is [0.009 1]": crop(augment.Range{0.009, 1}, augment.Range{1, 1}),
		"v.resized_crop.ratio is [1 101]":  crop(augment.Range{1, 1}, augment.Range{1, 101}),
	} {
		require.ErrorContains(t, v.checkSettings("v"), want+": it must ")
	}
}

// Frames are followed through the steps: a resize of an image of any size makes it large enough for a crop, an antialiased one needs
// bytes.
func TestFramesAreFollowed(t *testing.T) {
	pillow, tensor := augment.Bilinear, augment.TensorBilinear
	crop := func(how augment.Interpolation) *augment.ResizedCrop {
		return &augment.ResizedCrop{Area: augment.Range{0.5, 1}, Ratio: augment.Range{1, 2}, Interpolation: how}
	}
	erase := &augment.Erase{Probability: 1, Area: augment.Range{0.5, 1}, Ratio: augment.Range{1, 2}, Fill: augment.Noise}
	for _, c := range []struct {
		v    ViewSettings
		want string
	}{
		{ViewSettings{Decode: 30}, ""},
		{ViewSettings{Decode: 31}, "views are of 31×31 pixels, and model.image_size is 30"},
		{ViewSettings{}, "views are of any size, and model.image_size is 30"},
		{ViewSettings{Steps: []string{"resize"}, Resize: &augment.Resize{Size: 30, Interpolation: pillow}}, "views are of any size"},
		{ViewSettings{Steps: []string{"resize", "crop"}, Resize: &augment.Resize{Size: 30, Interpolation: pillow}}, ""},
		{ViewSettings{Steps: []string{"resize", "crop"}, Resize: &augment.Resize{Size: 29, Interpolation: pillow}}, "frames of 29×29"},
		{ViewSettings{Decode: 60, Steps: []string{"resize"}, Resize: &augment.Resize{Size: 30, Interpolation: pillow}}, ""},
		{ViewSettings{Decode: 60, Steps: []string{"box", "resize"}, Box: &augment.Box{Height: 20, Width: 40},
			Resize: &augment.Resize{Size: 30, Interpolation: pillow}}, "views are of 60×30 pixels"},
		{ViewSettings{Decode: 60, Steps: []string{"crop", "box"}, Box: &augment.Box{Height: 20, Width: 31}}, "box reaches to row 20 and column 31 of frames of 30×30"},
		{ViewSettings{Steps: []string{"resize", "box"}, Resize: &augment.Resize{Size: 40, Interpolation: pillow}, Box: &augment.Box{Top: 10, Height: 30, Width: 30}}, ""},
		{ViewSettings{Steps: []string{"resize", "box"}, Resize: &augment.Resize{Size: 40, Interpolation: pillow}, Box: &augment.Box{Top: 11, Height: 30, Width: 30}},
			"box reaches to row 41 and column 30 of frames of 40×40"},
		{ViewSettings{Decode: 60, Steps: []string{"crop", "box"}, Box: &augment.Box{Height: 31, Width: 20}}, "box reaches to row 31 and column 20 of frames of 30×30"},
		{ViewSettings{Decode: 60, Steps: []string{"box"}, Box: &augment.Box{Height: 31, Width: 30}}, "views are of 30×31 pixels"},
		{ViewSettings{Decode: 60, Steps: []string{"box", "crop"}, Box: &augment.Box{Height: 29, Width: 40}}, "crop takes 30×30 pixels of frames of 40×29"},
		{ViewSettings{Decode: 60, Steps: []string{"box", "crop"}, Box: &augment.Box{Height: 40, Width: 29}}, "crop takes 30×30 pixels of frames of 29×40"},
		{ViewSettings{Decode: 50, Steps: []string{"box"}, Box: &augment.Box{Top: 20, Left: 20, Height: 30, Width: 30}}, ""},
		{ViewSettings{Steps: []string{"box", "crop"}, Box: &augment.Box{Height: 50, Width: 50}}, "of frames of unknown size: set decode"},
		{ViewSettings{Decode: 60, Steps: []string{"resize", "resized_crop"}, ResizedCrop: crop(tensor),
			Resize: &augment.Resize{Size: 40, Interpolation: pillow}}, ""},
		{ViewSettings{Decode: 60, Steps: []string{"resize", "resized_crop"}, ResizedCrop: crop(pillow),
			Resize: &augment.Resize{Size: 40, Interpolation: tensor}}, "resized_crop works on bytes: put it before resize, which makes floats"},
		{ViewSettings{Decode: 60, Steps: []string{"erase", "resized_crop"}, Erase: erase, ResizedCrop: crop(pillow)}, "put it before erase"},
		{ViewSettings{Decode: 60, Steps: []string{"jitter", "resized_crop"}, Jitter: &augment.Jitter{Contrast: 0.5}, ResizedCrop: crop(pillow)}, "put it before jitter"},
		{ViewSettings{Decode: 60, Steps: []string{"jitter", "resize"}, Jitter: &augment.Jitter{Contrast: 0.5}, Resize: &augment.Resize{Size: 30, Interpolation: pillow}},
			"resize works on bytes: put it before jitter"},
		{ViewSettings{Decode: 60, Steps: []string{"erase", "jitter", "resized_crop"}, Erase: erase, Jitter: &augment.Jitter{Contrast: 0.5}, ResizedCrop: crop(pillow)},
			"put it before erase"},
		{ViewSettings{Decode: 60, Steps: []string{"erase", "resized_crop"}, Erase: &augment.Erase{Probability: 1, Area: erase.Area, Ratio: erase.Ratio, Fill: augment.Zero},
			ResizedCrop: crop(pillow)}, ""},
	} {
		r, err := Load("s4d-tiny-pretrain")
		require.NoError(t, err)
		r.Model.ImageSize, r.Views.Video.Decode = 30, 31
		r.Views.Image = c.v
		if c.want == "" {
			require.NoError(t, r.Check(), "%+v", c.v)
		} else {
			require.ErrorContains(t, r.Check(), c.want, "%+v", c.v)
		}
	}
}

// Every key of a view is documented.
func TestFormats(t *testing.T) {
	var keys []string
	var add func(table reflect.Type, prefix string)
	add = func(table reflect.Type, prefix string) {
		for i := range table.NumField() {
			key, _, _ := strings.Cut(table.Field(i).Tag.Get("toml"), ",")
			if key == "-" {
				continue
			}
			keys = append(keys, prefix+key)
			if of := table.Field(i).Type; of.Kind() == reflect.Pointer && of.Elem().Kind() == reflect.Struct {
				add(of.Elem(), key+".")
			}
		}
	}
	add(reflect.TypeFor[ViewSettings](), "")
	require.ElementsMatch(t, formats.Documented(t, "recipe: views"), keys)
}

// Recipes of when both modalities had their settings together are read as what they meant.
func TestEarlierViews(t *testing.T) {
	text, err := Source("s4d-tiny")
	require.NoError(t, err)
	before, rest, _ := strings.Cut(string(text), "[views.image]")
	_, after, _ := strings.Cut(rest, "[train]")
	earlier := func(views string) (Recipe, error) {
		return Parse([]byte(before + "[views]\n" + views + "\n[train]" + after))
	}
	crop := func(least float64) *augment.ResizedCrop {
		return &augment.ResizedCrop{Area: augment.Range{least, 1}, Ratio: augment.Range{3.0 / 4, 4.0 / 3}, Interpolation: augment.Bilinear}
	}
	got, err := earlier("cache_size = 36\nimage_crop = 0.7\nvideo_crop = 1.0\nimage_flip = 0.5\nvideo_flip = 0\nbrightness = 0.1\ncontrast = 0.0\nsaturation = 0.2")
	require.NoError(t, err)
	jitter := &augment.Jitter{Brightness: 0.1, Saturation: 0.2}
	require.Equal(t, ViewSettings{Decode: 36, Steps: []string{"resized_crop", "flip", "jitter"}, ResizedCrop: crop(0.7), Flip: flip(0.5), Jitter: jitter}, got.Views.Image)
	require.Equal(t, ViewSettings{Decode: 36, Steps: []string{"resize", "jitter"}, Jitter: jitter,
		Resize: &augment.Resize{Size: 32, Interpolation: augment.Bilinear}}, got.Views.Video)

	got, err = earlier("cache_size = 32\nimage_crop = 1\nvideo_crop = 0.3\nimage_flip = 0.0\nvideo_flip = 0.25\nbrightness = 0.0\ncontrast = 0.0\nsaturation = 0.0")
	require.NoError(t, err)
	require.Equal(t, ViewSettings{Decode: 32, Steps: []string{}}, got.Views.Image)
	require.Equal(t, ViewSettings{Decode: 32, Steps: []string{"resized_crop", "flip"}, ResizedCrop: crop(0.3), Flip: flip(0.25)}, got.Views.Video)
	want, err := Load("s4d-tiny")
	require.NoError(t, err)
	require.Equal(t, want.Train, got.Train)

	got, err = earlier("cache_size = 20\nimage_crop = 0.5\nvideo_crop = 1\nimage_flip = 0.0\nvideo_flip = 0.0\nbrightness = 0.0\ncontrast = 0.0\nsaturation = 0.0")
	require.NoError(t, err)
	require.Equal(t, []string{"resize"}, got.Views.Video.Steps, "larger, too")

	got, err = earlier("cache_size = 32\nimage_crop = 1\nvideo_crop = 1\nimage_flip = 0.25\nvideo_flip = 0.5\nbrightness = 0\ncontrast = 0.2\nsaturation = 0")
	require.NoError(t, err)
	jitter = &augment.Jitter{Contrast: 0.2}
	require.Equal(t, ViewSettings{Decode: 32, Steps: []string{"flip", "jitter"}, Flip: flip(0.25), Jitter: jitter}, got.Views.Image)
	require.Equal(t, ViewSettings{Decode: 32, Steps: []string{"flip", "jitter"}, Flip: flip(0.5), Jitter: jitter}, got.Views.Video)

	for views, want := range map[string]string{
		"cache_size = 36\n[views.video]\ndecode = 36": "unknown key views.cache_size",
		"cache_size = 36\nblur = 1":                   "unknown key views.blur",
		"cache_size = 36\n[views.image]\ndecode = 36": "unknown key views.cache_size",
		"cache_size = 36\nimage_crop = nan":           "views.image.resized_crop.area is [NaN 1]",
		"cache_size = 0\nimage_crop = 0.5":            "views.video.decode is 0",
		"cache_size = 'large'":                        "cache_size",
	} {
		_, err := earlier(views)
		require.ErrorContains(t, err, want, views)
	}
}

// What is embedded is written in today's keys: nothing in it is converted as of earlier versions.
func TestEmbeddedRecipesAreOfToday(t *testing.T) {
	for _, name := range Names() {
		text, err := Source(name)
		require.NoError(t, err)
		now, err := current(text)
		require.NoError(t, err)
		require.Equal(t, string(text), string(now), name)
	}
}

// Each step is listed once, wherever the other one stands, and what has settings is listed.
func TestStepsAndSettings(t *testing.T) {
	all := ViewSettings{Decode: 60, Steps: []string{"box", "resize", "rand_augment", "resized_crop", "flip", "jitter", "erase"}, Flip: flip(0.5),
		Box: &augment.Box{Height: 50, Width: 50}, Resize: &augment.Resize{Size: 40, Interpolation: augment.Bilinear},
		ResizedCrop: &augment.ResizedCrop{Area: augment.Range{0.5, 1}, Ratio: augment.Range{1, 2}, Interpolation: augment.Bilinear},
		RandAugment: &augment.RandAugment{Operations: 1, Probability: 1, Magnitude: 5, Interpolations: []augment.Interpolation{augment.Bilinear}},
		Jitter:      &augment.Jitter{Contrast: 0.5}, Erase: &augment.Erase{Probability: 1, Area: augment.Range{0.1, 0.2}, Ratio: augment.Range{1, 2}, Fill: augment.Zero}}
	for _, m := range []data.Modality{data.Image, data.Video} {
		check := func(steps ...string) error {
			r, err := Load("s4d-tiny-pretrain")
			require.NoError(t, err)
			v := all
			v.Steps = steps
			r.Model.ImageSize = 30
			r.Views.Image, r.Views.Video = all, all
			*data.ByModality(m, &r.Views.Image, &r.Views.Video) = v
			return r.Check()
		}
		require.NoError(t, check(all.Steps...))
		for i, step := range all.Steps {
			without := slices.Delete(slices.Clone(all.Steps), i, i+1)
			require.EqualError(t, check(without...), fmt.Sprintf("views.%s.%s has no effect: add %[2]s to views.%[1]s.steps, or leave it out", m, step))
			require.EqualError(t, check(append(slices.Clone(all.Steps), step)...), fmt.Sprintf("views.%s.steps has %s twice", m, step))
		}
	}
}
