package recipe

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/data/augment"
)

// complete sets every key, each number another.
var complete = Recipe{
	Name: "complete", Kind: Finetune, System: "vit", Seed: 11,
	Model: Model{Encoder: Encoder{ImageSize: 64, Frames: 12, PatchSize: 8, Tubelet: 3, Dim: 48, Depth: 5, Heads: 6, MLPRatio: 2},
		DecoderDim: 24, DecoderDepth: 1, DecoderHeads: 4, Experts: 13, TopK: 14, ExpertHidden: 15, Position: "middle",
		ImageClasses: 7, VideoClasses: 9, HeadHidden: 27, Residual: true, EvalAsTraining: true, Capacity: 1.25, Balance: 0.125,
		FixedNoise: true, SoftmaxFirst: true, Priority: "scores", Importance: 0.34375, Load: 0.40625,
		Adapter:       &Adapter{Width: 33, Kernel: []int{3, 1, 5}, Depthwise: true, Stretch: "space", Modulated: true, Activation: true, Place: "after-mlp", Blocks: "early"},
		LandmarkWidth: 34, Dropout: 0.53125, Prompter: &Prompter{Width: 35, LandmarkWidth: 36}, Temporal: &Temporal{Width: 37, Heads: 38}},
	Data: Data{Crop: "five-point", ListRepeat: 16, DrawnImages: 17, DrawnVideos: 18, DrawnTest: 19,
		DrawnClasses: []string{"happiness", "fear"}, DrawnFraming: 0.71875, DrawnFaint: 0.84375, DrawnHeld: 0.15625, DrawnReversed: true, Stride: 20, CacheMiB: 21},
	Views: Views{
		Image: ViewSettings{Decode: 72, Steps: []string{"rand_augment", "resized_crop", "flip", "jitter", "erase"}, Flip: flip(0.28125),
			ResizedCrop: &augment.ResizedCrop{Area: augment.Range{0.75, 0.96875}, Ratio: augment.Range{0.625, 2.25}, Interpolation: augment.Bicubic},
			RandAugment: &augment.RandAugment{Operations: 26, Probability: 0.3125, Magnitude: 5.5, Deviation: 6.5, Increasing: true,
				Interpolations: []augment.Interpolation{augment.Bicubic, augment.Bilinear}},
			Jitter: &augment.Jitter{Brightness: 0.25, Contrast: 0.1875, Saturation: 0.0625},
			Erase:  &augment.Erase{Probability: 0.34375, Area: augment.Range{0.046875, 0.40625}, Ratio: augment.Range{0.21875, 4.75}, Fill: augment.Noise}},
		Video: ViewSettings{Decode: 80, Steps: []string{"crop", "box", "resize"}, Box: &augment.Box{Top: 2, Left: 1, Height: 60, Width: 60},
			Resize: &augment.Resize{Size: 64, Interpolation: augment.TensorBicubic}}},
	Train: Train{Epochs: 40, WarmupEpochs: 1.5, DrawnEpochs: 4, EvalEvery: 22, ImageBatch: 24, VideoBatch: 48, VideoRepeat: 12,
		StaticShare: 1.75, DynamicShare: 2.5, RoundUp: true,
		BestBy: "loss", BestSet: "static", BestOnTest: true, UseBest: true, BalanceStatic: true, LR: 0.03125, MinLR: 0.0078125, Beta2: 0.875, WeightDecay: 0.015625,
		LayerDecay: 0.9375, Clip: 3.5, Replicas: 8, Accumulate: 2, LabelSmoothing: 0.4375, Mixup: 0.6875, Cutmix: 1.125, CutmixShare: 0.34375,
		RouterNoise: true, IdleSteps: true, Freeze: []string{"blocks.*", "norm.*"},
		ImageMask: 0.5625, VideoMask: 0.8125, TubeMask: true, JointTarget: true,
		Distillation: &Distillation{Anchors: 41, Nearest: 42, Starts: []float64{0.15625, 0.78125}, Weights: []float64{0.25, 4.25}, TakesFrom: 0.09375, UpdateEvery: 43}},
}

// A recipe as text has every key with its explanation, and is read as it was.
func TestCompleteText(t *testing.T) {
	want, err := os.ReadFile("testdata/complete.toml")
	require.NoError(t, err)
	text, err := complete.Text()
	require.NoError(t, err)
	require.Equal(t, string(want), string(text))
	read, err := Load("testdata/complete.toml")
	require.NoError(t, err)
	require.Equal(t, complete, read)
}

// What is unset is left out where that is the usual.
func TestOptionalKeys(t *testing.T) {
	settings, err := Recipe{}.Settings()
	require.NoError(t, err)
	require.Equal(t, map[string]string{"name": "", "kind": "", "system": "", "seed": "0",
		"model.image_size": "0", "model.frames": "0", "model.patch_size": "0", "model.tubelet": "0", "model.dim": "0", "model.depth": "0",
		"model.heads": "0", "model.mlp_ratio": "0",
		"data.drawn_images": "0", "data.drawn_videos": "0", "data.drawn_test": "0", "data.stride": "0", "data.cache_mib": "0",
		"views.image.decode": "0", "views.image.steps": "[]", "views.video.decode": "0", "views.video.steps": "[]",
		"train.epochs": "0", "train.warmup_epochs": "0", "train.image_batch": "0", "train.video_batch": "0", "train.video_repeat": "0",
		"train.static_share": "0", "train.dynamic_share": "0", "train.lr": "0", "train.min_lr": "0", "train.beta2": "0",
		"train.weight_decay": "0", "train.clip": "0"}, settings)
}

// Each modality has its own views and number of classes.
func TestViewsAndClasses(t *testing.T) {
	require.Equal(t, augment.Steps{augment.Crop{Size: 64}, *complete.Views.Video.Box, *complete.Views.Video.Resize}, complete.Augmentation(data.Video))
	require.Len(t, complete.Augmentation(data.Image), 5)
	require.Equal(t, []int{7, 9}, []int{complete.Classes(data.Image), complete.Classes(data.Video)})
}

// Mixup and cutmix have their own strengths.
func TestMixing(t *testing.T) {
	require.Equal(t, data.Mixing{Mixup: 0.6875, Cutmix: 1.125, Share: 0.34375}, complete.Mixing())
}

const likelyRule = "be more than 0 and at most 1; without the step, it never happens"

// ranges are the least and the largest value of each key that holds a number; the rule is told of any beyond.
var ranges = []struct {
	key            string
	least, largest float64
	rule           string // of an interval if ""
}{
	{"train.epochs", 1, 100_000, ""},
	{"train.warmup_epochs", 0, math.Nextafter(40, 0), "be at least 0 and less than 40, or the run ends at its highest learning rate"},
	{"train.drawn_epochs", 0, 39, ""},
	{"train.eval_every", 0, 100_000, ""},
	{"train.image_batch", 1, 65_536, ""},
	{"train.video_batch", 1, 65_536, ""},
	{"train.video_repeat", 1, 48, ""},
	{"train.static_share", 0, 1000, ""},
	{"train.dynamic_share", 0, 1000, ""},
	{"train.lr", math.SmallestNonzeroFloat64, math.MaxFloat64, "be more than 0 and finite"},
	{"train.min_lr", 0, math.MaxFloat64, "be at least 0 and finite"},
	{"train.beta2", 0.5, 0.99999, ""},
	{"train.weight_decay", 0, math.MaxFloat64, "be at least 0 and finite"},
	{"train.layer_decay", 0.01, 1, ""},
	{"train.clip", 0, math.MaxFloat64, "be at least 0 and finite"},
	{"train.label_smoothing", 0, 0.99, ""},
	{"train.mixup", 0, 100, ""},
	{"train.cutmix", 0, 100, ""},
	{"data.list_repeat", 0, 10_000, ""},
	{"data.drawn_images", 0, 1_000_000, ""},
	{"data.drawn_videos", 0, 1_000_000, ""},
	{"data.drawn_test", 0, 1_000_000, ""},
	{"data.drawn_framing", 0, 1, ""},
	{"data.drawn_faint", 0, 1, ""},
	{"data.drawn_held", 0, 1, ""},
	{"data.stride", 1, 1000, ""},
	{"data.cache_mib", 0, 1_048_576, ""},
	{"views.image.decode", 0, 4096, ""},
	{"views.image.flip", math.SmallestNonzeroFloat64, 1, likelyRule},
	{"views.image.rand_augment.operations", 1, 100, ""},
	{"views.image.rand_augment.probability", math.SmallestNonzeroFloat64, 1, likelyRule},
	{"views.image.rand_augment.magnitude", 0, 10, ""},
	{"views.image.rand_augment.deviation", 0, 10, ""},
	{"views.image.jitter.brightness", 0, 0.99, ""},
	{"views.image.jitter.contrast", 0, 0.99, ""},
	{"views.image.jitter.saturation", 0, 0.99, ""},
	{"views.image.erase.probability", math.SmallestNonzeroFloat64, 1, likelyRule},
	{"model.image_classes", 0, 1000, ""},
	{"model.video_classes", 0, 1000, ""},
	{"model.dropout", 0, 0.99, ""},
}

// field finds the number of a key. A table behind a pointer is first replaced by a copy of its own.
func field(r *Recipe, key string) reflect.Value {
	value := reflect.ValueOf(r).Elem()
	for name := range strings.SplitSeq(key, ".") {
		for _, f := range reflect.VisibleFields(value.Type()) {
			if tag, _, _ := strings.Cut(f.Tag.Get("toml"), ","); tag == name {
				value = own(value.FieldByIndex(f.Index))
				break
			}
		}
	}
	return value
}

func own(value reflect.Value) reflect.Value {
	if value.Kind() != reflect.Pointer {
		return value
	}
	table := reflect.New(value.Type().Elem())
	if !value.IsNil() {
		table.Elem().Set(value.Elem())
	}
	value.Set(table)
	return table.Elem()
}

// Every number may be what its range says, ends included, and nothing beyond; nor may it be no number.
func TestRanges(t *testing.T) {
	for _, c := range ranges {
		check := func(v float64) error {
			r := complete
			r.Train.DrawnEpochs, r.Train.WarmupEpochs, r.Train.VideoRepeat = 0, 0, 1
			r.Train.Replicas, r.Train.Accumulate, r.Train.Mixup, r.Train.Cutmix, r.Train.CutmixShare = 0, 0, 0, 0, 0
			if f := field(&r, c.key); f.CanInt() {
				f.SetInt(int64(v))
			} else {
				f.SetFloat(v)
			}
			return r.Check()
		}
		below, above, rule := math.Nextafter(c.least, -1), math.Nextafter(c.largest, math.Inf(1)), c.rule
		beyond := []any{below, above, math.NaN()}
		if field(new(Recipe), c.key).CanInt() {
			below, above = c.least-1, c.largest+1
			beyond = []any{int(below), int(above)}
		}
		if rule == "" {
			rule = fmt.Sprintf("lie between %v and %v", c.least, c.largest)
			if len(beyond) == 2 {
				rule = fmt.Sprintf("lie between %d and %d", int(c.least), int(c.largest))
			}
		}
		require.NoError(t, check(c.least), c.key)
		require.NoError(t, check(c.largest), c.key)
		for i, v := range []float64{below, above, math.NaN()}[:len(beyond)] {
			require.EqualError(t, check(v), fmt.Sprintf("%s is %v: it must %s", c.key, beyond[i], rule))
		}
	}
}

// Numbers that are each possible may not go together.
func TestNumbersThatDoNotFit(t *testing.T) {
	for want, change := range map[string]func(r *Recipe){
		"train.video_batch is 51: it must be a multiple of train.video_repeat, 12": func(r *Recipe) { r.Train.VideoBatch = 51 },
		"train.replicas is 65537: it must lie between 0 and 65536":                 func(r *Recipe) { r.Train.Replicas = 65537 },
		"train.accumulate is 65537: it must lie between 0 and 65536":               func(r *Recipe) { r.Train.Accumulate = 65537 },
		"train.cutmix_share is 1.5: it must lie between 0 and 1":                   func(r *Recipe) { r.Train.CutmixShare = 1.5 },
		"train.drawn_epochs needs data.drawn_images or data.drawn_videos":          func(r *Recipe) { r.Data.DrawnImages, r.Data.DrawnVideos = 0, 0 },
		"train.warmup_epochs is 4: it must be at least 0 and less than 4, or the run ends at its highest learning rate": func(r *Recipe) {
			r.Train.WarmupEpochs = 4
		},
		"train.warmup_epochs is 3: it must be at least 0 and less than 3, or the run ends at its highest learning rate": func(r *Recipe) {
			r.Train.WarmupEpochs, r.Train.DrawnEpochs = 3, 37
		},
		"train.warmup_epochs is 1.5: it must be at least 0 and less than 1, or the run ends at its highest learning rate": func(r *Recipe) {
			r.Train.DrawnEpochs = 1
		},
		`data.drawn_classes has "joy": choose of neutral, happiness, sadness, surprise, fear, disgust, anger`: func(r *Recipe) {
			r.Data.DrawnClasses = []string{"fear", "joy"}
		},
		`data.crop: "round" is no crop: choose one of none, eyes-nose, box-rotation, five-point`: func(r *Recipe) { r.Data.Crop = "round" },
		"data.drawn_classes has fear twice":                      func(r *Recipe) { r.Data.DrawnClasses = []string{"fear", "anger", "fear"} },
		`kind is "fine": choose pretrain, finetune or landmarks`: func(r *Recipe) { r.Kind = "fine" },
	} {
		r := complete
		change(&r)
		require.EqualError(t, r.Check(), want)
	}
	for name, change := range map[string]func(r *Recipe){
		"drawn images alone":            func(r *Recipe) { r.Data.DrawnVideos = 0 },
		"drawn videos alone":            func(r *Recipe) { r.Data.DrawnImages = 0 },
		"one drawn image":               func(r *Recipe) { r.Data.DrawnImages, r.Data.DrawnVideos = 1, 0 },
		"no warm-up":                    func(r *Recipe) { r.Train.WarmupEpochs = 0 },
		"a warm-up of nearly all":       func(r *Recipe) { r.Train.WarmupEpochs = 3.99 },
		"drawn faces but for one epoch": func(r *Recipe) { r.Train.DrawnEpochs, r.Train.WarmupEpochs = r.Train.Epochs-1, 0.5 },
		"pre-training has no decay":     func(r *Recipe) { r.Kind, r.Train.LayerDecay = Pretrain, 0 },
		"pre-training mixes no samples": func(r *Recipe) { r.Kind, r.Train.CutmixShare = Pretrain, 0 },
		"landmarks have neither":        func(r *Recipe) { r.Kind, r.Train.LayerDecay, r.Train.CutmixShare = Landmarks, 0, 0 },
	} {
		r := complete
		change(&r)
		require.NoError(t, r.Check(), name)
	}
}

// A shorter run keeps the shares of its warm-ups; a longer one has the same warm-up.
func TestWithEpochs(t *testing.T) {
	for epochs, want := range map[int]struct {
		drawn  int
		warmup float64
	}{5: {1, 0.1875}, 20: {2, 0.75}, 30: {3, 1.125}, 80: {8, 1.5}} {
		for _, drawn := range []int{complete.Train.DrawnEpochs, 0} {
			r := complete
			r.Train.DrawnEpochs = drawn
			got, err := r.WithEpochs(epochs)
			require.NoError(t, err)
			r.Train.Epochs, r.Train.WarmupEpochs = epochs, want.warmup
			if drawn > 0 {
				r.Train.DrawnEpochs = want.drawn
			}
			require.Equal(t, r, got, "%d epochs, %d of them on drawn faces", epochs, drawn)
		}
	}
	r := complete
	r.Train.DrawnEpochs, r.Train.WarmupEpochs = 1, 0.5
	got, err := r.WithEpochs(80)
	require.NoError(t, err)
	require.Equal(t, 2, got.Train.DrawnEpochs)
	_, err = r.WithEpochs(1)
	require.EqualError(t, err, "recipe complete learns from drawn faces first and from the lists then: it needs at least 2 epochs")
	r.Train.DrawnEpochs = 0
	_, err = r.WithEpochs(1)
	require.NoError(t, err)
	_, err = r.WithEpochs(0)
	require.EqualError(t, err, "train.epochs is 0: it must lie between 1 and 100000")
}

// What cannot be read is named with its line and key, and a wrong name with those that there are.
func TestErrorsOfText(t *testing.T) {
	text, err := os.ReadFile("testdata/complete.toml")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "r.toml")
	for change, want := range map[string]string{
		"clip = 3.5>clip = 'tight'":    "line 240, train.clip: ",
		"cache_mib = 21>cache_mib = ]": "line 127: toml: ",
		"seed = >seed = 'x' # ":        "line 8, seed: ",
		"stride = 20>strides = 20":     "unknown key data.strides",
	} {
		from, to, _ := strings.Cut(change, ">")
		require.Contains(t, string(text), from)
		require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(text), from, to, 1)), 0o644))
		_, err := Load(path)
		require.Error(t, err)
		require.True(t, strings.HasPrefix(err.Error(), "recipe "+path+": "+want), "%v", err)
		require.NotContains(t, err.Error(), "\n")
	}
	names := strings.Join(Names(), ", ")
	_, err = Source("none")
	require.EqualError(t, err, `recipe "none": choose one of `+names)
	_, err = Load("none")
	require.EqualError(t, err, `recipe "none": neither a file nor one of `+names)
	source, err := Source("vit-demo")
	require.NoError(t, err)
	file, err := os.ReadFile("recipes/vit-demo.toml")
	require.NoError(t, err)
	require.Equal(t, string(file), string(source))
}

// Each key has an explanation, which the recipe of a run folder shows above it.
func TestEveryKeyIsExplained(t *testing.T) {
	unexplained(t, reflect.TypeFor[Recipe](), "")
}

func unexplained(t *testing.T, table reflect.Type, prefix string) {
	for _, f := range reflect.VisibleFields(table) {
		key, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
		of := f.Type
		if of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		switch {
		case f.Anonymous || key == "-":
		case of.Kind() == reflect.Struct:
			unexplained(t, of, prefix+key+".")
		default:
			assert.NotEmpty(t, f.Tag.Get("comment"), prefix+key)
		}
	}
}
