package s4d_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/moae"
	"mien/nn"
	"mien/s4d"
)

// TestPrecisionOfLogits bounds the relative rounding error in the logits of a ViT-B with random weights.
func TestPrecisionOfLogits(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a model of 86 million parameters three times")
	}
	want := baseLogits(t, engine.Full)
	for p, tolerance := range map[engine.Precision]float64{engine.BF16: 1e-2, engine.Int8: 5e-2} {
		var difference, size float64
		for i, v := range baseLogits(t, p) {
			difference += (v - want[i]) * (v - want[i])
			size += want[i] * want[i]
		}
		relative := math.Sqrt(difference / size)
		t.Logf("%s: %.2g", p, relative)
		require.Less(t, relative, tolerance, p)
		require.Positive(t, relative)
	}
}

func baseLogits(t *testing.T, p engine.Precision) []float64 {
	r, _ := s4d.System.Presets[0].Of("base")
	c, err := s4d.FromRecipe(r)
	require.NoError(t, err)
	c.MoAEBlocks = nil
	b := cpu.New()
	scope := nn.NewInferenceScope(b, nn.Random{Seed: 1}, p)
	net := s4d.New(scope, c)
	require.NoError(t, scope.Err())
	tape := ag.NewInferenceTape(b, p)
	defer tape.Close()
	pixels := make([]float32, 3*160*160)
	for i := range pixels {
		pixels[i] = 0.5 + float32(math.Sin(float64(i*i%1009)))/2
	}
	x := tape.Const(engine.FromSlice(b, engine.Float32, pixels, 1, 3, 1, 160, 160))
	logits, err := engine.Read[float64](net.Forward(x, data.Image, moae.Pass{}).Logits.Data())
	require.NoError(t, err)
	return logits
}
