package recipe

import (
	"cmp"
	"errors"
	"fmt"
	"math"
)

// The limits of each setting that hold for all systems.

// Check returns an error naming the first setting that is impossible for any system; the system checks the model.
func (r Recipe) Check() error {
	t, d, v := r.Train, r.Data, r.Views
	if r.Kind != Pretrain && r.Kind != Finetune {
		return fmt.Errorf("kind is %q: choose pretrain or finetune", r.Kind)
	}
	if r.Kind == Pretrain {
		t.LayerDecay = 1 // without a meaning; in fine-tuning, 0 would leave all blocks but the last unchanged
	}
	if err := cmp.Or(
		positive("train.epochs", t.Epochs), positive("train.lr", t.LR), notNegative("train.min_lr", t.MinLR),
		positive("train.image_batch", t.ImageBatch), positive("train.video_batch", t.VideoBatch),
		within("train.video_repeat", t.VideoRepeat, 1, t.VideoBatch), within("train.beta2", t.Beta2, 0.5, 0.99999),
		within("train.label_smoothing", t.LabelSmoothing, 0, 0.99), within("train.layer_decay", t.LayerDecay, 0.01, 1),
		notNegative("train.weight_decay", t.WeightDecay), notNegative("train.clip", t.Clip),
		within("train.static_share", t.StaticShare, 0, 1000), within("train.dynamic_share", t.DynamicShare, 0, 1000),
		within("train.drawn_epochs", t.DrawnEpochs, 0, t.Epochs-1), // the lists follow
		notNegative("train.eval_every", t.EvalEvery),
		positive("data.stride", d.Stride), notNegative("data.list_repeat", d.ListRepeat),
		notNegative("data.drawn_images", d.DrawnImages), notNegative("data.drawn_videos", d.DrawnVideos),
		notNegative("data.drawn_test", d.DrawnTest), notNegative("data.cache_mib", d.CacheMiB),
		positive("views.cache_size", v.CacheSize),
		within("views.image_crop", v.ImageCrop, 0.01, 1), within("views.video_crop", v.VideoCrop, 0.01, 1),
		within("views.image_flip", v.ImageFlip, 0, 1), within("views.video_flip", v.VideoFlip, 0, 1),
		within("views.brightness", v.Brightness, 0, 0.99), within("views.contrast", v.Contrast, 0, 0.99),
		within("views.saturation", v.Saturation, 0, 0.99),
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
	return nil
}

// The comparisons are written so that NaN fails them.

func positive[T int | float64](name string, v T) error {
	return check(v > 0 && float64(v) <= math.MaxFloat64, name, v, "be more than 0 and finite")
}

func notNegative[T int | float64](name string, v T) error {
	return check(v >= 0 && float64(v) <= math.MaxFloat64, name, v, "be at least 0 and finite")
}

func within[T int | float64](name string, v, lo, hi T) error {
	return check(v >= lo && v <= hi, name, v, fmt.Sprintf("lie between %v and %v", lo, hi))
}

func check(ok bool, name string, v any, what string) error {
	if !ok {
		return fmt.Errorf("%s is %v: it must %s", name, v, what)
	}
	return nil
}
