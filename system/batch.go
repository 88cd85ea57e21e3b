package system

import (
	"math/rand/v2"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
)

// The input of a training step: a batch on the host, its upload, and its random numbers.

// Batch is a single-modality batch of views in host memory, and its position in the run.
type Batch struct {
	Epoch, Step int
	Seed        uint64
	Modality    data.Modality
	Views       []data.View    // all of one size, and either all bytes or all floats
	First       int            // place of the first view in the batch of its step, of which this is a part where gradients accumulate
	Groups      int            // of as many views each, as on the published GPUs: samples mix, and experts have room, within one; 0 is one
	Labels      []int          // one per view
	Soft        []float32      // soft targets [views, classes], mixed; in fine-tuning alone
	Points      []float32      // landmarks [views, T, 68, 2], as shares of the frame's sides, where these are learned
	Skipped     []data.Skipped // unreadable samples, for which others stand in
}

// String names the batch in errors.
func (b *Batch) String() string { return string(b.Modality) }

// Pixels uploads the views to the tape, as bytes [B, T, H, W, 3] or as floats [B, 3, T, H, W] in [0, 1].
func (b *Batch) Pixels(t *ag.Tape) *ag.Value {
	v := b.Views[0]
	if v.Bytes != nil {
		return upload(t, engine.Uint8, b.Views, func(v data.View) []uint8 { return v.Bytes }, v.T, v.H, v.W, 3)
	}
	return upload(t, engine.Float32, b.Views, func(v data.View) []float32 { return v.Floats }, 3, v.T, v.H, v.W)
}

// upload copies views to the backend one by one, so that the host needs no copy of the batch.
func upload[N engine.Number](t *ag.Tape, dtype engine.DType, views []data.View, pixels func(data.View) []N, shape ...int) *ag.Value {
	all := engine.New(t.Backend(), dtype, append([]int{len(views)}, shape...)...)
	for i, v := range views {
		one := all.Range(i, i+1)
		engine.Write(one, pixels(v))
		one.Free()
	}
	return t.Const(all)
}

// Targets uploads the soft targets to the tape, [B, classes].
func (b *Batch) Targets(t *ag.Tape) *ag.Value {
	n := len(b.Views)
	return t.Const(engine.FromSlice(t.Backend(), engine.Float32, b.Soft, n, len(b.Soft)/n))
}

// Stream returns the host's random stream for a purpose at the batch's position in the run.
func (b *Batch) Stream(purpose string) *rand.Rand {
	return data.Stream(b.Seed, purpose, b.Epoch, b.Step)
}

// Key returns the key of the backend's random numbers for a purpose at the batch's position in the run.
func (b *Batch) Key(purpose string) engine.Key {
	key := engine.Key{Seed: b.Seed, Stream: data.StreamID(purpose, b.Epoch, b.Step)}
	if b.First > 0 {
		return key.Child(b.First)
	}
	return key
}
