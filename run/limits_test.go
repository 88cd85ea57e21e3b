package run

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine/cpu"
	"mien/nn"
	"mien/recipe"
	"mien/systems"
	"mien/vit"
)

// Numbers within their limits whose product is beyond any machine are refused before the first allocation and the first file.
func TestCostIsCheckedFirst(t *testing.T) {
	const memory = 1 << 30
	for want, change := range map[string]func(*recipe.Recipe){
		"a model of 137487467534 parameters and batches of this size need at least 2048.9 GiB": func(r *recipe.Recipe) {
			r.Model.Dim, r.Model.Heads, r.Model.Depth = 1<<14, 1, 64
		},
		"batches of this size need at least 32.2 GiB of memory, and there are 1.0: choose a smaller": func(r *recipe.Recipe) {
			r.Train.VideoBatch, r.Model.Depth, r.Data.DrawnVideos = 1<<16, 1<<10, 1<<16
		},
		"a model of more than 262144 tensors: choose fewer blocks or experts": func(r *recipe.Recipe) {
			r.Model.Depth, r.Model.Experts = 1<<10, 1<<10
		},
		"an epoch has 64000000 images, and at most 10000000 are possible: lower train.static_share": func(r *recipe.Recipe) {
			r.Train.StaticShare, r.Data.DrawnImages = 1000, 64_000
		},
	} {
		r := toy(t, "s4d-tiny")
		change(&r)
		require.NoError(t, r.Check())
		b := &scarce{Backend: cpu.New()}
		out := filepath.Join(t.TempDir(), "run")
		_, err := Train(t.Context(), Options{Recipe: r, Backend: b, Memory: memory, Out: out, Watch: &watched{}})
		require.Error(t, err)
		require.Regexp(t, want, err.Error())
		require.NoDirExists(t, out)
	}
	list := data.Sets{Image: &data.Dataset{Modality: data.Image, Items: make([]data.Item, 5000)}}
	_, err := repeated(list, 10_000)
	require.EqualError(t, err, "data.list_repeat is 10000, of 5000 images: lower it to 2000, for 10000000 at most")
	_, err = repeated(list, 2000)
	require.NoError(t, err)
}

// What is called the least must be less than what a run takes.
func TestLeastMemory(t *testing.T) {
	for _, name := range []string{"s4d-tiny", "s4d-tiny-pretrain"} {
		for _, recompute := range []bool{false, true} {
			r := toy(t, name)
			b := cpu.New()
			o := Options{Recipe: r, Backend: b, Recompute: recompute, Memory: 1, Out: filepath.Join(t.TempDir(), "run"), Watch: &watched{}}
			_, err := Train(t.Context(), o)
			require.ErrorContains(t, err, "GiB of memory")
			o.Memory = 0
			_, err = Train(t.Context(), o)
			require.NoError(t, err)
			peak := b.Stats().PeakBytes
			o.Memory, o.Out = int64(peak), filepath.Join(t.TempDir(), "run")
			_, err = Train(t.Context(), o)
			require.NoError(t, err, name)
			o.Memory, o.Out = int64(peak)/100, filepath.Join(t.TempDir(), "run")
			_, err = Train(t.Context(), o)
			require.ErrorContains(t, err, "GiB of memory", "it is no more than a formality")
		}
	}
}

// The least memory of a run by hand: parameters, their gradients and moments, and the larger batch.
func TestLeastMemoryByHand(t *testing.T) {
	parts := 0
	least := func(name string, images, videos int, freeze ...string) int64 {
		r := toy(t, name)
		r.Train.Accumulate = parts
		r.Model.Depth, r.Train.Freeze = 3, freeze // as well: 16×16 pixels, patches 2×8×8, 4 frames, 16 wide, 4 images, 3 videos twice
		s, err := systems.Of(r)
		require.NoError(t, err)
		run := &run{Options: Options{Recipe: r}, system: s, plan: plan{recipe: r, images: images, videos: videos}}
		return run.leastMemory(1000)
	}
	own := vit.System // a system that freezes something is like a recipe that does
	own.Frozen = func(recipe.Recipe) []string { return nil }
	frozen := run{Options: Options{Recipe: toy(t, "s4d-tiny")}, system: &own}
	require.EqualValues(t, 4*1000, frozen.leastMemory(1000))
	const params = 4 * 4 * 1000
	image, imageTokens := 3*16*16, 4*16*3*4
	video, videoTokens := 4*image, 8*16*3*4
	require.EqualValues(t, params+4*(image+imageTokens), least("s4d-tiny", 1, 0))
	require.EqualValues(t, params+6*(video+videoTokens), least("s4d-tiny", 0, 1))
	require.EqualValues(t, params+6*(video+videoTokens), least("s4d-tiny", 1, 1))
	require.EqualValues(t, params+4*image, least("s4d-tiny-pretrain", 1, 0), "an encoder that sees few patches")
	require.EqualValues(t, params+6*video, least("s4d-tiny-pretrain", 1, 1))
	require.EqualValues(t, 4*1000, least("s4d-tiny", 1, 1, "blocks.*"))
	parts = 2 // of a batch, of which one is in memory
	require.EqualValues(t, params+2*(image+imageTokens), least("s4d-tiny", 1, 0))
	require.EqualValues(t, params+3*(video+videoTokens), least("s4d-tiny", 1, 1))
	require.EqualValues(t, params+3*video, least("s4d-tiny-pretrain", 1, 1))
}

// A run takes all the memory that there is, and an epoch all the samples that are possible, but not one more.
func TestCostAtItsLimits(t *testing.T) {
	r := toy(t, "s4d-tiny")
	s, err := systems.Of(r)
	require.NoError(t, err)
	run := &run{Options: Options{Recipe: r}, system: s, plan: plan{recipe: r, images: 2_500_000, videos: 3_333_333}}
	params, err := nn.Outline(1000, func(scope *nn.Scope) { s.Build(scope, r) })
	require.NoError(t, err)
	run.Memory = run.leastMemory(nn.Count(params))
	require.NoError(t, run.checkCost())
	run.Memory--
	require.ErrorContains(t, run.checkCost(), "GiB of memory")
	run.plan.images++
	require.EqualError(t, run.checkCost(), "an epoch has 10000004 images, and at most 10000000 are possible: lower train.static_share")
	run.plan.images, run.plan.videos = 0, 3_333_334
	require.EqualError(t, run.checkCost(), "an epoch has 10000002 videos, and at most 10000000 are possible: lower train.dynamic_share")
}
