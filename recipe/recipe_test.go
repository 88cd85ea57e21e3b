package recipe

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEmbeddedRecipes(t *testing.T) {
	for _, name := range []string{"s4d-demo", "s4d-tiny", "london-drawn", "london-finetune", "s4d-pretrain", "s4d-dfew", "s4d-ferv39k", "s4d-mafw"} {
		require.Contains(t, Names(), name)
	}
	for _, name := range Names() {
		r, err := Load(name)
		require.NoError(t, err, name)
		require.Equal(t, name, r.Name, "a recipe is called what its file is")
		text, err := r.Text()
		require.NoError(t, err)
		again, err := Parse(text)
		require.NoError(t, err, name)
		require.Equal(t, r, again)
	}
}

// Settings have the names of keys and the values of a recipe.
func TestSettings(t *testing.T) {
	r, err := Load("s4d-tiny")
	require.NoError(t, err)
	r.Train.Freeze, r.Train.LR = []string{"blocks.*", "head"}, 2.5e-7
	settings, err := r.Settings()
	require.NoError(t, err)
	for key, want := range map[string]string{"name": "s4d-tiny", "seed": "0", "model.dim": fmt.Sprint(r.Model.Dim), "train.lr": "2.5e-07",
		"train.freeze": "[blocks.* head]"} {
		require.Equal(t, want, settings[key], key)
	}
	require.NotContains(t, settings, "train.drawn_epochs")
	r.Train.LR = math.Nextafter(r.Train.LR, 1)
	other, err := r.Settings()
	require.NoError(t, err)
	require.NotEqual(t, settings, other, "any change shows")
	r.Seed = math.MaxUint64
	_, err = r.Settings()
	require.ErrorContains(t, err, "above math.MaxInt64")
}

// publishedBase is the encoder of every published run.
var publishedBase = Model{Encoder: Encoder{ImageSize: 160, Frames: 16, PatchSize: 16, Tubelet: 2, Dim: 768, Depth: 12, Heads: 12, MLPRatio: 4}}

// publishedPretraining is that of S4D's released configuration, on two GPUs.
func publishedPretraining() Recipe {
	m := publishedBase
	m.DecoderDim, m.DecoderDepth, m.DecoderHeads = 384, 4, 6
	return Recipe{Name: "s4d-pretrain", Kind: "pretrain", System: "mae", Seed: 123, Model: m,
		Data:  Data{Stride: 4},
		Views: publishedPretrainingViews(),
		Train: Train{Epochs: 100, WarmupEpochs: 5, ImageBatch: 2 * 192, VideoBatch: 2 * 48 * 4, VideoRepeat: 4, StaticShare: 1, DynamicShare: 1.0 / 4, RoundUp: true,
			LR: 1.6e-3 * 384 / 512, MinLR: 1e-6, Beta2: 0.95, WeightDecay: 0.05, ImageMask: 0.9, VideoMask: 0.95}}
}

// publishedFinetuning is that of S4D's released scripts, on two GPUs; stride and classes are those of the video set.
func publishedFinetuning(name string, stride, classes int) Recipe {
	m := publishedBase
	m.Experts, m.TopK, m.Position, m.ImageClasses, m.VideoClasses = 8, 2, "later", 7, classes
	m.EvalAsTraining, m.Capacity = true, 1
	return Recipe{Name: name, Kind: "finetune", System: "s4d", Model: m,
		Data:  Data{Stride: stride},
		Views: publishedFinetuningViews(),
		Train: Train{Epochs: 100, WarmupEpochs: 5, ImageBatch: 2 * 32, VideoBatch: 2 * 16, VideoRepeat: 1, StaticShare: 0.5, DynamicShare: 1,
			BestBy: "war", BestSet: "dynamic", BestOnTest: true, UseBest: true, // one video set alone is measured
			BalanceStatic: true, LR: 1e-5 * 32 / 8, MinLR: 1e-6 * 32 / 256, Beta2: 0.999, WeightDecay: 0.05, LayerDecay: 0.75,
			Replicas: 2, LabelSmoothing: 0.1, Mixup: 0.8, Cutmix: 1, CutmixShare: 0.5, RouterNoise: true, IdleSteps: true}}
}

// publishedS2D is that of S2D's released scripts, on two GPUs.
func publishedS2D(name string, classes int) Recipe {
	m := publishedBase
	m.ImageSize, m.Tubelet, m.VideoClasses, m.Dropout = 224, 1, classes, 0.5
	m.Prompter, m.Temporal = &Prompter{Width: 8, LandmarkWidth: 64}, &Temporal{Width: 768 / 4, Heads: 8}
	video := publishedFinetuningViews().Video
	video.Decode = 224
	return Recipe{Name: name, Kind: "finetune", System: "s2d", Model: m, Data: Data{Stride: 1},
		Views: Views{Image: ViewSettings{Decode: 224, Steps: []string{"flip"}, Flip: flip(0.5)}, Video: video},
		Train: Train{Epochs: 100, WarmupEpochs: 2, ImageBatch: 16, VideoBatch: 2 * 8, VideoRepeat: 1, StaticShare: 1, DynamicShare: 1,
			BestBy: "war", BestSet: "dynamic", BestOnTest: true, UseBest: true,
			LR: 1e-5 * 16 / 8, MinLR: 1e-8 * 16 / 256, Beta2: 0.999, WeightDecay: 0.05, LayerDecay: 1, Replicas: 2,
			LabelSmoothing: 0.1, Mixup: 0.8, Cutmix: 1, CutmixShare: 0.5, Freeze: []string{"cls_token", "pos_embed", "patch_embed.*", "blocks.*"}}}
}

// publishedS2DOnFERV39K is the one script with self-distillation.
func publishedS2DOnFERV39K() Recipe {
	r := publishedS2D("s2d-ferv39k", 7)
	r.Model.Dropout = 0
	r.Train.LabelSmoothing, r.Train.Mixup, r.Train.Cutmix, r.Train.CutmixShare = 0, 0, 0, 0
	r.Train.Distillation = &Distillation{Anchors: 16, Nearest: 2, Starts: []float64{0.3, 0.5, 0.6, 0.8}, Weights: []float64{0.01, 0.1, 0.5, 1}, TakesFrom: 0.21}
	return r
}

// The recipes of published runs, every key of them.
func TestPublishedRecipes(t *testing.T) {
	for _, want := range []Recipe{publishedS2D("s2d-dfew", 7), publishedS2D("s2d-mafw", 11), publishedS2DOnFERV39K(), publishedPretraining(), publishedFinetuning("s4d-dfew", 4, 7),
		publishedFinetuning("s4d-ferv39k", 1, 7), publishedFinetuning("s4d-mafw", 4, 11)} {
		got, err := Load(want.Name)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	good, err := Load("s4d-tiny")
	require.NoError(t, err)
	text, err := good.Text()
	require.NoError(t, err)
	for change, want := range map[string]string{
		"epochs = 3>epochs = 0":                   "train.epochs is 0: it must lie between 1 and 100000",
		"kind = 'finetune'>kind = 'both'":         `kind is "both": choose pretrain, finetune or landmarks`,
		"lr = 0.001>lr = 'fast'":                  "lr",
		"seed = 0>sead = 0":                       "unknown key sead: did you mean seed?",
		"lr = 0.001>lr = nan":                     "train.lr is NaN: it must be more than 0 and finite",
		"clip = 1.0>clip = nan":                   "train.clip is NaN: it must be at least 0 and finite",
		"weight_decay = 0.05>weight_decay = inf":  "train.weight_decay is +Inf",
		"video_repeat = 1>video_repeat = 3":       "train.video_batch is 8: it must be a multiple of train.video_repeat, 3",
		"video_repeat = 1>video_repeat = 0":       "train.video_repeat is 0: it must lie between 1 and 8",
		"epochs = 3>epochs = 3\ndrawn_epochs = 3": "train.drawn_epochs is 3: it must lie between 0 and 2",
		"label_smoothing = 0.1>mixup = -0.1":      "train.mixup is -0.1: it must lie between 0 and 100",
		"label_smoothing = 0.1>cutmix = nan":      "train.cutmix is NaN",
		"label_smoothing = 0.1>replicas = 3":      "train.image_batch is 16: it must be a multiple of train.replicas, 3",
		"label_smoothing = 0.1>replicas = -1":     "train.replicas is -1",
		"label_smoothing = 0.1>accumulate = 3":    "train.accumulate is 3: a batch has 16 images, which must be a multiple of it",
		"label_smoothing = 0.1>accumulate = 16":   "a batch has 8 videos, which must be a multiple of it",
		"label_smoothing = 0.1>mixup = 0.8\naccumulate = 2": "train.accumulate is 2: where samples are mixed, or experts limited or balanced, " +
			"parts consist of whole replicas, so that it must divide train.replicas, 1",
		"label_smoothing = 0.1>cutmix = 0.8\nreplicas = 2\naccumulate = 4":     "it must divide train.replicas, 2",
		"label_smoothing = 0.1>mixup = 0.8\ncutmix = 1.0":                      "train.cutmix_share is 0: beside train.mixup, it must lie between 0 and 1",
		"label_smoothing = 0.1>mixup = 0.8\ncutmix_share = 0.5":                "train.cutmix_share is 0.5: it is for runs with train.mixup and train.cutmix",
		"label_smoothing = 0.1>mixup = 0.8\ncutmix = 1.0\ncutmix_share = 1.0":  "train.cutmix_share is 1: beside train.mixup, it must lie between 0 and 1",
		"label_smoothing = 0.1>cutmix = 1.0\ncutmix_share = 0.25":              "train.cutmix_share is 0.25: it is for runs with train.mixup and train.cutmix",
		"label_smoothing = 0.1>cutmix_share = 0.75":                            "train.cutmix_share is 0.75: it is for runs with train.mixup and train.cutmix",
		"label_smoothing = 0.1>best_by = 'WAR'":                                `train.best_by is "WAR": choose uar, war or loss`,
		"label_smoothing = 0.1>best_set = 'video'":                             `train.best_set is "video": choose static or dynamic`,
		"label_smoothing = 0.1>best_set = 'image'":                             `train.best_set is "image": choose static or dynamic`,
		"drawn_test = 14>drawn_classes = ['fear', 'anger', 'fear']":            "data.drawn_classes has fear twice",
		"drawn_test = 14>drawn_classes = ['sadness', 'anger', 'anger']":        "data.drawn_classes has anger twice",
		"drawn_test = 14>drawn_test = 1\ndrawn_classes = ['fear', 'contempt']": `data.drawn_classes has "contempt": choose of neutral, happiness`,
		"label_smoothing = 0.1>best_by = 'f1'":                                 `train.best_by is "f1": choose uar, war or loss`,
		"label_smoothing = 0.1>best_set = 'train'":                             `train.best_set is "train": choose static or dynamic, or leave it out for the mean of both`,
		"drawn_test = 14>drawn_test = -1":                                      "data.drawn_test is -1",
		"layer_decay = 0.9>":                                                   "train.layer_decay is 0: it must lie between 0.01 and 1",
	} {
		from, to, _ := strings.Cut(change, ">")
		require.Contains(t, string(text), from)
		_, err := Parse([]byte(strings.Replace(string(text), from, to, 1)))
		require.ErrorContains(t, err, want, change)
	}
	_, err = Load("none")
	require.ErrorContains(t, err, `recipe "none": neither a file nor one of`)
}

// Batches that can be divided pass, and pre-training mixes nothing.
func TestBatchesInParts(t *testing.T) {
	r, err := Load("s4d-dfew")
	require.NoError(t, err)
	r.Train.Accumulate = 2
	require.NoError(t, r.Check())
	require.Equal(t, []int{2, 1}, []int{r.Parts(), r.Groups()})
	r.Train.Accumulate = 1
	require.Equal(t, []int{1, 2}, []int{r.Parts(), r.Groups()})
	for _, change := range []func(m *Model){func(m *Model) { m.Importance = 0.1 }, func(m *Model) { m.Load = 0.1 }} { // means over a group
		r, err = Load("s4d-tiny")
		require.NoError(t, err)
		r.Train.Accumulate = 2
		require.NoError(t, r.Check())
		change(&r.Model)
		require.ErrorContains(t, r.Check(), "where samples are mixed, or experts limited or balanced, parts consist of whole replicas")
		r.Train.Replicas = 2
		require.NoError(t, r.Check())
	}
	r, err = Load("s4d-pretrain")
	require.NoError(t, err)
	require.Equal(t, []int{1, 1}, []int{r.Parts(), r.Groups()})
	r.Train.Accumulate = 96
	require.NoError(t, r.Check())
}

// A batch is divided into parts of whole samples, each with all its views.
func TestPartsOfSamples(t *testing.T) {
	for parts, want := range map[int]string{1: "", 2: "", 4: "", 8: "train.accumulate is 8: a batch has 4 videos, which must be a multiple of it",
		3: "train.accumulate is 3: a batch has 16 images, which must be a multiple of it"} {
		r, err := Load("s4d-tiny")
		require.NoError(t, err)
		r.Train.ImageBatch, r.Train.VideoBatch, r.Train.VideoRepeat, r.Train.Accumulate = 16, 24, 6, parts
		if err = r.Check(); want == "" {
			require.NoError(t, err)
		} else {
			require.EqualError(t, err, want)
		}
	}
}

// What happens within a replica, mixing and the room of experts, forbids parts that divide one; each of the three does so alone.
func TestPartsAreWholeReplicas(t *testing.T) {
	for name, change := range map[string]func(*Recipe){
		"mixup": func(r *Recipe) { r.Train.Mixup = 0.8 }, "cutmix": func(r *Recipe) { r.Train.Cutmix = 1 },
		"capacity": func(r *Recipe) { r.Model.Capacity = 1.25 }, "importance": func(r *Recipe) { r.Model.Importance = 0.005 },
		"load": func(r *Recipe) { r.Model.Load = 0.005 }, "neither": func(*Recipe) {},
	} {
		for replicas, accepted := range map[int][]int{0: {0, 1}, 2: {0, 1, 2}, 4: {0, 1, 2, 4}} {
			for _, parts := range []int{0, 1, 2, 4, 8} {
				r, err := Load("s4d-tiny")
				require.NoError(t, err)
				r.Train.ImageBatch, r.Train.VideoBatch, r.Train.Replicas, r.Train.Accumulate = 16, 8, replicas, parts
				change(&r)
				if err = r.Check(); name == "neither" || slices.Contains(accepted, parts) {
					require.NoError(t, err, "%s, %d replicas, %d parts", name, replicas, parts)
					continue
				}
				require.EqualError(t, err, fmt.Sprintf("train.accumulate is %d: where samples are mixed, or experts limited or balanced, "+
					"parts consist of whole replicas, so that it must divide train.replicas, %d", parts, max(replicas, 1)), name)
			}
		}
	}
	r, err := Load("s4d-tiny")
	require.NoError(t, err)
	r.Train.ImageBatch, r.Train.VideoBatch, r.Train.Replicas = 12, 8, 3
	require.EqualError(t, r.Check(), "train.video_batch is 8: it must be a multiple of train.replicas, 3")
}

// What is no recipe is refused before it is read whole.
func TestFilesThatAreNoRecipes(t *testing.T) {
	dir := t.TempDir()
	long := filepath.Join(dir, "long.toml")
	require.NoError(t, os.WriteFile(long, nil, 0o666))
	require.NoError(t, os.Truncate(long, 1<<40))
	for name, want := range map[string]string{
		os.DevNull: "a folder or device: name a TOML file", "/dev/zero": "a folder or device", dir: "a folder or device",
		long: "longer than 1048576 bytes: not a recipe", filepath.Join(dir, "none"): "neither a file nor one of",
	} {
		if _, err := os.Stat(name); err != nil && filepath.Dir(name) == "/dev" {
			continue
		}
		_, err := Load(name)
		require.ErrorContains(t, err, want, name)
		require.ErrorContains(t, err, name)
	}
	_, err := Parse([]byte("a = " + strings.Repeat("[", maxText-4)))
	require.ErrorContains(t, err, "nested more than the maximum")
	_, err = Parse([]byte("a" + strings.Repeat(".a", 10_000) + " = 1"))
	require.Less(t, len(err.Error()), 300)
}

// A run, or a restarted part of one, must not end before its warm-up.
func TestWarmupIsShort(t *testing.T) {
	r, err := based(t, "base = 's4d-demo'\n[train]\nepochs = 40\ndrawn_epochs = 24\n")
	require.NoError(t, err)
	for epochs, want := range map[int]struct {
		drawn  int
		warmup float64
	}{2: {1, 0.05}, 3: {1, 0.075}, 10: {6, 0.25}, 40: {24, 1}, 80: {48, 1}} {
		short, err := r.WithEpochs(epochs)
		require.NoError(t, err)
		require.Equal(t, want.drawn, short.Train.DrawnEpochs, "of %d", epochs)
		require.InDelta(t, want.warmup, short.Train.WarmupEpochs, 1e-12, "of %d", epochs)
		const steps = 40
		schedule := short.Schedule(steps)
		require.Less(t, schedule(epochs*steps-1), short.Train.LR/10, "%d epochs end at a high learning rate", epochs)
		require.Less(t, schedule(short.Train.DrawnEpochs*steps-1), short.Train.LR/10)
		require.InDelta(t, short.Train.LR, schedule(short.Train.DrawnEpochs*steps+int(short.Train.WarmupEpochs*steps)), short.Train.LR/10)
	}
	_, err = r.WithEpochs(1)
	require.ErrorContains(t, err, "needs at least 2 epochs")
	r.Train.WarmupEpochs = 16
	require.ErrorContains(t, r.Check(), "train.warmup_epochs is 16: it must be at least 0 and less than 16")
}

// Files of earlier versions, which name no system and other keys, are read.
func TestEarlierKeys(t *testing.T) {
	for _, name := range []string{"s4d-tiny", "s4d-tiny-pretrain"} {
		r, err := Load(name)
		require.NoError(t, err)
		r.Model.EvalAsTraining = r.Kind == Finetune
		text, err := r.Text()
		require.NoError(t, err)
		old := regexp.MustCompile(`(?m)^(#.*\n)?system = .*\n`).ReplaceAllString(string(text), "")
		require.NotContains(t, old, "system = ")
		old = strings.NewReplacer("drawn_images", "drawn_pictures", "drawn_videos", "drawn_clips", "eval_as_training", "noise_in_eval").Replace(old)
		got, err := Parse([]byte(old))
		require.NoError(t, err)
		require.Equal(t, r, got)

		old = strings.Replace(old, "name = '"+name, "name = 'drawn_clips' # drawn_pictures\n# ", 1)
		got, err = Parse([]byte(old))
		require.NoError(t, err)
		require.Equal(t, "drawn_clips", got.Name, "a value is no key")

		r.System = "another" // which package systems looks for
		text, err = r.Text()
		require.NoError(t, err)
		got, err = Parse(text)
		require.NoError(t, err)
		require.Equal(t, r, got)
	}
}
