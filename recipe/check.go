package recipe

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"mien/data"
)

// The limits of each setting that hold for all systems.

// Upper bounds of numbers that cost memory or time: far above any use, far below what takes a machine down.
const (
	MaxStride  = 1000 // frames between two that are sampled
	MaxClasses = 1000 // of a head

	maxEpochs   = 100_000
	maxBatch    = 1 << 16
	maxRepeat   = 10_000
	maxDrawn    = 1_000_000
	maxCacheMiB = 1 << 20 // 1 TiB
	maxSide     = 1 << 12
)

// Check returns an error naming the first setting that is impossible for any system; the system checks the model, and package systems, where
// a run begins, that it reads what is set.
func (r Recipe) Check() error {
	t, d, m := r.Train, r.Data, r.Model
	if systems[r.Kind] == "" {
		return fmt.Errorf("kind is %q: choose pretrain, finetune or landmarks", r.Kind)
	}
	if r.Kind != Finetune {
		t.LayerDecay = 1 // not read; in fine-tuning, 0 would leave all blocks but the last unchanged
	}
	if err := cmp.Or(
		Within("train.epochs", t.Epochs, 1, maxEpochs), Within("train.eval_every", t.EvalEvery, 0, maxEpochs),
		Within("train.image_batch", t.ImageBatch, 1, maxBatch), Within("train.video_batch", t.VideoBatch, 1, maxBatch),
		Within("train.video_repeat", t.VideoRepeat, 1, t.VideoBatch),
		positive("train.lr", t.LR), notNegative("train.min_lr", t.MinLR), Within("train.beta2", t.Beta2, 0.5, 0.99999),
		Within("train.replicas", t.Replicas, 0, maxBatch), Within("train.accumulate", t.Accumulate, 0, maxBatch),
		Within("train.mixup", t.Mixup, 0, 100), Within("train.cutmix", t.Cutmix, 0, 100), Within("train.cutmix_share", t.CutmixShare, 0, 1),
		Within("train.label_smoothing", t.LabelSmoothing, 0, 0.99), Within("train.layer_decay", t.LayerDecay, 0.01, 1),
		notNegative("train.weight_decay", t.WeightDecay), notNegative("train.clip", t.Clip),
		Within("train.static_share", t.StaticShare, 0, 1000), Within("train.dynamic_share", t.DynamicShare, 0, 1000),
		Within("train.drawn_epochs", t.DrawnEpochs, 0, t.Epochs-1), // the lists follow
		Within("data.stride", d.Stride, 1, MaxStride), Within("data.list_repeat", d.ListRepeat, 0, maxRepeat),
		Within("data.drawn_images", d.DrawnImages, 0, maxDrawn), Within("data.drawn_videos", d.DrawnVideos, 0, maxDrawn),
		Within("data.drawn_test", d.DrawnTest, 0, maxDrawn), Within("data.drawn_framing", d.DrawnFraming, 0, 1),
		Within("data.drawn_faint", d.DrawnFaint, 0, 1), Within("data.drawn_held", d.DrawnHeld, 0, 1),
		Within("data.cache_mib", d.CacheMiB, 0, maxCacheMiB),
		r.checkViews(),
		Within("model.image_classes", m.ImageClasses, 0, MaxClasses), Within("model.video_classes", m.VideoClasses, 0, MaxClasses),
		Within("model.dropout", m.Dropout, 0, 0.99),
	); err != nil {
		return err
	}
	shortest := t.Epochs // of the parts of a run, which restart its schedule
	if t.DrawnEpochs > 0 {
		shortest = min(t.DrawnEpochs, t.Epochs-t.DrawnEpochs)
	}
	switch w := t.WarmupEpochs; {
	case !(w >= 0 && w < float64(shortest)):
		return fmt.Errorf("train.warmup_epochs is %v: it must be at least 0 and less than %d, or the run ends at its highest learning rate", w, shortest)
	case t.VideoBatch%t.VideoRepeat != 0:
		return fmt.Errorf("train.video_batch is %d: it must be a multiple of train.video_repeat, %d", t.VideoBatch, t.VideoRepeat)
	case t.DrawnEpochs > 0 && max(d.DrawnImages, d.DrawnVideos) < 1:
		return errors.New("train.drawn_epochs needs data.drawn_images or data.drawn_videos")
	}
	return cmp.Or(r.checkCrop(), r.checkDrawn(), r.checkMixing(), r.checkParts(), r.checkBest())
}

// checkCrop returns an error for an unknown way to cut out faces.
func (r Recipe) checkCrop() error {
	if r.Data.Crop == "" {
		return nil
	}
	if err := data.CheckCrop(r.Data.Crop); err != nil {
		return fmt.Errorf("data.crop: %w", err)
	}
	return nil
}

// checkDrawn returns an error for classes of drawn faces that are unknown or named twice.
func (r Recipe) checkDrawn() error {
	classes := r.Data.DrawnClasses
	for i, name := range classes {
		switch {
		case !slices.Contains(data.AffectNet7, name):
			return fmt.Errorf("data.drawn_classes has %.60q: choose of %s", name, strings.Join(data.AffectNet7, ", "))
		case slices.Contains(classes[:i], name):
			return fmt.Errorf("data.drawn_classes has %s twice", name)
		}
	}
	return nil
}

// checkMixing returns an error for settings of mixup and cutmix that contradict each other.
func (r Recipe) checkMixing() error {
	t := r.Train
	switch both := t.Mixup > 0 && t.Cutmix > 0; {
	case r.Kind != Finetune: // which mixes nothing
	case both && !(t.CutmixShare > 0 && t.CutmixShare < 1):
		return fmt.Errorf("train.cutmix_share is %v: beside train.mixup, it must lie between 0 and 1, or one of the two never happens", t.CutmixShare)
	case !both && t.CutmixShare != 0:
		return fmt.Errorf("train.cutmix_share is %v: it is for runs with train.mixup and train.cutmix: leave it out", t.CutmixShare)
	}
	return nil
}

// checkBest returns an error for a choice of the best epoch that does not exist.
func (r Recipe) checkBest() error {
	switch t := r.Train; {
	case !slices.Contains([]string{"", "uar", "war", "loss"}, t.BestBy):
		return fmt.Errorf("train.best_by is %q: choose uar, war or loss", t.BestBy)
	case !slices.Contains([]string{"", "static", "dynamic"}, t.BestSet):
		return fmt.Errorf("train.best_set is %q: choose static or dynamic, or leave it out for the mean of both", t.BestSet)
	}
	return nil
}

// checkParts returns an error for batches that cannot be divided among replicas, or into parts of whole groups.
func (r Recipe) checkParts() error {
	t := r.Train
	for _, b := range []struct {
		key          string
		views, split int
	}{{"image", t.ImageBatch, 1}, {"video", t.VideoBatch, t.VideoRepeat}} {
		if t.Replicas > 1 && b.views%t.Replicas != 0 {
			return fmt.Errorf("train.%s_batch is %d: it must be a multiple of train.replicas, %d", b.key, b.views, t.Replicas)
		}
		if samples := b.views / b.split; samples%r.Parts() != 0 {
			return fmt.Errorf("train.accumulate is %d: a batch has %d %ss, which must be a multiple of it", t.Accumulate, samples, b.key)
		}
	}
	if m := r.Model; (r.Mixing().On() || max(m.Capacity, m.Importance, m.Load) > 0) && max(t.Replicas, 1)%r.Parts() != 0 {
		return fmt.Errorf("train.accumulate is %d: where samples are mixed, or experts limited or balanced, parts consist of whole replicas, "+
			"so that it must divide train.replicas, %d", t.Accumulate, max(t.Replicas, 1))
	}
	return nil
}

// The comparisons are written so that NaN fails them.

func positive(name string, v float64) error {
	return check(v > 0 && v <= math.MaxFloat64, name, v, "be more than 0 and finite")
}

func notNegative(name string, v float64) error {
	return check(v >= 0 && v <= math.MaxFloat64, name, v, "be at least 0 and finite")
}

// Within returns an error naming a setting that does not lie between lo and hi, as NaN does not.
func Within[T int | float64](name string, v, lo, hi T) error {
	return check(v >= lo && v <= hi, name, v, fmt.Sprintf("lie between %v and %v", lo, hi))
}

func check(ok bool, name string, v any, what string) error {
	if !ok {
		return fmt.Errorf("%s is %v: it must %s", name, v, what)
	}
	return nil
}
