package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

// A window has a site wherever its kernel fits into the padded input, and is pointwise only if each site sees the position of its number.
func TestWindow(t *testing.T) {
	one, in := [3]int{1, 1, 1}, [3]int{5, 8, 11}
	for _, c := range []struct {
		window engine.Window
		taps   int
		sites  [3]int
		same   bool
	}{
		{engine.Window{Kernel: one, Stride: one}, 1, in, true},
		{engine.Window{Kernel: one, Stride: [3]int{1, 1, 2}}, 1, [3]int{5, 8, 6}, false},
		{engine.Window{Kernel: one, Stride: [3]int{3, 1, 1}}, 1, [3]int{2, 8, 11}, false},
		{engine.Window{Kernel: one, Stride: one, Pad: [3]int{0, 1, 0}}, 1, [3]int{5, 10, 11}, false},
		{engine.Window{Kernel: [3]int{1, 2, 1}, Stride: one}, 2, [3]int{5, 7, 11}, false},
		{engine.Window{Kernel: [3]int{3, 2, 4}, Stride: [3]int{2, 3, 1}, Pad: [3]int{1, 0, 2}}, 24, [3]int{3, 3, 12}, false},
		{engine.Window{Kernel: [3]int{5, 8, 11}, Stride: [3]int{2, 2, 2}}, 440, one, false},
		{engine.Window{Kernel: [3]int{1, 9, 1}, Stride: one}, 9, [3]int{5, 0, 11}, false},
	} {
		require.Equal(t, c.taps, c.window.Taps(), "%+v", c.window)
		require.Equal(t, c.sites, c.window.Sites(in), "%+v", c.window)
		require.Equal(t, c.same, c.window.Pointwise(), "%+v", c.window)
	}
}
