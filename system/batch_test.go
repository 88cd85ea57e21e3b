package system

import (
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/engine/enginetest"
)

// counted returns n consecutive numbers starting at from, as pixels.
func counted[N engine.Number](n, from int) []N {
	values := make([]N, n)
	for i := range values {
		values[i] = N(from + i)
	}
	return values
}

// Views are uploaded one by one, in order, and keep their layout.
func TestPixels(t *testing.T) {
	b := enginetest.NewCounting(cpu.New())
	tape := ag.NewTape(b)
	const n = 2 * 3 * 4 * 3
	views := []data.View{{T: 2, H: 3, W: 4, Bytes: counted[uint8](n, 0)}, {T: 2, H: 3, W: 4, Bytes: counted[uint8](n, n)}}
	batch := &Batch{Views: views}
	pixels := batch.Pixels(tape)
	require.Equal(t, engine.Uint8, pixels.Data().DType())
	require.Equal(t, []int{2, 2, 3, 4, 3}, pixels.Shape())
	require.False(t, pixels.NeedsGrad())
	require.Equal(t, enginetest.Traffic{Calls: 2, Bytes: 2 * n}, b.Uploads)
	bytes, err := engine.Read[uint8](pixels.Data())
	require.NoError(t, err)
	require.Equal(t, counted[uint8](2*n, 0), bytes)

	for i := range views {
		views[i] = data.View{T: 2, H: 3, W: 4, Floats: counted[float32](n, i*n)}
	}
	b.Reset()
	pixels = batch.Pixels(tape)
	require.Equal(t, engine.Float32, pixels.Data().DType())
	require.Equal(t, []int{2, 3, 2, 3, 4}, pixels.Shape())
	require.Equal(t, enginetest.Traffic{Calls: 2, Bytes: 4 * 2 * n}, b.Uploads)
	floats, err := engine.Read[float32](pixels.Data())
	require.NoError(t, err)
	require.Equal(t, counted[float32](2*n, 0), floats)

	tape.Close()
	require.Zero(t, b.Stats().LiveBytes, "the tape owns the pixels")
}

// A batch has either bytes or floats, and views of one size.
func TestPixelsOfAMixture(t *testing.T) {
	for _, second := range []data.View{{T: 1, H: 1, W: 2, Floats: make([]float32, 6)}, {T: 1, H: 2, W: 2, Bytes: make([]uint8, 12)}} {
		b := &Batch{Views: []data.View{{T: 1, H: 1, W: 2, Bytes: make([]uint8, 6)}, second}}
		require.Panics(t, func() { b.Pixels(ag.NewTape(cpu.New())) })
	}
}

func TestTargets(t *testing.T) {
	soft := []float32{0.05, 0.05, 0.85, 0.05, 0.85, 0.05, 0.05, 0.05}
	batch := &Batch{Views: make([]data.View, 2), Soft: soft}
	targets := batch.Targets(ag.NewTape(cpu.New()))
	require.Equal(t, []int{2, 4}, targets.Shape())
	values, err := engine.Read[float32](targets.Data())
	require.NoError(t, err)
	require.Equal(t, soft, values)
}

// Random numbers of a batch depend only on seed, purpose, epoch and step.
func TestRandomNumbers(t *testing.T) {
	at := Batch{Seed: 1, Epoch: 2, Step: 3}
	others := []Batch{{Seed: 2, Epoch: 2, Step: 3}, {Seed: 1, Epoch: 3, Step: 3}, {Seed: 1, Epoch: 2, Step: 4}, {Seed: 1, Epoch: 3, Step: 2}}
	require.Equal(t, data.Stream(1, "mask", 2, 3).Uint64(), at.Stream("mask").Uint64())
	require.Equal(t, engine.Key{Seed: 1, Stream: data.StreamID("router", 2, 3)}, at.Key("router"))
	same := Batch{Seed: 1, Epoch: 2, Step: 3, Modality: data.Video, Views: make([]data.View, 3)}
	require.Equal(t, at.Key("router"), same.Key("router"))
	require.NotEqual(t, at.Key("router"), at.Key("mask"))
	require.NotEqual(t, at.Stream("router").Uint64(), at.Stream("mask").Uint64())
	for _, other := range others {
		require.NotEqual(t, at.Key("router"), other.Key("router"))
		require.NotEqual(t, at.Stream("mask").Uint64(), other.Stream("mask").Uint64())
	}
	require.Equal(t, "video", same.String())

	keys := map[engine.Key]bool{} // the parts of a batch, which begin at other views, have noise of their own
	for _, first := range []int{0, 1, 2} {
		part := Batch{Seed: 1, Epoch: 2, Step: 3, First: first}
		keys[part.Key("router")] = true
		require.Equal(t, at.Stream("mask").Uint64(), part.Stream("mask").Uint64(), "which goes on from part to part")
	}
	require.Len(t, keys, 3)
}
