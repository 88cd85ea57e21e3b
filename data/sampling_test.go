package data

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// sampleCase is a row of testdata/sampling.json: [n or end, frames, stride, indices].
type sampleCase[T any] struct {
	n, frames, stride int
	want              T
}

func (c *sampleCase[T]) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&c.n, &c.frames, &c.stride, &c.want})
}

// TestSamplingIsNumpys compares with what testdata/make_sampling.py had numpy compute.
func TestSamplingIsNumpys(t *testing.T) {
	file, err := os.ReadFile("testdata/sampling.json")
	require.NoError(t, err)
	var golden struct {
		Whole, Window []sampleCase[[]int]
		Pretrain      [][]json.RawMessage // n, frames, stride, first, indices
		Test          []sampleCase[[][]int]
	}
	require.NoError(t, json.Unmarshal(file, &golden))
	require.NotEmpty(t, golden.Whole)
	for _, c := range golden.Whole {
		require.Equal(t, c.want, TrainIndices(c.n, c.frames, c.stride, nil), "%+v", c)
	}
	require.NotEmpty(t, golden.Window)
	for _, c := range golden.Window {
		require.Equal(t, c.want, windowTo(c.n, c.frames, c.stride), "%+v", c)
	}
	require.NotEmpty(t, golden.Pretrain)
	for _, row := range golden.Pretrain {
		var n, frames, stride, first int
		var want []int
		for i, v := range []any{&n, &frames, &stride, &first, &want} {
			require.NoError(t, json.Unmarshal(row[i], v))
		}
		require.Equal(t, want, windowFrom(first, n, stride).Indices(frames), "%s", row)
	}
	require.NotEmpty(t, golden.Test)
	for _, c := range golden.Test {
		windows := Windows(c.n, c.frames, c.stride, 2)
		require.Equal(t, c.want, [][]int{windows[0].Indices(c.frames), windows[1].Indices(c.frames)}, "%+v", c)
	}
}

// Over many draws from a video of 70 frames, every end from 64 to 69 comes up and nothing else.
func TestTrainIndicesDrawsEveryWindow(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	starts := map[int]bool{}
	for range 500 {
		indices := TrainIndices(70, 16, 4, rng)
		require.Len(t, indices, 16)
		require.True(t, slices.IsSorted(indices))
		require.Equal(t, indices[0]+63, indices[15])
		starts[indices[0]] = true
	}
	require.Equal(t, map[int]bool{0: true, 1: true, 2: true, 3: true, 4: true, 5: true}, starts)
}

// In pre-training every start from 0 to n − 64 comes up, and frames are exactly 4 apart; a video that is not longer begins with its
// first frame.
func TestPretrainIndicesDrawsEveryWindow(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	starts := map[int]bool{}
	for range 500 {
		indices := PretrainIndices(70, 16, 4, rng)
		require.Equal(t, Window{indices[0], indices[0] + 60, 4}.Indices(16), indices)
		starts[indices[0]] = true
	}
	require.Equal(t, map[int]bool{0: true, 1: true, 2: true, 3: true, 4: true, 5: true, 6: true}, starts)
	require.Equal(t, []int{0, 4, 8, 8, 8}, PretrainIndices(11, 5, 4, rng))
	for range 20 {
		require.Zero(t, PretrainIndices(64, 16, 4, rng)[0])
	}
}

// The least number of windows that covers a video leaves out none of its sampled frames, and one fewer would.
func TestCoveringWindowsHoldEveryFrame(t *testing.T) {
	for n := 1; n < 90; n++ {
		for _, frames := range []int{1, 4, 16} {
			for _, stride := range []int{1, 3, 4} {
				count := Covering(n, frames, stride)
				seen := map[int]bool{}
				for _, w := range Windows(n, frames, stride, count) {
					for _, i := range w.Indices(frames) {
						require.Less(t, i, n)
						seen[i] = true
					}
				}
				sampled := (n-1)/stride + 1
				require.Len(t, seen, sampled, "%d frames, %d of them by %d", n, frames, stride)
				require.True(t, seen[(sampled-1)*stride])
				require.Less(t, (count-1)*frames, sampled)
			}
		}
	}
}

// Windows are spread from end to end; a single one is in the middle.
func TestWindowsAreSpread(t *testing.T) {
	for _, c := range []struct {
		n, count int
		want     []Window
	}{
		{72, 1, []Window{{4, 64, 4}}},
		{68, 1, []Window{{0, 60, 4}}},
		{72, 2, []Window{{0, 60, 4}, {8, 68, 4}}},
		{72, 3, []Window{{0, 60, 4}, {4, 64, 4}, {8, 68, 4}}},
		{200, 3, []Window{{0, 60, 4}, {68, 128, 4}, {136, 196, 4}}},
		{9, 2, []Window{{0, 8, 4}, {0, 8, 4}}},
	} {
		require.Equal(t, c.want, Windows(c.n, 16, 4, c.count))
	}
	require.Equal(t, 3, Starts(72, 16, 4))
	require.Equal(t, 1, Starts(9, 16, 4))
	require.Equal(t, []int{0, 4, 8, 8, 8}, Window{0, 8, 4}.Indices(5))
}
