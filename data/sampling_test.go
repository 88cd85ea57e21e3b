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
	require.NotEmpty(t, golden.Test)
	for _, c := range golden.Test {
		require.Equal(t, c.want, TestWindows(c.n, c.frames, c.stride), "%+v", c)
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
