package infer

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/system"
)

// Two blocks on three tokens, by hand: the head reads the mean of all, of which half stays and half comes from where tokens attend.
func TestRollout(t *testing.T) {
	first := attentionMap{3, []float32{1, 0, 0, 1, 0, 0, 0, 1, 0}}      // 0 and 1 look at 0, 2 looks at 1
	second := attentionMap{3, []float32{0, 0, 1, 0, 0, 1, 0, 0.5, 0.5}} // 0 and 1 look at 2, 2 at 1 and itself
	// Of the second block: [0, 1/6, 5/6], with the residual [1/6, 1/4, 7/12].
	require.InDelta(t, 5.0/6, received(second, uniform(3))[2], 1e-12)
	got := rollout([]attentionMap{first, second})
	require.Len(t, got, 3)
	for i, want := range []float64{(1.0/6 + 1.0/6 + 1.0/4) / 2, (1.0/4 + 7.0/12) / 2, 7.0 / 24} {
		require.InDelta(t, want, got[i], 1e-12, "token %d", i)
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
		require.Equal(t, rollout(maps), l.Rollout)
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
