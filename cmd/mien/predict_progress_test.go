package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// How many frames there will be, as far as the file says.
func TestExpectedFrames(t *testing.T) {
	of := data.FrameInfo{Frames: 300, Duration: 10}
	for _, c := range []struct {
		of   data.FrameInfo
		s    data.Selection
		want int
	}{
		{of, data.Selection{}, 300},
		{of, data.Selection{Every: 7}, 43},
		{of, data.Selection{FPS: 5}, 50},
		{of, data.Selection{FPS: 60}, 300},
		{of, data.Selection{Start: 4}, 180},
		{of, data.Selection{End: 4}, 120},
		{of, data.Selection{Start: 20}, 0},
		{of, data.Selection{Start: 2, End: 8, FPS: 2}, 12},
		{data.FrameInfo{}, data.Selection{FPS: 5}, 0},
		{data.FrameInfo{Frames: 9}, data.Selection{Every: 2}, 5},
	} {
		require.Equal(t, c.want, frames(c.of, c.s), "%+v", c.s)
	}
}
