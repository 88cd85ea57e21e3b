package autograd_test

import (
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/gradcheck"
)

// TestSameBits computes every op with one thread, two and three: forward and gradients have the same bits.
func TestSameBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	target := gradcheck.Target{Backend: func() engine.Backend { return cpu.New() }}
	for _, c := range append(gradcheck.Ops(), large()...) {
		var want [][]uint32
		for _, threads := range []int{1, 2, 3} {
			runtime.GOMAXPROCS(threads)
			tensors, err := gradcheck.Gradients(c, target)
			require.NoError(t, err)
			got := make([][]uint32, len(tensors))
			for i, x := range tensors {
				for _, v := range x.Values {
					got[i] = append(got[i], math.Float32bits(float32(v)))
				}
			}
			if want == nil {
				want = got
			}
			require.Equal(t, want, got, "%s with %d threads", c.Name, threads)
		}
	}
}

// large are cases with enough work for several threads, of sizes that divide by nothing.
func large() []gradcheck.Case {
	one := func(name string, f func(in []*ag.Value) *ag.Value, shapes ...[]int) gradcheck.Case {
		c := gradcheck.Case{Name: name + "/threads", New: gradcheck.Stateless(func(_ *ag.Tape, in []*ag.Value) []*ag.Value {
			return []*ag.Value{f(in)}
		})}
		for _, shape := range shapes {
			c.Inputs = append(c.Inputs, gradcheck.Input{Shape: shape})
		}
		return c
	}
	s := func(shape ...int) []int { return shape }
	return []gradcheck.Case{
		one("Add", func(in []*ag.Value) *ag.Value { return ag.Add(in[0], in[1]) }, s(5, 103, 131), s(103, 1)),
		one("Mul", func(in []*ag.Value) *ag.Value { return ag.Mul(in[0], in[1]) }, s(511, 131), s(131)),
		one("GELU", func(in []*ag.Value) *ag.Value { return ag.GELU(in[0]) }, s(70001)),
		one("Softmax", func(in []*ag.Value) *ag.Value { return ag.Softmax(in[0]) }, s(601, 101)),
		one("LogSoftmax", func(in []*ag.Value) *ag.Value { return ag.LogSoftmax(in[0]) }, s(601, 101)),
		one("LayerNorm", func(in []*ag.Value) *ag.Value { return ag.LayerNorm(in[0], in[1], in[2], 1e-6) }, s(601, 131), s(131), s(131)),
		one("Linear", func(in []*ag.Value) *ag.Value { return ag.Linear(in[0], in[1], in[2]) }, s(3, 67, 129), s(203, 129), s(203)),
		one("MatMul", func(in []*ag.Value) *ag.Value { return ag.MatMul(in[0], in[1], true, false) }, s(150, 201), s(150, 99)),
		one("MatMul/batched", func(in []*ag.Value) *ag.Value { return ag.MatMul(in[0], in[1], false, true) }, s(7, 65, 33), s(7, 41, 33)),
		one("Attention", func(in []*ag.Value) *ag.Value { return ag.Attention(in[0], 3) }, s(3, 197, 3*3*16)),
		one("Attention/head", func(in []*ag.Value) *ag.Value { return ag.Attention(in[0], 1) }, s(1, 401, 3*20)),
		one("Mean", func(in []*ag.Value) *ag.Value { return ag.Mean(in[0]) }, s(70001)),
		one("MeanAxis", func(in []*ag.Value) *ag.Value { return ag.MeanAxis(in[0], 1) }, s(7, 103, 131)),
		one("Permute", func(in []*ag.Value) *ag.Value { return ag.Permute(in[0], 2, 0, 1) }, s(51, 31, 43)),
		one("Slice", func(in []*ag.Value) *ag.Value { return ag.Slice(in[0], 1, 3, 200) }, s(7, 211, 43)),
		one("mixture", mixture, s(301, 65), s(301, 4), s(65, 65), s(65, 65), s(65, 65), s(65, 65), s(65), s(65), s(65), s(65)),
	}
}

// mixture sends tokens to four experts and back.
func mixture(in []*ag.Value) *ag.Value {
	r := ag.Route(in[1], 2, 150)
	slots := ag.GroupedLinear(ag.Dispatch(in[0], r), in[2:6], in[6:], r)
	return ag.Combine(slots, ag.Gates(in[1], r), r)
}
