package run

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/recipe"
	"mien/system"
)

// mixingPlan is a plan of 22 images and 20 videos, mixed in as many groups as there are replicas, and the same plan without mixing.
func mixingPlan(t *testing.T, change func(*recipe.Recipe)) (mixed, plain plan) {
	bare := func(r *recipe.Recipe) {
		r.Train.LabelSmoothing, r.Train.Replicas = 0.2, 2
		change(r)
	}
	return shadePlan(t, 22, 20, func(r *recipe.Recipe) {
		bare(r)
		r.Train.Mixup = 0.8
	}), shadePlan(t, 22, 20, bare)
}

// Samples are mixed with those of their own group in reverse, by one λ a group, and their targets by the same.
func TestMixedBatches(t *testing.T) {
	mixed, plain := mixingPlan(t, func(*recipe.Recipe) {})
	lambdas := map[float32]bool{}
	before := batchesOf(t, plain, 1)
	for step, b := range batchesOf(t, mixed, 1) {
		classes := 7
		require.Equal(t, before[step].Labels, b.Labels)
		require.Len(t, b.Soft, classes*len(b.Views))
		group := map[data.Modality]int{data.Image: 2, data.Video: 3}[b.Modality]
		for i, v := range b.Views {
			j := i/group*group + group - 1 - i%group
			own, other := before[step].Views[i].Planar(), before[step].Views[j].Planar()
			if b.Labels[i] != b.Labels[j] {
				lambda := (b.Soft[i*classes+b.Labels[i]] - 0.2/float32(classes)) / 0.8
				lambdas[lambda] = true
				require.InDelta(t, lambda*own[0]+(1-lambda)*other[0], v.Floats[0], 1e-5)
			}
		}
	}
	require.Greater(t, len(lambdas), 11, "two groups in each of 11 batches")
}

// The groups of a batch are mixed apart, one by cutmix, which keeps bytes, and another by mixup, which does not: all views of the batch have
// one form.
func TestFormOfMixedBatches(t *testing.T) {
	p, _ := mixingPlan(t, func(r *recipe.Recipe) {
		r.Train.Cutmix, r.Train.CutmixShare = 1, 0.5
	})
	bytes, floats := 0, 0
	for epoch := range 3 {
		for _, b := range batchesOf(t, p, epoch) {
			for _, v := range b.Views {
				require.Equal(t, b.Views[0].Bytes == nil, v.Bytes == nil)
				require.Equal(t, b.Views[0].Floats == nil, v.Floats == nil)
				require.NotEqual(t, v.Bytes == nil, v.Floats == nil)
			}
			if b.Views[0].Bytes != nil {
				bytes++
			} else {
				floats++
			}
		}
	}
	require.Positive(t, bytes)
	require.Greater(t, floats, bytes)
}

// Without mixing, a batch has smoothed targets, and pre-training has none.
func TestTargetsOfABatch(t *testing.T) {
	p := shadePlan(t, 22, 20, func(r *recipe.Recipe) { r.Train.LabelSmoothing, r.Model.VideoClasses = 0.3, 9 })
	for _, b := range batchesOf(t, p, 0) {
		require.Equal(t, data.SmoothTargets(b.Labels, data.ByModality(b.Modality, 7, 9), 0.3), b.Soft)
		require.NotNil(t, b.Views[0].Bytes)
	}
	r := toy(t, "s4d-tiny-pretrain")
	p, err := newPlan(r, Training{Main: data.Sets{Image: shades(data.Image, 22)}})
	require.NoError(t, err)
	require.Nil(t, batchesOf(t, p, 0)[0].Soft)
}

// The parts of a batch have together the views and targets of the whole.
func TestPartsOfABatch(t *testing.T) {
	change := func(parts int) func(*recipe.Recipe) {
		return func(r *recipe.Recipe) { r.Train.Accumulate, r.Train.VideoRepeat = parts, 3 }
	}
	mixed, _ := mixingPlan(t, change(1))
	parted, _ := mixingPlan(t, change(2))
	parts := batchesOf(t, parted, 1)
	for step, b := range batchesOf(t, mixed, 1) {
		first, second := parts[2*step], parts[2*step+1]
		for i, part := range []*system.Batch{first, second} {
			require.Equal(t, []int{step, i * len(b.Views) / 2, 1}, []int{part.Step, part.First, part.Groups})
		}
		require.Equal(t, b.Views, slices.Concat(first.Views, second.Views))
		require.Equal(t, b.Soft, slices.Concat(first.Soft, second.Soft))
		require.NotEqual(t, b.Key("router"), second.Key("router"), "noise is not repeated in the second part")
	}
}

// A run whose batches are computed in parts learns the same, up to rounding.
func TestAccumulatedRun(t *testing.T) {
	for name, capacity := range map[string]float64{"s4d-tiny": 0.5, "s4d-tiny-pretrain": 0} {
		losses := func(parts int) (all []float64) {
			o := options(t, toy(t, name))
			o.Recipe.Train.RouterNoise, o.Recipe.Train.VideoRepeat, o.Recipe.Train.Accumulate = false, 3, parts
			o.Recipe.Model.Capacity = capacity
			trained(t, o)
			for _, e := range log(t, o) {
				all = append(all, e.Loss, e.GradNorm)
			}
			return all
		}
		whole := losses(1)
		require.Len(t, whole, 2*2*7)
		require.InEpsilonSlice(t, whole, losses(2), 2e-4, name)
	}
}

// The last part of a step names the unreadable samples of all its parts.
func TestSkippedInParts(t *testing.T) {
	p := shadePlan(t, 27, 27, func(r *recipe.Recipe) { r.Train.Accumulate, r.Train.VideoRepeat = 2, 3 })
	p.skip = 27
	skipped := 0
	for i, b := range batchesOf(t, p, 0) {
		if i%2 == 0 {
			require.Empty(t, b.Skipped)
		}
		skipped += len(b.Skipped)
	}
	require.GreaterOrEqual(t, skipped, 2)
}

// Mixup alone and cutmix alone mix the samples of every group, and cutmix keeps bytes.
func TestMixingByOneAlone(t *testing.T) {
	for _, cutmix := range []bool{false, true} {
		p := shadePlan(t, 22, 20, func(r *recipe.Recipe) {
			r.Train.Replicas, r.Train.LabelSmoothing = 2, 0
			*map[bool]*float64{false: &r.Train.Mixup, true: &r.Train.Cutmix}[cutmix] = 1
		})
		mixed := 0
		for _, b := range batchesOf(t, p, 0) {
			require.Equal(t, cutmix, b.Views[0].Bytes != nil)
			if !slices.Equal(data.SmoothTargets(b.Labels, 7, 0), b.Soft) {
				mixed++
			}
		}
		require.Greater(t, mixed, 5, "of 11 batches")
	}
}
