package vit

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/nn"
)

// noise draws all parameters, biases and norms too.
type noise struct{ nn.Random }

func (n noise) Fill(values []float32, name string, shape []int, _ nn.Init) error {
	return n.Random.Fill(values, name, shape, nn.TruncatedNormal(0.4, 2))
}

func read(t *testing.T, x *engine.Tensor) []float64 {
	t.Helper()
	require.NotNil(t, x)
	values, err := engine.Read[float64](x)
	require.NoError(t, err)
	return values
}

// A block that computes only class tokens gives them what any block does, with the same gradients, and shows the same attention.
func TestClassOnly(t *testing.T) {
	for _, keyBias := range []bool{false, true} {
		for _, batch := range []int{1, 4} {
			b := cpu.New()
			values := make([]float64, batch*5*12)
			for i := range values {
				values[i] = math.Sin(float64(7 * i))
			}
			var results [][]float64
			for _, only := range []bool{false, true} {
				s := nn.NewScope(b, engine.Float64, noise{nn.Random{Seed: 3}})
				block := NewBlock(s, BlockConfig{Dim: 12, Heads: 3, MLPRatio: 2, KeyBias: keyBias, ClassOnly: only}, nil)
				require.NoError(t, s.Err())
				tape := ag.NewTape(b)
				var looks []float64
				tape.Attended = func(p *ag.Value) {
					require.Equal(t, []int{batch, 3, map[bool]int{false: 5, true: 1}[only], 5}, p.Shape())
					looks = read(t, ag.Slice(p, 2, 0, 1).Data())
				}
				x := tape.Input(engine.FromSlice(b, engine.Float64, values, batch, 5, 12))
				y := ClassTokens(block.Forward(x))
				results = append(results, read(t, y.Data()), looks)
				tape.Backward(ag.Sum(ag.Mul(y, ag.Mul(y, y))))
				results = append(results, read(t, x.Grad()))
				for _, p := range s.Params() {
					results = append(results, read(t, p.Grad()))
				}
				tape.Close()
			}
			n := len(results) / 2
			for i, want := range results[:n] {
				require.Len(t, results[n+i], len(want))
				require.InDeltaSlice(t, want, results[n+i], 1e-9, "result %d, bias of keys %v", i, keyBias)
			}
		}
	}
}

// The last block of an encoder of frames, and no other, computes only class tokens: inference packs all its products but that of the
// weight whose parts it reads.
func TestLastBlockIsClassOnly(t *testing.T) {
	c := Config{ImageSize: 8, Frames: 2, PatchSize: 4, Tubelet: 1, Dim: 12, Depth: 3, Heads: 3, MLPRatio: 2}
	s := nn.NewInferenceScope(cpu.New(), nn.Random{Seed: 1}, engine.Full)
	for i, block := range NewFrameEncoder(s, c, nn.FanInUniform).Blocks {
		require.Equal(t, i == 2, block.classOnly)
	}
	for _, p := range s.Params() {
		if p.Name == "blocks.2.attn.qkv.weight" {
			require.False(t, p.Linear)
		} else if p.Name == "blocks.1.attn.qkv.weight" || p.Name == "blocks.2.mlp.fc1.weight" {
			require.True(t, p.Linear, p.Name)
		}
	}
}
