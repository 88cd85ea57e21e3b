package infer

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/modelfile"
)

// A head that was never trained gives no answers, alone or in an evaluation; without a record every head does.
func TestUntrainedHeadIsRefused(t *testing.T) {
	labels := map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.DFEW}
	const refusal = "the model has never learned from videos: fine-tune it on some, with --init, or leave them out"
	m := openModel(t, ownModel(t, labels, modelfile.Trained{data.Image: {Drawn: 64}, data.Video: {}}))
	video := videos(t, "video_name,label", 4)
	sample, err := video.Items[0].Open(t.Context(), data.OpenOptions{})
	require.NoError(t, err)
	_, err = m.Predict(t.Context(), "v0", sample, data.Video)
	require.EqualError(t, err, "v0: it is a video, and "+refusal)
	_, err = m.Trace(t.Context(), data.View{}, data.Video)
	require.EqualError(t, err, refusal)
	_, err = m.Timeline(t.Context(), sample, 2)
	require.EqualError(t, err, refusal)
	_, _, err = m.Match(data.Sets{Image: images(t, 1), Video: video})
	require.EqualError(t, err, refusal)
	_, err = m.Evaluate(t.Context(), data.Sets{Video: video})
	require.EqualError(t, err, refusal, "not matched at all")
	r, err := m.Evaluate(t.Context(), data.Sets{Image: images(t, 1)})
	require.NoError(t, err)
	require.Equal(t, 1, r.Static.N)

	for _, record := range []modelfile.Trained{nil, {data.Video: {Listed: 1}}, {data.Video: {Unknown: true}}} {
		m := openModel(t, ownModel(t, labels, record))
		_, _, err := m.Match(data.Sets{Video: video})
		require.NoError(t, err)
	}
}
