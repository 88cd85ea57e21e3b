package infer

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/recipe"
	"mien/system"
)

// Two blocks on three tokens, by hand: the head reads the mean of all, of which half stays and half comes from where tokens attend.
func TestRollout(t *testing.T) {
	first := attentionMap{3, 3, []float32{1, 0, 0, 1, 0, 0, 0, 1, 0}}      // 0 and 1 look at 0, 2 looks at 1
	second := attentionMap{3, 3, []float32{0, 0, 1, 0, 0, 1, 0, 0.5, 0.5}} // 0 and 1 look at 2, 2 at 1 and itself
	// Of the second block: [0, 1/6, 5/6], with the residual [1/6, 1/4, 7/12].
	require.InDelta(t, 5.0/6, received(second, uniform(3))[2], 1e-12)
	got := rollout([]attentionMap{first, second}, uniform(3))
	require.Len(t, got, 3)
	for i, want := range []float64{(1.0/6 + 1.0/6 + 1.0/4) / 2, (1.0/4 + 7.0/12) / 2, 7.0 / 24} {
		require.InDelta(t, want, got[i], 1e-12, "token %d", i)
	}
}

// Two frames of a class token and two patches, in two blocks by hand: what counts is where class tokens look, but not at themselves.
func TestLookOfClassTokens(t *testing.T) {
	first := attentionMap{3, 3, []float32{0, 0.25, 0.75, 0, 1, 0, 0, 1, 0 /**/, 1, 0, 0, 0, 0.25, 0.75, 0, 1, 0}}
	second := attentionMap{3, 3, []float32{0.5, 0.5, 0, 0.9, 0.1, 0, 0, 0, 1 /**/, 0, 0.125, 0.875, 0.5, 0.5, 0, 0.25, 0, 0.75}}
	// Of the last block class tokens alone may be there.
	classes := attentionMap{1, 3, []float32{0.5, 0.5, 0 /**/, 0, 0.125, 0.875}}
	var l, same Trace
	l.look([]attentionMap{first, second}, true)
	same.look([]attentionMap{first, classes}, true)
	require.Equal(t, l, same)
	require.InDeltaSlice(t, []float64{0.5, 0, 0.0625, 0.4375}, l.Last, 1e-12)
	same = Trace{}
	same.look([]attentionMap{classes}, true)
	require.Equal(t, l.Last, same.Last)
	// The first frame's class token has 3/4 of itself and 1/4 of patch 0 in the last block, that of the second 1/2, 1/16 and 7/16.
	a, b := 0.25/2+0.25*0.75/2+0.25/2, 0.75*0.75/2
	c, d := 0.0625/2+(0.25*0.0625+0.4375)/2, 0.4375/2+0.75*0.0625/2
	require.InDeltaSlice(t, []float64{a / (a + b) / 2, b / (a + b) / 2, c / (c + d) / 2, d / (c + d) / 2}, l.Rollout, 1e-12)
}

// Image models with adapters are looked at frame by frame, without their class tokens; where adapters look in time is no part of it.
func TestTraceOfFrames(t *testing.T) {
	for _, c := range []struct {
		name        string
		patch, rows int
	}{{"feadapter-tiny", 16, 2}, {"s2d-tiny", 16, 2}, {"feadapter-tiny", 8, 4}} {
		r, err := recipe.Load(c.name)
		require.NoError(t, err)
		r.Model.PatchSize = c.patch
		m := openModel(t, drawn(t, r))
		sample, _, err := data.Open(t.Context(), goldenDir+"clip", data.OpenOptions{})
		require.NoError(t, err)
		views, err := m.Views(t.Context(), sample, data.Video)
		require.NoError(t, err)
		l, err := m.Trace(t.Context(), views[0], data.Video)
		require.NoError(t, err)
		require.Equal(t, [2]int{4, c.rows}, [2]int{l.Times, l.Rows})
		_, maps, err := m.attention(views[0], data.Video, engine.Key{})
		require.NoError(t, err)
		require.Len(t, maps, r.Model.Depth)
		for _, shares := range [][]float64{l.Last, l.Rollout} {
			patches := c.rows * c.rows
			require.Len(t, shares, 4*patches)
			for frame := range 4 {
				sum := 0.0
				for _, s := range shares[frame*patches : (frame+1)*patches] {
					sum += s
				}
				require.InDelta(t, 0.25, sum, 1e-9, "each frame has its share")
			}
		}
		require.NotEqual(t, l.Last[:4], l.Last[4:8])
	}
}

// A look at an image and at a video: every map has a share for each patch, experts have the names of the router, and the
// probabilities are those of an evaluation.
func TestTrace(t *testing.T) {
	m := openModel(t, published)
	e := m.Recipe.Model
	rows := e.ImageSize / e.PatchSize
	sample, _, err := data.Open(t.Context(), goldenDir+"clip", data.OpenOptions{})
	require.NoError(t, err)
	for modality, times := range map[data.Modality]int{data.Image: 1, data.Video: e.Frames / e.Tubelet} {
		views, err := m.Views(t.Context(), sample, modality)
		require.NoError(t, err)
		l, err := m.Trace(t.Context(), views[0], modality)
		require.NoError(t, err)
		want, err := m.judge(modality, [][]data.View{views[:1]}, 0)
		require.NoError(t, err)
		require.InDeltaSlice(t, want[0], l.Probabilities, 1e-6)
		require.Equal(t, [2]int{times, rows}, [2]int{l.Times, l.Rows})
		patches := times * rows * rows
		for _, shares := range [][]float64{l.Last, l.Rollout} {
			require.Len(t, shares, patches)
			sum := 0.0
			for _, s := range shares {
				sum += s
			}
			require.InDelta(t, 1, sum, 1e-4)
		}
		require.NotEqual(t, l.Last, l.Rollout)
		_, maps, err := m.attention(views[0], modality, engine.Key{})
		require.NoError(t, err)
		require.Len(t, maps, e.Depth)
		require.Equal(t, received(maps[e.Depth-1], uniform(patches)), l.Last)
		require.NotEqual(t, received(maps[0], uniform(patches)), l.Last)
		require.Equal(t, rollout(maps, uniform(patches)), l.Rollout)
		routes, err := m.routes(views[:1], modality, engine.Key{})
		require.NoError(t, err)
		require.Equal(t, routes, l.Routes)
		require.NotEqual(t, routes[0], routes[1])
		require.Equal(t, m.Net.(system.Sparse).ExpertBlocks(), l.Blocks)
		require.Len(t, l.Routes, len(l.Blocks))
		for _, choices := range l.Routes {
			require.Len(t, choices, patches*e.TopK)
			for _, c := range choices {
				require.GreaterOrEqual(t, c, int32(0))
				require.Less(t, c, int32(e.Experts))
			}
		}
		require.Equal(t, views[0], l.View)
	}
}

// The windows of a timeline lie along the video, and each has its own answer, the first that of the first window alone.
func TestTimeline(t *testing.T) {
	m := openModel(t, published)
	sample, _, err := data.Open(t.Context(), goldenDir+"clip", data.OpenOptions{})
	require.NoError(t, err)
	moments, err := m.Timeline(t.Context(), sample, 3)
	require.NoError(t, err)
	starts := data.Starts(sample.Len(), m.Recipe.Model.Frames, m.Recipe.Data.Stride)
	require.Len(t, moments, min(3, starts))
	var windows []data.Window
	for _, moment := range moments {
		windows = append(windows, moment.Window)
	}
	require.Equal(t, data.Windows(sample.Len(), m.Recipe.Model.Frames, m.Recipe.Data.Stride, 3), windows)
	require.Equal(t, 0, moments[0].First)
	views, err := m.read(t.Context(), sample, data.Video, []data.Window{moments[0].Window})
	require.NoError(t, err)
	want, err := m.judge(data.Video, [][]data.View{views}, 0)
	require.NoError(t, err)
	require.InDeltaSlice(t, want[0], moments[0].Probabilities, 1e-6)
	for i, moment := range moments[1:] {
		require.Greater(t, moment.First, moments[i].First)
		require.NotEqual(t, moments[i].Probabilities, moment.Probabilities)
	}
}
