package recipe

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// A warm-up of W steps is linspace(0, base, W), both ends included, and the cosine starts at base.
func TestWarmupCosine(t *testing.T) {
	s := WarmupCosine(4, 1, 5, 9)
	for step, want := range []float64{0, 1, 2, 3, 4, 4, 1 + 1.5*(1+math.Cos(math.Pi/4)), 2.5, 1 + 1.5*(1+math.Cos(3*math.Pi/4))} {
		require.InDelta(t, want, s(step), 1e-12, "step %d", step)
	}
	require.InDelta(t, 2.0, WarmupCosine(2, 0, 0, 4)(0), 1e-12, "without warm-up")
	require.Zero(t, WarmupCosine(2, 0, 1, 4)(0))
}

// The numbers of the published pre-training: 5 % warm-up to 1.2e-3, and then a cosine that starts at 0.9938 of it.
func TestComposedCosine(t *testing.T) {
	s := ComposedCosine(1e-6, 1.2e-3, 0.05, 1000)
	require.InDelta(t, 1e-6, s(0), 1e-12)
	require.InDelta(t, 1.2e-3*0.5+1e-6*0.5, s(25), 1e-12)
	require.InDelta(t, 0.9938*1.2e-3, s(50), 1e-7)
	require.InDelta(t, 0.6e-3, s(500), 1e-12)
}

// The schedule of a recipe counts its warm-up in steps and spans all epochs. Fine-tuning with drawn epochs restarts it after them.
func TestScheduleOfARecipe(t *testing.T) {
	check := func(r Recipe, steps int, want map[int]float64) {
		require.NoError(t, r.Check())
		s := r.Schedule(steps)
		for step, lr := range want {
			require.InDelta(t, lr, s(step), 1e-12, "%s: step %d", r.Name, step)
		}
	}
	cosine := func(end, base, progress float64) float64 { return end + (base-end)*(1+math.Cos(math.Pi*progress))/2 }

	r, err := Load("s4d-tiny")
	require.NoError(t, err)
	r.Train.Epochs, r.Train.WarmupEpochs, r.Train.LR, r.Train.MinLR = 5, 1.5, 0.8, 0.2
	check(r, 4, map[int]float64{0: 0, 1: 0.16, 4: 0.64, 5: 0.8, 6: 0.8, 7: cosine(0.2, 0.8, 1.0/14), 13: 0.5, 19: cosine(0.2, 0.8, 13.0/14)})
	r.Train.DrawnEpochs = 2 // of 8 steps, and 12 steps of lists
	check(r, 4, map[int]float64{0: 0, 5: 0.8, 7: 0.5, 8: 0, 9: 0.16, 13: 0.8, 14: 0.8, 17: 0.5, 19: cosine(0.2, 0.8, 5.0/6)})

	r, err = Load("s4d-tiny-pretrain")
	require.NoError(t, err)
	r.Train.Epochs, r.Train.WarmupEpochs, r.Train.LR, r.Train.MinLR = 5, 1.5, 0.8, 0.2
	check(r, 4, map[int]float64{0: 0.2, 1: 0.3, 5: 0.7, 6: cosine(0, 0.8, 0.3), 10: 0.4, 19: cosine(0, 0.8, 0.95)})
}

// Landmarks are learned by the schedule of fine-tuning, which begins at 0 and ends at min_lr.
func TestScheduleOfLandmarks(t *testing.T) {
	r, err := Load("landmarks-tiny")
	require.NoError(t, err)
	r.Train.Epochs, r.Train.WarmupEpochs, r.Train.LR, r.Train.MinLR, r.Train.DrawnEpochs = 5, 1.5, 0.8, 0.2, 0
	s, want := r.Schedule(4), WarmupCosine(0.8, 0.2, 6, 20)
	for step := range 20 {
		require.Equal(t, want(step), s(step))
	}
}

func TestThen(t *testing.T) {
	count := func(step int) float64 { return float64(step) }
	s := Then(count, 3, func(step int) float64 { return 10 + count(step) })
	for step, want := range []float64{0, 1, 2, 10, 11} {
		require.Equal(t, want, s(step))
	}
}
