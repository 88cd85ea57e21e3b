package systems

import (
	"context"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/engine/enginetest"
	"mien/mae"
	"mien/system"
)

// traffic is what a training step transfers between host and backend, and the kernels at its end.
type traffic struct {
	Up, Down       enginetest.Traffic
	Figures, AdamW int
	Live           int // bytes at the start of the step
}

// stepTraffic trains and returns the traffic from the beginning of each step to the beginning of the next. The last step of the
// run is not included.
func stepTraffic(t *testing.T, inner engine.Backend, name string) []traffic {
	b := enginetest.NewCounting(inner)
	x := newTrainee(t, b, tiny[name])
	var all []traffic
	live, first := 0, true
	begin := func() {
		if !first {
			all = append(all, traffic{b.Uploads, b.Downloads, b.Kernels["StepFigures"], b.Kernels["AdamW"], live})
		}
		b.Reset()
		live, first = b.Stats().LiveBytes, false
	}
	batches := x.loop.Batches
	x.loop.Batches = func(ctx context.Context, epoch int) iter.Seq2[*system.Batch, error] {
		return func(yield func(*system.Batch, error) bool) {
			for batch, err := range batches(ctx, epoch) {
				begin()
				if !yield(batch, err) {
					return
				}
			}
		}
	}
	require.NoError(t, x.loop.Run(t.Context(), 0))
	require.Len(t, all, tinyEpochs*tinySteps-1)
	return all
}

// wantUp is what a batch uploads to the backend: its views one by one, then labels, landmarks or mask in one transfer. Constants are not
// uploaded again: neither positions nor zeros nor norms.
func wantUp(r *trainee, b *system.Batch) enginetest.Traffic {
	bytes := 0
	for _, v := range b.Views {
		bytes += len(v.Bytes) + 4*len(v.Floats)
	}
	m := r.recipe.Model
	if r.recipe.System == "mobilefacenet" {
		return enginetest.Traffic{Calls: len(b.Views) + 1, Bytes: bytes + 4*len(b.Views)*data.ByModality(b.Modality, 1, m.Frames)*68*2}
	}
	if r.recipe.System != "mae" {
		classes := m.ImageClasses
		if b.Modality == data.Video {
			classes = m.VideoClasses
		}
		return enginetest.Traffic{Calls: len(b.Views) + 1, Bytes: bytes + 4*len(b.Views)*classes}
	}
	tokens, ratio := 4, r.recipe.Train.ImageMask
	if b.Modality == data.Video {
		tokens, ratio = 8, r.recipe.Train.VideoMask
	}
	hidden := mae.HiddenPatches(tokens, ratio)
	rows := 2*(tokens-hidden) + hidden + 2*tokens // visible, their positions, hidden, and the way back from either
	return enginetest.Traffic{Calls: len(b.Views) + 1, Bytes: bytes + 4*len(b.Views)*rows}
}

// A training step uploads pixels and labels, landmarks or mask, and nothing else; what comes back are the figures of the step before.
func TestTrafficOfAStep(t *testing.T) {
	figures := enginetest.Traffic{Calls: 1, Bytes: 4 * engine.FigureCount}
	for _, s := range All {
		x := newTrainee(t, cpu.New(), tiny[s.Name])
		steps := stepTraffic(t, cpu.New(), s.Name)
		for i, got := range steps {
			epoch, step := i/tinySteps, i%tinySteps
			want := traffic{Up: wantUp(x, x.batch(epoch, step)), Figures: 1, AdamW: 1, Live: got.Live}
			if step > 0 {
				want.Down = figures
			}
			if step == tinySteps-1 { // at the end of an epoch the loop waits for its last step
				want.Down = enginetest.Traffic{Calls: 2, Bytes: 2 * figures.Bytes}
			}
			require.Equal(t, want, got, "%s, step %d of epoch %d", s.Name, step, epoch)
		}
		// No step leaves memory behind: every one but the first of an epoch begins with the figures of the one before.
		for i := 2; i < tinySteps; i++ {
			require.Equal(t, steps[1].Live, steps[i].Live, "%s, step %d", s.Name, i)
		}
		require.Equal(t, steps[1].Live, steps[tinySteps+1].Live, s.Name)
	}
}
