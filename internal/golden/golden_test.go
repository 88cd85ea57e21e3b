package golden

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
)

func TestDifference(t *testing.T) {
	want := []float32{1, -200, 3}
	require.NoError(t, difference(want, []float32{1.0009, -200.0009, 3}, 5e-6))
	err := difference(want, []float32{1, -200, 3.002}, 5e-6)
	require.EqualError(t, err, "off by 0.002 at 2, where PyTorch has 3 and mien 3.002; largest value 200; PyTorch [1 -200 3]…, mien [1 -200 3.002]…")
	require.Error(t, difference(want, []float32{float32(math.NaN()), -200, 3}, 5e-6))
	require.Error(t, difference([]float32{float32(math.NaN())}, []float32{1}, 5e-6))
	require.Error(t, difference(want, want[:2], 5e-6))
	require.NoError(t, difference([]float32{0, 0}, []float32{0, 1e-13}, 5e-6), "a tensor of zeros is compared absolutely")
	require.Error(t, difference([]float32{0, 0}, []float32{0, 1e-9}, 5e-6))
}

// Views are what the golden models saw, before it was normalised.
func TestViews(t *testing.T) {
	f := Open(t, "mae_video.safetensors")
	values, shape := f.Values("input")
	require.Equal(t, []int{2, 3, 4, 16, 16}, shape)
	views := f.Views("input")
	require.Len(t, views, 2)
	require.Equal(t, []int{4, 16, 16, 3 * 4 * 16 * 16}, []int{views[1].T, views[1].H, views[1].W, len(views[1].Floats)})
	require.InDelta(t, values[0]*0.229+0.485, views[0].Floats[0], 1e-6)
	last := len(values) - 1
	require.InDelta(t, values[last]*0.225+0.406, views[1].Floats[len(views[1].Floats)-1], 1e-6)
	for _, v := range views[0].Floats {
		require.GreaterOrEqual(t, v, float32(-1e-6))
		require.LessOrEqual(t, v, float32(1+1e-6))
	}
	images := Open(t, "mae_image.safetensors").Views("input")
	require.Equal(t, []int{1, 16, 16}, []int{images[0].T, images[0].H, images[0].W})
	require.Equal(t, []int{1, 4}, Open(t, "s4d_image.safetensors").Labels("targets"))
}

func TestCheckRows(t *testing.T) {
	f := Open(t, "mae_image.safetensors")
	all, shape := f.Values("target")
	mask, _ := f.Values("mask")
	width := shape[2]
	var rows []float32
	for i, hidden := range mask {
		if hidden == 1 {
			rows = append(rows, all[i*width:(i+1)*width]...)
		}
	}
	b := cpu.New()
	f.CheckRows("target", mask, engine.FromSlice(b, engine.Float32, rows, 4, width), 1e-7)
}
