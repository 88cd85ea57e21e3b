package autograd_test

import (
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/gradcheck"
)

// TestSameBits computes every op with one thread, two and three: forward and gradients have the same bits. A short
// run takes two numbers of threads.
func TestSameBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	numbers := []int{1, 2, 3}
	if testing.Short() {
		numbers = []int{1, 3}
	}
	for _, c := range append(gradcheck.Ops(), large()...) {
		var want [][]uint32
		for _, threads := range numbers {
			runtime.GOMAXPROCS(threads)
			tensors, err := gradcheck.Gradients(c, onCPU)
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

// TestEveryOpIsLarge requires each op of the table among the large cases too, where its work is split among threads.
func TestEveryOpIsLarge(t *testing.T) {
	tested := map[string]bool{
		"Custom": true, "Reshape": true, "Rounded": true, "Widened": true, "LayerNormRounded": true, // nothing more in float32
		"AttentionComposed": true, "Attend": true, "Mean": true, // are made of others
		"GroupedLinear": true, "GroupedLinearGELU": true, "Route": true, "RouteGroups": true, "Chosen": true, "Gates": true, "Dispatch": true, "Combine": true, // mixture
	}
	for _, c := range large() {
		name, _, _ := strings.Cut(c.Name, "/")
		tested[name] = true
	}
	for _, c := range gradcheck.Ops() {
		name, _, _ := strings.Cut(c.Name, "/")
		require.True(t, tested[name], name)
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
	experts := [][]int{s(301, 65), s(301, 4), s(65, 65), s(65, 65), s(65, 65), s(65, 65), s(65), s(65), s(65), s(65)}
	return []gradcheck.Case{
		one("Add", func(in []*ag.Value) *ag.Value { return ag.Add(in[0], in[1]) }, s(5, 103, 131), s(103, 1)),
		one("Mul", func(in []*ag.Value) *ag.Value { return ag.Mul(in[0], in[1]) }, s(511, 131), s(131)),
		one("Sub", func(in []*ag.Value) *ag.Value { return ag.Sub(in[0], in[1]) }, s(511, 131), s(511, 1)),
		one("Div", func(in []*ag.Value) *ag.Value { return ag.Div(in[0], in[1]) }, s(511, 131), s(511, 1)),
		one("Scale", func(in []*ag.Value) *ag.Value { return ag.Scale(in[0], 0.3) }, s(70001)),
		one("Softplus", func(in []*ag.Value) *ag.Value { return ag.Softplus(in[0]) }, s(70001)),
		one("NormalCDF", func(in []*ag.Value) *ag.Value { return ag.NormalCDF(in[0]) }, s(70001)),
		one("GELU", func(in []*ag.Value) *ag.Value { return ag.GELU(in[0]) }, s(70001)),
		one("Softmax", func(in []*ag.Value) *ag.Value { return ag.Softmax(in[0]) }, s(601, 101)),
		one("LogSoftmax", func(in []*ag.Value) *ag.Value { return ag.LogSoftmax(in[0]) }, s(601, 101)),
		one("LayerNorm", func(in []*ag.Value) *ag.Value { return ag.LayerNorm(in[0], in[1], in[2], 1e-6) }, s(601, 131), s(131), s(131)),
		one("Linear", func(in []*ag.Value) *ag.Value { return ag.Linear(in[0], in[1], in[2]) }, s(3, 67, 129), s(203, 129), s(203)),
		one("Linear/rows", func(in []*ag.Value) *ag.Value { return ag.Linear(in[0], in[1], in[2]) }, s(3301, 37), s(203, 37), s(203)),
		one("LinearAdd", func(in []*ag.Value) *ag.Value { return ag.LinearAdd(in[0], in[1], in[2], in[3]) },
			s(201, 129), s(203, 129), s(203), s(201, 203)),
		one("LinearAddLast", func(in []*ag.Value) *ag.Value { return ag.LinearAddLast(in[0], in[1], in[2], in[3]) },
			s(3, 67, 129), s(203, 129), s(203), s(3, 70, 203)),
		one("LinearLast", func(in []*ag.Value) *ag.Value { return ag.LinearLast(in[0], in[1], in[2], 70) },
			s(3, 67, 129), s(203, 129), s(203)),
		one("LinearGELU", func(in []*ag.Value) *ag.Value { return ag.LinearGELU(in[0], in[1], in[2]) }, s(201, 129), s(203, 129), s(203)),
		one("MatMul", func(in []*ag.Value) *ag.Value { return ag.MatMul(in[0], in[1], true, false) }, s(150, 201), s(150, 99)),
		one("MatMul/batched", func(in []*ag.Value) *ag.Value { return ag.MatMul(in[0], in[1], false, true) }, s(7, 65, 33), s(7, 41, 33)),
		one("Attention", func(in []*ag.Value) *ag.Value { return ag.Attention(in[0], 3) }, s(3, 261, 3*3*16)),
		one("Attention/head", func(in []*ag.Value) *ag.Value { return ag.Attention(in[0], 1) }, s(1, 401, 3*20)),
		one("Mean", func(in []*ag.Value) *ag.Value { return ag.Mean(in[0]) }, s(70001)),
		one("MeanAxis", func(in []*ag.Value) *ag.Value { return ag.MeanAxis(in[0], 1) }, s(7, 103, 131)),
		one("Sum", func(in []*ag.Value) *ag.Value { return ag.Sum(in[0]) }, s(70001)),
		one("SumAxis", func(in []*ag.Value) *ag.Value { return ag.SumAxis(in[0], 0) }, s(103, 7, 131)),
		one("MSE", func(in []*ag.Value) *ag.Value { return ag.MSE(in[0], constantLike(in[0], 7, 103, 131)) }, s(7, 103, 131)),
		one("CrossEntropy", func(in []*ag.Value) *ag.Value { return ag.CrossEntropy(in[0], constantLike(in[0], 601, 101)) }, s(601, 101)),
		one("Concat", func(in []*ag.Value) *ag.Value { return ag.Concat(1, in...) }, s(7, 103, 43), s(7, 108, 43)),
		one("Gather", func(in []*ag.Value) *ag.Value { return gatherMany(in[0], 401) }, s(401, 131)),
		one("Dropout", func(in []*ag.Value) *ag.Value { return ag.Dropout(in[0], 0.3, &engine.Key{Seed: 1}) }, s(511, 131)),
		one("DropPath", func(in []*ag.Value) *ag.Value { return ag.DropPath(in[0], 0.3, &engine.Key{Seed: 1}) }, s(511, 131)),
		one("Normal", func(in []*ag.Value) *ag.Value {
			return ag.Mul(in[0], in[0].Tape().Normal(engine.Float32, engine.Key{Seed: 2}, 511, 131))
		}, s(511, 131)),
		one("Patchify", func(in []*ag.Value) *ag.Value {
			return ag.Patchify(in[0], engine.Float32, engine.PatchifyArgs{Tubelet: 2, Patch: 8, Std: [3]float32{1, 2, 3}})
		}, s(3, 3, 4, 40, 56)),
		one("Permute", func(in []*ag.Value) *ag.Value { return ag.Permute(in[0], 2, 0, 1) }, s(51, 31, 43)),
		one("Slice", func(in []*ag.Value) *ag.Value { return ag.Slice(in[0], 1, 3, 200) }, s(7, 211, 43)),
		one("Convolve", func(in []*ag.Value) *ag.Value { return ag.Convolve(in[0], in[1], in[2], cube) }, s(2, 5, 13, 11, 17), s(19, 27*17), s(19)),
		one("DepthwiseConvolve", func(in []*ag.Value) *ag.Value { return ag.DepthwiseConvolve(in[0], in[1], in[2], cube) },
			s(2, 5, 13, 11, 131), s(3, 3, 3, 131), s(131)),
		one("DilatedConvolve", func(in []*ag.Value) *ag.Value {
			return ag.DilatedConvolve(in[0], in[1], in[2], in[3], ag.Dilation{Window: cube, Modulated: true})
		}, s(2, 3, 7, 11, 71), s(2, 3, 7, 11, 30), s(19, 27*71), s(19)),
		one("MaxPool", func(in []*ag.Value) *ag.Value { return ag.MaxPool(in[0], cube) }, s(2, 5, 13, 11, 131)),
		one("AveragePool", func(in []*ag.Value) *ag.Value { return ag.AveragePool(in[0], cube) }, s(2, 5, 13, 11, 131)),
		one("PReLU", func(in []*ag.Value) *ag.Value { return ag.PReLU(in[0], in[1]) }, s(511, 131), s(131)),
		one("Sample", func(in []*ag.Value) *ag.Value { return ag.Sample(in[0], in[1], in[2], engine.Window{}) },
			s(2, 3, 5, 7, 201), s(2, 601, 3), s(2, 601)),
		one("ReLU", func(in []*ag.Value) *ag.Value { return ag.ReLU(in[0]) }, s(70001)),
		one("ELU", func(in []*ag.Value) *ag.Value { return ag.ELU(in[0]) }, s(70001)),
		one("Sigmoid", func(in []*ag.Value) *ag.Value { return ag.Sigmoid(in[0]) }, s(70001)),
		one("Rsqrt", func(in []*ag.Value) *ag.Value { return ag.Rsqrt(ag.Add(ag.Mul(in[0], in[0]), in[1])) }, s(70001), s()),
		one("mixture", mixture(ag.GroupedLinear), experts...),
		one("mixture/best scores first", func(in []*ag.Value) *ag.Value {
			r := ag.Route(in[1], 2, 100, ag.ByScore)
			return ag.Combine(ag.Dispatch(in[0], r), ag.Gates(in[1], r), r)
		}, s(601, 65), s(601, 4)),
		one("mixture GELU", mixture(ag.GroupedLinearGELU), experts...),
	}
}

// gatherMany gathers rows of n, many of them several times, in both directions.
func gatherMany(x *ag.Value, n int) *ag.Value {
	index := make([]int32, 3*n)
	for i := range index {
		index[i] = int32(i * i % n)
	}
	r := x.Tape().Rows(index, n)
	return ag.Gather(ag.Gather(x, r), r.Transposed())
}

// mixture sends tokens to four experts and back.
func mixture(layer func(x *ag.Value, weights, biases []*ag.Value, r *ag.Routing) *ag.Value) func(in []*ag.Value) *ag.Value {
	return func(in []*ag.Value) *ag.Value {
		r := ag.Route(in[1], 2, 150, ag.ByToken)
		slots := layer(ag.Dispatch(in[0], r), in[2:6], in[6:], r)
		return ag.Combine(slots, ag.Gates(in[1], r), r)
	}
}
