package run

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/recipe"
)

// The effect of changing a key.
const (
	nothing = '.'
	inLog   = 'L' // only the log: an evaluation
	inModel = 'M'
	notRun  = ' ' // the key is refused or has no meaning there
)

// keyCase changes a key of a recipe. Effects are listed for fine-tuning on images only, on videos only, pre-training on images, on
// videos, and fine-tuning on lists and drawn faces.
type keyCase struct {
	key     string
	effects string
	change  func(r *recipe.Recipe)
}

var keyCases = []keyCase{
	{"name", "....", func(r *recipe.Recipe) { r.Name = "other" }},
	{"seed", "MMMM", func(r *recipe.Recipe) { r.Seed = 1 }},
	{"model.image_size", "MMMM", func(r *recipe.Recipe) { r.Model.ImageSize = 24 }},
	{"model.frames", ".M.M", func(r *recipe.Recipe) { r.Model.Frames = 2 }},
	{"model.patch_size", "MMMM", func(r *recipe.Recipe) { r.Model.PatchSize = 4 }},
	{"model.tubelet", "MMMM", func(r *recipe.Recipe) { r.Model.Tubelet = 4 }},
	{"model.dim", "MMMM", func(r *recipe.Recipe) { r.Model.Dim = 24 }},
	{"model.depth", "MMMM", func(r *recipe.Recipe) { r.Model.Depth = 3 }},
	{"model.heads", "MMMM", func(r *recipe.Recipe) { r.Model.Heads = 4 }},
	{"model.mlp_ratio", "MMMM", func(r *recipe.Recipe) { r.Model.MLPRatio = 3 }},
	{"model.decoder_dim", "..MM", func(r *recipe.Recipe) { r.Model.DecoderDim = 12 }},
	{"model.decoder_depth", "..MM", func(r *recipe.Recipe) { r.Model.DecoderDepth = 2 }},
	{"model.decoder_heads", "..MM", func(r *recipe.Recipe) { r.Model.DecoderHeads = 4 }},
	{"model.experts", "MM  ", func(r *recipe.Recipe) { r.Model.Experts = 3 }},
	{"model.top_k", "MM  ", func(r *recipe.Recipe) { r.Model.TopK = 1 }},
	{"model.expert_hidden", "MM  ", func(r *recipe.Recipe) { r.Model.ExpertHidden = 5 }},
	{"model.position", "MM  ", func(r *recipe.Recipe) { r.Model.Position = "early" }},
	{"model.image_classes", "MM  ", func(r *recipe.Recipe) { r.Model.ImageClasses = 8 }},
	{"model.video_classes", "MM  ", func(r *recipe.Recipe) { r.Model.VideoClasses = 8 }},
	{"model.head_hidden", "MM  ", func(r *recipe.Recipe) { r.Model.HeadHidden = 9 }},
	{"model.residual", "MM  ", func(r *recipe.Recipe) { r.Model.Residual = true }},
	{"model.eval_as_training", "L   ", func(r *recipe.Recipe) { r.Model.EvalAsTraining = true }},
	{"model.capacity", "MM  ", func(r *recipe.Recipe) { r.Model.Capacity = 0.5 }},
	{"model.balance", "MM  ", func(r *recipe.Recipe) { r.Model.Balance = 0.5 }},
	{"model.fixed_noise", "MM  ", func(r *recipe.Recipe) { r.Model.FixedNoise = true }},
	{"model.softmax_first", "MM  ", func(r *recipe.Recipe) { r.Model.SoftmaxFirst = true }},
	{"model.priority", "MM  ", func(r *recipe.Recipe) { r.Model.Capacity, r.Model.Priority = 0.5, "choices" }}, // nothing without a capacity
	{"model.importance", "MM  ", func(r *recipe.Recipe) { r.Model.Importance = 0.5 }},
	{"model.load", "MM  ", func(r *recipe.Recipe) { r.Model.Load = 0.5 }},
	{"data.list_repeat", "....M", func(r *recipe.Recipe) { r.Data.ListRepeat = 3 }},
	{"data.drawn_images", "M M M", func(r *recipe.Recipe) { r.Data.DrawnImages = 17 }},
	{"data.drawn_videos", " M MM", func(r *recipe.Recipe) { r.Data.DrawnVideos = 13 }},
	{"data.drawn_test", "LL...", func(r *recipe.Recipe) { r.Data.DrawnTest = 5 }},
	{"data.drawn_classes", "MMMMM", func(r *recipe.Recipe) { r.Data.DrawnClasses = []string{"anger", "fear"} }},
	{"data.drawn_framing", "MMMMM", func(r *recipe.Recipe) { r.Data.DrawnFraming = 0.5 }},
	{"data.drawn_faint", "MMMMM", func(r *recipe.Recipe) { r.Data.DrawnFaint = 0.5 }},
	{"data.drawn_held", ".M.MM", func(r *recipe.Recipe) { r.Data.DrawnHeld = 0.5 }},
	{"data.stride", ".M.M", func(r *recipe.Recipe) { r.Data.Stride = 2 }},
	{"data.cache_mib", ".....", func(r *recipe.Recipe) { r.Data.CacheMiB = 0 }},
	{"train.epochs", "MMMM", func(r *recipe.Recipe) { r.Train.Epochs = 3 }},
	{"train.warmup_epochs", "MMMM", func(r *recipe.Recipe) { r.Train.WarmupEpochs = 0.9 }},
	{"train.drawn_epochs", "MM..M", func(r *recipe.Recipe) { r.Train.DrawnEpochs = 1 }},
	{"train.eval_every", "LL..", func(r *recipe.Recipe) { r.Train.EvalEvery = 2 }},
	{"train.image_batch", "M.M.", func(r *recipe.Recipe) { r.Train.ImageBatch = 2 }},
	{"train.video_batch", ".M.M", func(r *recipe.Recipe) { r.Train.VideoBatch = 4 }},
	{"train.video_repeat", ".M.M", func(r *recipe.Recipe) { r.Train.VideoRepeat = 3 }},
	{"train.static_share", "M.M.", func(r *recipe.Recipe) { r.Train.StaticShare = 2 }},
	{"train.dynamic_share", ".M.M", func(r *recipe.Recipe) { r.Train.DynamicShare = 2 }},
	{"train.round_up", "....M", func(r *recipe.Recipe) { r.Train.RoundUp = true }},
	{"train.best_by", "..  ", func(r *recipe.Recipe) { r.Train.BestBy = "loss" }},        // which model is kept beside the last one:
	{"train.best_set", "..  ", func(r *recipe.Recipe) { r.Train.BestSet = "static" }},    // TestBestIsKept
	{"train.best_on_test", "LL  ", func(r *recipe.Recipe) { r.Train.BestOnTest = true }}, // what the log calls the list
	{"train.use_best", "..  ", func(r *recipe.Recipe) { r.Train.UseBest = true }},        // TestBestOfAFolder in package modelfile
	{"train.balance_static", "M.M.", func(r *recipe.Recipe) { r.Train.BalanceStatic = true }},
	{"train.lr", "MMMM", func(r *recipe.Recipe) { r.Train.LR = 2e-2 }},
	{"train.min_lr", "MMMM", func(r *recipe.Recipe) { r.Train.MinLR = 1e-3 }},
	{"train.beta2", "MMMM", func(r *recipe.Recipe) { r.Train.Beta2 = 0.9 }},
	{"train.weight_decay", "MMMM", func(r *recipe.Recipe) { r.Train.WeightDecay = 0 }},
	{"train.layer_decay", "MM..", func(r *recipe.Recipe) { r.Train.LayerDecay = 0.5 }},
	{"train.clip", "MMMM", func(r *recipe.Recipe) { r.Train.Clip = 0.05 }},
	{"train.replicas", "MM  ", func(r *recipe.Recipe) { r.Train.Replicas = 1 }},
	{"train.accumulate", "MMMM", func(r *recipe.Recipe) { r.Train.Accumulate, r.Train.VideoRepeat = 2, 3 }}, // of two videos
	{"train.mixup", "MM  ", func(r *recipe.Recipe) { r.Train.Mixup = 0.4 }},
	{"train.cutmix", "MM  ", func(r *recipe.Recipe) { r.Train.Cutmix = 0.1 }},
	{"train.cutmix_share", "MM  ", func(r *recipe.Recipe) { r.Train.CutmixShare = 0.9 }},
	{"train.idle_steps", "....M", func(r *recipe.Recipe) { r.Train.IdleSteps = true }},
	{"train.label_smoothing", "MM..", func(r *recipe.Recipe) { r.Train.LabelSmoothing = 0.3 }},
	{"train.router_noise", "MM..", func(r *recipe.Recipe) { r.Train.RouterNoise = !r.Train.RouterNoise }},
	{"train.tube_mask", "...M", func(r *recipe.Recipe) { r.Train.TubeMask = true }},
	{"train.joint_target", "..MM", func(r *recipe.Recipe) { r.Train.JointTarget = true }},
	{"train.freeze", "MMMM", func(r *recipe.Recipe) { r.Train.Freeze = []string{"*blocks.0.*"} }},
	{"train.image_mask", "..M.", func(r *recipe.Recipe) { r.Train.ImageMask = 0.25 }},
	{"train.video_mask", "...M", func(r *recipe.Recipe) { r.Train.VideoMask = 0.25 }},
}

// TestEveryKeyMatters changes one key at a time and checks what differs after the run: the model, only the log, or neither. A
// key that acts on the wrong modality, or has no effect, fails.
func TestEveryKeyMatters(t *testing.T) {
	lists := faceList(t, 5)
	evaluated := []string{"model.eval_as_training", "train.best_on_test", "data.drawn_test", "train.eval_every"}
	bases := []func() Options{
		func() Options { return alone(t, "s4d-tiny", data.Image) },
		func() Options { return alone(t, "s4d-tiny", data.Video) },
		func() Options { return alone(t, "s4d-tiny-pretrain", data.Image) },
		func() Options { return alone(t, "s4d-tiny-pretrain", data.Video) },
		func() Options {
			o := options(t, toy(t, "s4d-tiny"))
			o.Train = lists
			return o
		},
	}
	for column, base := range bases {
		for _, withTest := range []bool{false, true} {
			start := func() Options {
				o := base()
				if withTest {
					o.Recipe.Data.DrawnTest = 4
				}
				return o
			}
			before := trained(t, start())
			for _, c := range keyCases {
				if slices.Contains(evaluated, c.key) != withTest || len(c.effects) <= column || c.effects[column] == notRun {
					continue
				}
				o := start()
				c.change(&o.Recipe)
				require.NotEqual(t, start().Recipe, o.Recipe, "%s is changed", c.key)
				require.NoError(t, o.Recipe.Check(), c.key)
				after, effect := trained(t, o), nothing
				if after.model != before.model {
					effect = inModel
				} else if after.log != before.log {
					effect = inLog
				}
				if want := rune(c.effects[column]); effect != want {
					t.Errorf("%s in run %d changes %c, not %c", c.key, column, effect, want)
				}
			}
		}
	}
}

// alone is a toy run on drawn faces of one modality.
func alone(t *testing.T, name string, m data.Modality) Options {
	r := toy(t, name)
	if m == data.Image {
		r.Data.DrawnVideos = 0
	} else {
		r.Data.DrawnImages = 0
	}
	return options(t, r)
}

// Every key is tested.
func TestKeysAreComplete(t *testing.T) {
	keys := []string{"kind", "system"} // which have tests of their own
	for _, c := range keyCases {
		keys = append(keys, c.key)
	}
	for _, c := range viewKeys {
		keys = append(keys, "views.image."+c.key, "views.video."+c.key)
	}
	require.ElementsMatch(t, keysOf(reflect.TypeFor[recipe.Recipe](), ""), keys)
}

// keysOf returns the keys of a table, and of the tables in it.
func keysOf(table reflect.Type, prefix string) (keys []string) {
	for _, field := range reflect.VisibleFields(table) {
		key, _, _ := strings.Cut(field.Tag.Get("toml"), ",")
		of := field.Type
		if of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		switch {
		case field.Anonymous || key == "-":
		case of.Kind() == reflect.Struct:
			keys = append(keys, keysOf(of, prefix+key+".")...)
		default:
			keys = append(keys, prefix+key)
		}
	}
	return keys
}
