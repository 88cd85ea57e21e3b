package mobilefacenet

import (
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/nn"
)

// Numbers that grow evenly along rows and columns still do so, from corner to corner, and frames and channels keep their places. Bytes and
// floats are the same pixels.
func TestFrames(t *testing.T) {
	const side, batch, count = 40, 2, 3
	b := cpu.New()
	f := NewFrames(nn.NewScope(b, engine.Float32, nil), side, Side)
	value := func(frame, y, x float64, c int) float64 { return 3*x + 2*y + 5*frame + float64(10*c) } // at most 240
	bytes, floats := make([]uint8, batch*count*side*side*3), make([]float32, batch*3*count*side*side)
	for i := range bytes {
		c, x, y, frame := i%3, i/3%side, i/3/side%side, i/3/side/side
		v := value(float64(frame), float64(y), float64(x), c)
		bytes[i] = uint8(v)
		floats[((((frame/count)*3+c)*count+frame%count)*side+y)*side+x] = float32(v / 255)
	}
	tape := ag.NewTape(b)
	defer tape.Close()
	for _, pixels := range []*engine.Tensor{engine.FromSlice(b, engine.Uint8, bytes, batch, count, side, side, 3),
		engine.FromSlice(b, engine.Float32, floats, batch, 3, count, side, side)} {
		out := f.Forward(tape.Const(pixels))
		require.Equal(t, []int{batch * count, Side, Side, 3}, out.Shape())
		values, err := engine.Read[float64](out.Data())
		require.NoError(t, err)
		for i, got := range values {
			c, x, y, frame := i%3, i/3%Side, i/3/Side%Side, i/3/Side/Side
			scale := float64(side-1) / (Side - 1)
			v := value(float64(frame), float64(y)*scale, float64(x)*scale, c) / 255
			if want := (v - float64(data.Mean[c])) / float64(data.Std[c]); got-want > 1e-5 || want-got > 1e-5 {
				require.InDelta(t, want, got, 1e-5, "frame %d, row %d, column %d, channel %d", frame, y, x, c)
			}
		}
	}
}

// Images of the network's own size stay as they are, and one pixel fills all.
func TestCorners(t *testing.T) {
	require.Equal(t, []float32{1, 0, 0, 0, 1, 0, 0, 0, 1}, corners(3, 3))
	require.Equal(t, []float32{1, 0, 0.5, 0.5, 0, 1}, corners(2, 3))
	require.Equal(t, []float32{1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1}, corners(5, 3))
	require.InDeltaSlice(t, []float32{1, 0, 0, 1. / 3, 2. / 3, 0, 0, 2. / 3, 1. / 3, 0, 0, 1}, corners(3, 4), 1e-6)
	require.Equal(t, []float32{1, 1, 1}, corners(1, 3))
}
