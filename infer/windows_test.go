package infer

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/system"
)

// An evaluation reads only the frames that it uses.
func TestEvaluationReadsItsWindows(t *testing.T) {
	r := valid(t)
	r.Data.Stride = 1
	m := &Model{}
	m.Recipe = r
	sample := &counted{}
	views, err := m.Views(t.Context(), sample, data.Video)
	require.NoError(t, err)
	require.Len(t, views, 2)
	require.Equal(t, [][]int{{0, 1, 2, 3}, {16, 17, 18, 19}}, sample.read)
	require.Equal(t, []int{4, 32, 32}, []int{views[1].T, views[1].H, views[1].W})
	sample = &counted{}
	views, err = m.Views(t.Context(), sample, data.Image)
	require.NoError(t, err)
	require.Len(t, views, 1)
	require.Equal(t, [][]int{{0}}, sample.read)

	m.Own = true // which of itself would see all of a video
	sample = &counted{}
	_, err = m.Views(t.Context(), sample, data.Video)
	require.NoError(t, err)
	require.Equal(t, [][]int{{0, 1, 2, 3}, {16, 17, 18, 19}}, sample.read)
	sample = &counted{}
	views, err = m.stills(t.Context(), sample)
	require.NoError(t, err)
	require.Len(t, views, 8)
	require.Equal(t, []int{1, 32, 32}, []int{views[7].T, views[7].H, views[7].W})
	require.Equal(t, [][]int{{0, 1, 2, 3, 16, 17, 18, 19}}, sample.read)
	m.Windows, sample = 3, &counted{}
	_, err = m.stills(t.Context(), sample)
	require.NoError(t, err)
	require.Equal(t, [][]int{{0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19}}, sample.read)
}

// counted is a video of 20 frames that records which were read.
type counted struct{ read [][]int }

func (c *counted) Len() int { return 20 }

func (c *counted) Read(_ context.Context, indices []int) (*data.Frames, error) {
	c.read = append(c.read, slices.Clone(indices))
	return data.NewFrames(len(indices), 36, 40), nil
}

// middle returns a video of 72 frames: grey, but frames 16 to 55 of a colour.
func middle(red, green, blue uint8) data.Sample {
	return data.NewSample("video", 72, data.OpenOptions{}, func(_ context.Context, i int) (*data.Frames, error) {
		f := data.NewFrames(1, 160, 160)
		for p := 0; p < len(f.Pix); p += 3 {
			copy(f.Pix[p:p+3], []uint8{128, 128, 128})
			if i >= 16 && i <= 55 {
				copy(f.Pix[p:p+3], []uint8{red, green, blue})
			}
		}
		return f, nil
	})
}

// A model of mien sees all of a video, so that what happens in its middle changes the answer. A published checkpoint sees the two
// windows of the published protocol, and an evaluation does with either.
func TestPredictCoversTheVideo(t *testing.T) {
	ask := func(m *Model, red uint8) Prediction {
		p, err := m.Predict(t.Context(), "video", middle(red, 128, 128), data.Video)
		require.NoError(t, err)
		return p
	}
	own := openModel(t, ownModel(t, nil, nil))
	own.Recipe.Data.Stride = 1
	require.Equal(t, 16, own.Recipe.Model.Frames)
	p := ask(own, 255)
	require.Equal(t, []data.Window{{First: 0, Last: 15, Stride: 1}, {First: 14, Last: 29, Stride: 1}, {First: 28, Last: 43, Stride: 1},
		{First: 42, Last: 57, Stride: 1}, {First: 56, Last: 71, Stride: 1}}, p.Windows)
	require.Equal(t, 5, p.Views)
	require.NotEqual(t, ask(own, 128).Probabilities, p.Probabilities, "the middle was not seen")

	foreign := openModel(t, published)
	foreign.Recipe.Data.Stride = 1
	p = ask(foreign, 255)
	require.Equal(t, []data.Window{{First: 0, Last: 15, Stride: 1}, {First: 56, Last: 71, Stride: 1}}, p.Windows)
	require.Equal(t, ask(foreign, 128).Probabilities, p.Probabilities)

	foreign.Windows = 5
	require.Equal(t, ask(own, 255), ask(foreign, 255), "either takes as many windows as it is told")
	foreign.Windows = 1000
	require.Equal(t, 57, ask(foreign, 255).Views, "all different")

	for _, m := range []*Model{own, openModel(t, published)} {
		views, err := m.Views(t.Context(), middle(0, 0, 0), data.Video)
		require.NoError(t, err)
		require.Len(t, views, 2)
	}
}

// spy is a model that records how many views it is asked about at once, and with which noise.
type spy struct {
	system.Classifier
	views   []int
	streams map[uint64]bool
	asked   func()
}

func (s *spy) Logits(x *ag.Value, m data.Modality, key engine.Key) *ag.Value {
	s.views = append(s.views, x.Dim(0))
	s.streams[key.Stream] = true
	s.asked()
	return s.Classifier.Logits(x, m, key)
}

// Windows are read and classified a few at a time, with noise of their own, and an interruption is heeded in between.
func TestPredictReadsAFewWindows(t *testing.T) {
	m := openModel(t, ownModel(t, nil, nil))
	ctx, cancel := context.WithCancel(t.Context())
	reads := 0
	net := &spy{m.Net, nil, map[uint64]bool{}, func() { require.LessOrEqual(t, reads, 3*windowBatch*16) }}
	m.Net = net
	video := data.NewSample("video", 1200, data.OpenOptions{}, func(context.Context, int) (*data.Frames, error) {
		if reads++; reads == 2*windowBatch*16+1 {
			cancel()
		}
		return data.NewFrames(1, 16, 16), nil
	})
	_, err := m.Predict(ctx, "video", video, data.Video)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []int{windowBatch, windowBatch}, net.views)
	require.Len(t, net.streams, 2)
	require.Equal(t, 2*windowBatch*16+1, reads)
}

// An evaluation with more windows than the published two takes fewer samples at once.
func TestEvaluationOfManyWindowsIsNoLarger(t *testing.T) {
	m := openModel(t, published)
	net := &spy{m.Net, nil, map[uint64]bool{}, func() {}}
	m.Net, m.Windows, m.Recipe.Data.Stride = net, evalBatch, 1
	_, err := m.Evaluate(t.Context(), data.Sets{Video: videos(t, "video_name,label", 0, 1, 2)})
	require.NoError(t, err)
	for _, views := range net.views {
		require.LessOrEqual(t, views, publishedWindows*evalBatch)
	}
}

// The mean over windows is that of all probabilities, also where the last few are fewer than the others.
func TestMeanOfUnequalBatches(t *testing.T) {
	m := openModel(t, published)
	m.Recipe.Data.Stride, m.Windows = 1, 3
	video := middle(255, 0, 0)
	want := make([]float64, 7)
	for _, w := range data.Windows(72, 16, 1, 3) {
		views, err := m.read(t.Context(), video, data.Video, []data.Window{w})
		require.NoError(t, err)
		results, err := m.judge(data.Video, [][]data.View{views}, 0)
		require.NoError(t, err)
		for i, p := range results[0] {
			want[i] += p / 3
		}
	}
	p, err := m.Predict(t.Context(), "video", video, data.Video)
	require.NoError(t, err)
	require.Len(t, p.Probabilities, len(want))
	require.InDeltaSlice(t, want, p.Probabilities, 1e-7)
}

// An evaluation takes as many windows as it is told, and counts what Predict answers with them.
func TestEvaluateTakesWindows(t *testing.T) {
	m := openModel(t, published)
	set := videos(t, "video_name,label", 4, 0)
	usual, err := m.Evaluate(t.Context(), data.Sets{Video: set})
	require.NoError(t, err)
	for _, n := range []int{2, 20} {
		m.Windows = n
		r, err := m.Evaluate(t.Context(), data.Sets{Video: set})
		require.NoError(t, err)
		want := NewConfusion(7)
		for i := range set.Items {
			want[set.Items[i].Label][predict(t, m, set, i).Class]++
		}
		require.Equal(t, want, r.Dynamic.Confusion, n)
		if n == 2 {
			require.Equal(t, usual, r)
		}
	}
}
