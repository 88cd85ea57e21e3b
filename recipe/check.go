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
	if r.Kind != Pretrain && r.Kind != Finetune {
		return fmt.Errorf("kind is %q: choose pretrain or finetune", r.Kind)
	}
	return cmp.Or(r.checkTrain(), r.checkData(), r.checkViews())
}

func (r Recipe) checkTrain() error {
	t := r.Train
	err := cmp.Or(
		positive("train.epochs", float64(t.Epochs)), positive("train.lr", t.LR), notNegative("train.min_lr", t.MinLR),
		positive("train.image_batch", float64(t.ImageBatch)), positive("train.video_batch", float64(t.VideoBatch)),
		within("train.video_repeat", float64(t.VideoRepeat), 1, float64(t.VideoBatch)),
		within("train.beta2", t.Beta2, 0.5, 0.99999), within("train.label_smoothing", t.LabelSmoothing, 0, 0.99),
		notNegative("train.weight_decay", t.WeightDecay), notNegative("train.clip", t.Clip),
		within("train.static_share", t.StaticShare, 0, 1000), within("train.dynamic_share", t.DynamicShare, 0, 1000),
		within("train.drawn_epochs", float64(t.DrawnEpochs), 0, float64(t.Epochs-1)), // the lists follow
		t.checkWarmup(),
		notNegative("train.eval_every", float64(t.EvalEvery)),
		r.checkLayerDecay(),
	)
	if err == nil && t.VideoBatch%t.VideoRepeat != 0 {
		err = fmt.Errorf("train.video_batch is %d: it must be a multiple of train.video_repeat, %d", t.VideoBatch, t.VideoRepeat)
	}
	return err
}

// checkLayerDecay refuses a missing factor: with 0, all blocks but the last would stay unchanged.
func (r Recipe) checkLayerDecay() error {
	if r.Kind == Pretrain {
		return nil
	}
	return within("train.layer_decay", r.Train.LayerDecay, 0.01, 1)
}

// checkWarmup refuses a run, or a restarted part of one, that would end before its warm-up.
func (t Train) checkWarmup() error {
	shortest := t.Epochs
	if t.DrawnEpochs > 0 {
		shortest = min(t.DrawnEpochs, t.Epochs-t.DrawnEpochs)
	}
	if w := t.WarmupEpochs; !(w >= 0 && w < float64(shortest)) {
		return fmt.Errorf("train.warmup_epochs is %v: it must be at least 0 and less than %d, or the run ends at its highest learning rate", w, shortest)
	}
	return nil
}

func (r Recipe) checkData() error {
	d := r.Data
	if r.Train.DrawnEpochs > 0 && max(d.DrawnImages, d.DrawnVideos) < 1 {
		return errors.New("train.drawn_epochs needs data.drawn_images or data.drawn_videos")
	}
	return cmp.Or(
		positive("data.stride", float64(d.Stride)), notNegative("data.list_repeat", float64(d.ListRepeat)),
		notNegative("data.drawn_images", float64(d.DrawnImages)), notNegative("data.drawn_videos", float64(d.DrawnVideos)),
		notNegative("data.drawn_test", float64(d.DrawnTest)), notNegative("data.cache_mib", float64(d.CacheMiB)),
	)
}

func (r Recipe) checkViews() error {
	v := r.Views
	return cmp.Or(positive("views.cache_size", float64(v.CacheSize)),
		within("views.image_crop", v.ImageCrop, 0.01, 1), within("views.video_crop", v.VideoCrop, 0.01, 1),
		within("views.image_flip", v.ImageFlip, 0, 1), within("views.video_flip", v.VideoFlip, 0, 1),
		within("views.brightness", v.Brightness, 0, 0.99), within("views.contrast", v.Contrast, 0, 0.99),
		within("views.saturation", v.Saturation, 0, 0.99),
	)
}

// The comparisons are written so that NaN fails them.

func positive(name string, v float64) error {
	return check(v > 0 && v <= math.MaxFloat64, name, v, "be more than 0 and finite")
}

func notNegative(name string, v float64) error {
	return check(v >= 0 && v <= math.MaxFloat64, name, v, "be at least 0 and finite")
}

func within(name string, v, lo, hi float64) error {
	return check(v >= lo && v <= hi, name, v, fmt.Sprintf("lie between %v and %v", lo, hi))
}

func check(ok bool, name string, v float64, what string) error {
	if !ok {
		return fmt.Errorf("%s is %v: it must %s", name, v, what)
	}
	return nil
}
