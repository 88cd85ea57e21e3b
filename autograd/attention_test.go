package autograd_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
)

// TestAttentionIsItsComposition compares the fused kernel with small ops, forward and backward.
func TestAttentionIsItsComposition(t *testing.T) {
	tolerance := map[engine.DType]float64{engine.Float32: 2e-5, engine.Float64: 1e-13}
	for _, dtype := range dtypes {
		for _, c := range []struct{ batch, tokens, heads, d int }{
			{1, 1, 1, 1}, {2, 1, 3, 4}, {3, 5, 2, 3}, {2, 17, 4, 8}, {1, 127, 1, 16}, {1, 128, 2, 8}, {2, 129, 1, 5}, {1, 300, 2, 7},
			{2, 48, 2, 64}, {1, 49, 1, 65}, {1, 255, 1, 16}, {1, 256, 2, 5}, {1, 257, 1, 33}, {1, 513, 1, 3},
		} {
			fused := attend(t, dtype, c.batch, c.tokens, 3*c.heads*c.d, func(x *ag.Value) *ag.Value { return ag.Attention(x, c.heads) })
			composed := attend(t, dtype, c.batch, c.tokens, 3*c.heads*c.d, func(x *ag.Value) *ag.Value {
				out, p := ag.AttentionComposed(x, c.heads)
				require.Equal(t, []int{c.batch, c.heads, c.tokens, c.tokens}, p.Shape())
				return out
			})
			for i, what := range []string{"output", "gradient"} {
				require.InDeltaSlice(t, composed[i], fused[i], tolerance[dtype], "%s of %+v in %v", what, c, dtype)
			}
		}
	}
}

// attend returns the output and the gradient of a weighted sum of it.
func attend(t *testing.T, dtype engine.DType, batch, tokens, width int, f func(*ag.Value) *ag.Value) [2][]float64 {
	b := cpu.New()
	tape := ag.NewTape(b)
	defer tape.Close()
	x := tape.Input(fill(b, dtype, batch, tokens, width))
	y := f(x)
	require.Equal(t, []int{batch, tokens, width / 3}, y.Shape())
	tape.Backward(ag.Sum(ag.Mul(y, tape.Const(fill(b, dtype, y.Shape()...)))))
	return [2][]float64{read(t, y.Data()), read(t, x.Grad())}
}

// TestProbabilities sum to 1 and mix the values.
func TestProbabilities(t *testing.T) {
	b := cpu.New()
	tape := ag.NewInferenceTape(b, engine.Full)
	defer tape.Close()
	_, p := ag.AttentionComposed(tape.Const(fill(b, engine.Float64, 2, 7, 24)), 2)
	require.InDeltaSlice(t, repeat(1, 2*2*7), read(t, ag.SumAxis(p, 3).Data()), 1e-14)
}

// A tape that is asked for the probabilities hands out those of each attention, and computes the same result.
func TestAttended(t *testing.T) {
	b := cpu.New()
	tape := ag.NewInferenceTape(b, engine.Full)
	defer tape.Close()
	x := tape.Const(fill(b, engine.Float64, 2, 7, 24))
	plain := read(t, ag.Attention(x, 2).Data())
	var seen [][]float64
	tape.Attended = func(p *ag.Value) {
		require.Equal(t, []int{2, 2, 7, 7}, p.Shape())
		seen = append(seen, read(t, p.Data()))
	}
	require.Equal(t, plain, read(t, ag.Attention(x, 2).Data()))
	ag.Attention(ag.Scale(x, 2), 2)
	_, p := ag.AttentionComposed(x, 2)
	require.Len(t, seen, 2)
	require.Equal(t, read(t, p.Data()), seen[0])
	require.NotEqual(t, seen[0], seen[1])

	low := ag.NewInferenceTape(b, engine.BF16)
	defer low.Close()
	low.Attended = func(p *ag.Value) { seen = append(seen, read(t, p.Data())) }
	ag.Attention(ag.Rounded(low.Const(fill(b, engine.Float32, 2, 7, 24))), 2)
	require.InDeltaSlice(t, seen[0], seen[2], 2e-2, "of rounded queries and keys")
}
