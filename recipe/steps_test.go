package recipe

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// Steps are full batches of different samples; rounded up, the last batch need not be full, and the share is one of batches.
func TestStepsOfAnEpoch(t *testing.T) {
	var r Recipe
	r.Train.ImageBatch, r.Train.VideoBatch, r.Train.VideoRepeat = 7, 12, 3
	r.Train.StaticShare, r.Train.DynamicShare = 0.5, 2
	count := func(m data.Modality, samples int) (down, up int) {
		r.Train.RoundUp = false
		down = r.Steps(m, samples)
		r.Train.RoundUp = true
		return down, r.Steps(m, samples)
	}
	for _, c := range []struct {
		m                 data.Modality
		samples, down, up int
	}{
		{data.Image, 69, 4, 5}, {data.Image, 70, 5, 5}, {data.Image, 71, 5, 5}, {data.Image, 78, 5, 6},
		{data.Video, 9, 4, 6}, {data.Video, 8, 4, 4}, {data.Video, 3, 1, 2},
	} {
		down, up := count(c.m, c.samples)
		require.Equal(t, [2]int{c.down, c.up}, [2]int{down, up}, "%d %ss", c.samples, c.m)
	}
}

// Drawn faces are beside the lists, or alone where there are none of either modality; after a warm-up on them, the lists are alone.
func TestSamplesOfAnEpoch(t *testing.T) {
	var r Recipe
	r.Data.DrawnImages, r.Data.DrawnVideos = 5, 11
	lists := map[data.Modality]int{data.Image: 100}
	require.Equal(t, 105, r.Samples(data.Image, lists))
	require.Equal(t, 11, r.Samples(data.Video, lists))
	require.Equal(t, 5, r.Samples(data.Image, nil))
	videos := map[data.Modality]int{data.Video: 30}
	require.Equal(t, []int{5, 41}, []int{r.Samples(data.Image, videos), r.Samples(data.Video, videos)})
	r.Data.ListRepeat = 3
	require.Equal(t, 305, r.Samples(data.Image, lists))
	r.Train.DrawnEpochs = 2
	require.Equal(t, 300, r.Samples(data.Image, lists))
	require.Equal(t, 0, r.Samples(data.Video, lists))
	require.Equal(t, 11, r.Samples(data.Video, nil))
	require.Equal(t, []int{0, 90}, []int{r.Samples(data.Image, videos), r.Samples(data.Video, videos)})
}
