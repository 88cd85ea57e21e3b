package recipe

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"mien/data"
)

// Check returns an error that names the first setting that cannot be.
func (r Recipe) Check() error {
	return cmp.Or(r.checkTrain(), r.checkData(), r.checkModel(), r.checkViews())
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
		within("train.warmup_epochs", t.WarmupEpochs, 0, float64(t.Epochs)),
		within("train.drawn_epochs", float64(t.DrawnEpochs), 0, float64(t.Epochs-1)), // then come the lists
		notNegative("train.eval_every", float64(t.EvalEvery)),
	)
	if err == nil && t.VideoBatch%t.VideoRepeat != 0 {
		err = fmt.Errorf("train.video_batch is %d: it must be a multiple of train.video_repeat, %d", t.VideoBatch, t.VideoRepeat)
	}
	return err
}

func (r Recipe) checkData() error {
	d := r.Data
	if r.Train.DrawnEpochs > 0 && min(d.DrawnPictures, d.DrawnClips) < 1 {
		return errors.New("train.drawn_epochs needs data.drawn_pictures and data.drawn_clips")
	}
	return cmp.Or(
		positive("data.stride", float64(d.Stride)), notNegative("data.list_repeat", float64(d.ListRepeat)),
		notNegative("data.drawn_pictures", float64(d.DrawnPictures)), notNegative("data.drawn_clips", float64(d.DrawnClips)),
		notNegative("data.drawn_test", float64(d.DrawnTest)), notNegative("data.cache_mib", float64(d.CacheMiB)),
	)
}

func (r Recipe) checkModel() error {
	switch r.Kind {
	case Pretrain:
		return cmp.Or(within("train.image_mask", r.Train.ImageMask, 0.01, 0.99), within("train.video_mask", r.Train.VideoMask, 0.01, 0.99),
			r.MAE().Check())
	case Finetune:
		c, err := r.S4D()
		return cmp.Or(within("train.layer_decay", r.Train.LayerDecay, 0.01, 1), err, c.Check())
	}
	return fmt.Errorf("kind is %q: choose pretrain or finetune", r.Kind)
}

func (r Recipe) checkViews() error {
	v := r.Views
	err := cmp.Or(positive("views.cache_size", float64(v.CacheSize)),
		within("views.image_crop", v.ImageCrop, 0.01, 1), within("views.video_crop", v.VideoCrop, 0.01, 1))
	for _, m := range []data.Modality{data.Image, data.Video} {
		if invalid := r.View(m).Validate(); err == nil && invalid != nil {
			err = fmt.Errorf("views of %s samples: %w", m, invalid)
		}
	}
	return err
}

// The comparisons are written so that NaN fails them.

func positive(name string, v float64) error {
	if !(v > 0 && v <= math.MaxFloat64) {
		return fmt.Errorf("%s is %v: it must be more than 0 and finite", name, v)
	}
	return nil
}

func notNegative(name string, v float64) error {
	if !(v >= 0 && v <= math.MaxFloat64) {
		return fmt.Errorf("%s is %v: it must be at least 0 and finite", name, v)
	}
	return nil
}

func within(name string, v, lo, hi float64) error {
	if !(v >= lo && v <= hi) {
		return fmt.Errorf("%s is %v: it must lie between %v and %v", name, v, lo, hi)
	}
	return nil
}
