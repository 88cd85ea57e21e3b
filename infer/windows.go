package infer

import (
	"context"

	"mien/data"
)

// Which frames of a video the model looks at.

// publishedWindows is the number of windows in the published protocol: the first and the last.
const publishedWindows = 2

// windowBatch is the number of windows of one video that are in memory and classified together: small, because an interruption
// waits for them.
const windowBatch = 2

// windows returns the parts of a sample of n frames that are looked at: of an image all there is, of a video as many as Windows
// asks for. Without that, covering says whether a model of mien sees the whole video. Else, and for published checkpoints, which
// were measured so, it is the published protocol.
func (m *Model) windows(n int, modality data.Modality, covering bool) []data.Window {
	if modality == data.Image {
		return []data.Window{{Stride: 1}}
	}
	count, frames, stride := publishedWindows, m.Recipe.Model.Frames, m.Recipe.Data.Stride
	switch {
	case m.Windows > 0:
		count = min(m.Windows, data.Starts(n, frames, stride))
	case covering && m.Own:
		count = data.Covering(n, frames, stride)
	}
	return data.Windows(n, frames, stride, count)
}

// Views returns the model's input for a sample as in an evaluation: the image itself, or windows of a video.
func (m *Model) Views(ctx context.Context, sample data.Sample, modality data.Modality) ([]data.View, error) {
	return m.read(ctx, sample, modality, m.windows(sample.Len(), modality, false))
}

// read returns the windows of a sample as the model's input.
func (m *Model) read(ctx context.Context, sample data.Sample, modality data.Modality, windows []data.Window) (views []data.View, err error) {
	for _, w := range windows {
		frames, err := sample.Read(ctx, w.Indices(data.ByModality(modality, 1, m.Recipe.Model.Frames)))
		if err != nil {
			return nil, err
		}
		views = append(views, m.View(frames))
	}
	return views, nil
}

// watch classifies windows of a sample, a few at a time, and returns the mean of their class probabilities.
func (m *Model) watch(ctx context.Context, sample data.Sample, modality data.Modality, windows []data.Window) ([]float64, error) {
	mean := make([]float64, m.Net.Classes(modality))
	for first := 0; first < len(windows); first += windowBatch {
		views, err := m.read(ctx, sample, modality, windows[first:min(first+windowBatch, len(windows))])
		if err != nil {
			return nil, err
		}
		results, err := m.judge(modality, [][]data.View{views}, first)
		if err != nil {
			return nil, err
		}
		for i, p := range results[0] {
			mean[i] += p * float64(len(views)) / float64(len(windows))
		}
	}
	return mean, ctx.Err()
}
