package recipe

import (
	"cmp"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"mien/data/augment"
)

// Recipes of earlier versions, in files that they wrote, in today's keys.

// renamed are keys whose values stay as they are.
var renamed = strings.NewReplacer("\ndrawn_pictures", "\ndrawn_images", "\ndrawn_clips", "\ndrawn_videos",
	"\nnoise_in_eval", "\neval_as_training")

// earlierViews are settings of when images and videos were cropped alike.
type earlierViews struct {
	CacheSize  int     `toml:"cache_size"`
	ImageCrop  float64 `toml:"image_crop"` // least area of a resized crop, 1 is none
	VideoCrop  float64 `toml:"video_crop"`
	ImageFlip  float64 `toml:"image_flip"`
	VideoFlip  float64 `toml:"video_flip"`
	Brightness float64 `toml:"brightness"`
	Contrast   float64 `toml:"contrast"`
	Saturation float64 `toml:"saturation"`
}

// current returns a recipe in today's keys. Keys that no version had stay where they are.
func current(text []byte) ([]byte, error) {
	text = []byte(renamed.Replace(string(text)))
	var tree map[string]any
	var old struct {
		Model struct {
			ImageSize int `toml:"image_size"`
		} `toml:"model"`
		Views earlierViews `toml:"views"`
	}
	if toml.Unmarshal(text, &tree) != nil {
		return text, nil // which Parse explains
	}
	views, _ := tree["views"].(map[string]any)
	before := len(views)
	for _, key := range []string{"cache_size", "image_crop", "video_crop", "image_flip", "video_flip", "brightness", "contrast", "saturation"} {
		delete(views, key)
	}
	if len(views) == before || views["image"] != nil || views["video"] != nil { // a mixture is refused
		return text, nil
	}
	if err := toml.Unmarshal(text, &old); err != nil {
		return nil, err
	}
	v, size := old.Views, old.Model.ImageSize
	views["image"], views["video"] = v.view(v.ImageCrop, v.ImageFlip, size), v.view(v.VideoCrop, v.VideoFlip, size)
	return toml.Marshal(tree)
}

// view returns the views of a modality.
func (v earlierViews) view(crop, flip float64, size int) View {
	w := View{Decode: v.CacheSize, Steps: []string{}}
	add := func(step string) { w.Steps = append(w.Steps, step) }
	if crop != 1 {
		w.ResizedCrop = &augment.ResizedCrop{Area: augment.Range{crop, 1}, Ratio: augment.Range{3.0 / 4, 4.0 / 3}, Interpolation: augment.Bilinear}
		add("resized_crop")
	} else if v.CacheSize != size {
		w.Resize = &augment.Resize{Size: size, Interpolation: augment.Bilinear}
		add("resize")
	}
	if flip != 0 {
		w.Flip = (*augment.Flip)(&flip)
		add("flip")
	}
	if cmp.Or(v.Brightness, v.Contrast, v.Saturation) != 0 {
		w.Jitter = &augment.Jitter{Brightness: v.Brightness, Contrast: v.Contrast, Saturation: v.Saturation}
		add("jitter")
	}
	return w
}
