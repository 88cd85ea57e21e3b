package autograd

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
)

// TestNothingIsRecorded looks inside the tape: without an operand that needs a gradient no op leaves a closure.
func TestNothingIsRecorded(t *testing.T) {
	b := cpu.New()
	matrix := func() *engine.Tensor { return engine.Zeros(b, engine.Float32, 4, 12) }
	w, gamma := Param(engine.Zeros(b, engine.Float32, 12, 12)), Param(engine.Zeros(b, engine.Float32, 12))
	ops := func(x *Value, parameters bool) {
		y := LayerNorm(x, x.tape.Const(engine.Zeros(b, engine.Float32, 12)), x.tape.Const(engine.Zeros(b, engine.Float32, 12)), 1e-6)
		y = GELU(Add(Mul(y, x), Sub(x, y)))
		y = Attention(Reshape(y, 1, 4, 12), 2)
		r := Route(Reshape(y, 4, 4), 2, 3, ByToken)
		Combine(Dispatch(x, r), Gates(Reshape(y, 4, 4), r), r)
		CrossEntropy(Softmax(x), LogSoftmax(x))
		if parameters {
			LayerNorm(Linear(x, w, gamma), gamma, gamma, 1e-6)
		}
	}
	recording, inference := NewTape(b), NewInferenceTape(b, engine.Full)
	ops(recording.Const(matrix()), false)
	require.Empty(t, recording.nodes, "constants on a recording tape")
	ops(inference.Input(matrix()), true)
	require.Empty(t, inference.nodes, "inputs and parameters on an inference tape")
	ops(recording.Const(matrix()), true)
	require.Len(t, recording.nodes, 2, "only what a parameter goes into")
	ops(recording.Input(matrix()), false)
	require.Greater(t, len(recording.nodes), 12)
	recording.Close()
	inference.Close()
}

// TestNeedsGrad follows the need through ops.
func TestNeedsGrad(t *testing.T) {
	b := cpu.New()
	vector := func() *engine.Tensor { return engine.Zeros(b, engine.Float64, 3) }
	w := Param(vector())
	tape := NewTape(b)
	defer tape.Close()
	c, x := tape.Const(vector()), tape.Input(vector())
	require.False(t, Add(c, c).NeedsGrad())
	require.True(t, Add(c, x).NeedsGrad())
	require.True(t, Scale(Add(w, c), 2).NeedsGrad())
	require.Same(t, tape, Add(w, c).Tape())
	inference := NewInferenceTape(b, engine.Full)
	defer inference.Close()
	require.False(t, inference.Input(vector()).NeedsGrad())
	require.False(t, Add(w, inference.Const(vector())).NeedsGrad())
}

// TestFrozenLayerRecordsNothing runs layers all of whose inputs and parameters are constant, and one that has more.
func TestFrozenLayerRecordsNothing(t *testing.T) {
	b := cpu.New()
	vector := func() *engine.Tensor { return engine.Zeros(b, engine.Float64, 3) }
	frozen, trained := Param(vector()), Param(vector())
	frozen.Freeze()
	layer := func(w *Value) func(in []*Value) []*Value {
		return func(in []*Value) []*Value {
			y := GELU(Mul(in[0], w))
			return []*Value{Add(in[0].Tape().Layer([]*Value{y}, func(in []*Value) []*Value { return []*Value{Mul(in[0], w)} })[0], in[0])}
		}
	}
	for _, recompute := range []bool{false, true} {
		tape := NewTape(b)
		tape.Recompute = recompute
		out := tape.Layer([]*Value{tape.Const(vector())}, layer(frozen))
		require.Empty(t, tape.nodes, "recompute %v", recompute)
		require.False(t, out[0].NeedsGrad())
		out = tape.Layer(out, layer(trained))
		require.True(t, out[0].NeedsGrad())
		want := 4
		if recompute {
			want = 1
		}
		require.Len(t, tape.nodes, want)
		require.Equal(t, recording, tape.mode)
		tape.Close()
	}
}
