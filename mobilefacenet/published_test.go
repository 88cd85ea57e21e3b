package mobilefacenet

import (
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/nn"
)

// Published weights see pixels as they are, bytes or floats, of all frames.
func TestPublishedSeesPixelsAsTheyAre(t *testing.T) {
	const side, frames = 16, 3
	b := cpu.New()
	net := New(nn.NewScope(b, engine.Float32, formula{}), 8, side)
	published := NewPublished(nn.NewScope(b, engine.Float32, formula{}), 8, side)
	tape := ag.NewTape(b)
	defer tape.Close()
	bytes := make([]uint8, 2*frames*side*side*3)
	channelsLast, channelsFirst := make([]float32, len(bytes)), make([]float32, len(bytes))
	for i := range bytes {
		bytes[i] = uint8(i * i / 7)
		channelsLast[i] = float32(bytes[i]) / 255
		sample, place, c := i/(frames*side*side*3), i/3%(frames*side*side), i%3
		channelsFirst[(sample*3+c)*frames*side*side+place] = channelsLast[i]
	}
	want := net.Landmarks(net.Features(tape.Const(engine.FromSlice(b, engine.Float32, channelsLast, 2*frames, side, side, 3))))
	for _, pixels := range []*engine.Tensor{
		engine.FromSlice(b, engine.Uint8, bytes, 2, frames, side, side, 3),
		engine.FromSlice(b, engine.Float32, channelsFirst, 2, 3, frames, side, side),
	} {
		got := published.Landmarks(tape.Const(pixels))
		require.Equal(t, []int{2 * frames, Points, 2}, got.Shape())
		requireClose(t, want, got)
	}
}

func TestIsPublished(t *testing.T) {
	for name, want := range map[string]bool{"Convolution.0": true, "conv1.conv.weight": true, "conv1.weight": false, "conv1.bn.weight": false} {
		f := file{}
		of(name, 4, 3, 3, 3)(f)
		require.Equal(t, want, IsPublished(f), name)
	}
}
