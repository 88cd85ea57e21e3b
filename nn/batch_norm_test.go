package nn_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/internal/golden"
	"mien/nn"
)

var batchNormWindow = engine.Window{Kernel: [3]int{2, 1, 3}, Stride: [3]int{2, 1, 1}, Pad: [3]int{1, 0, 1}}

// Three batches in training, and then inference by the running statistics, are PyTorch's: alone, and folded into the convolution before.
func TestBatchNormGolden(t *testing.T) {
	golden.EachKernels(t, func(t *testing.T) {
		f, b := golden.Open(t, "ops.safetensors"), cpu.New()
		n := nn.NewBatchNorm(nn.NewScope(b, engine.Float32, nn.Random{}), 6)
		weight, _ := f.Values("BatchNorm.weight")
		bias, _ := f.Values("BatchNorm.bias")
		engine.Write(n.Weight.Data(), weight)
		engine.Write(n.Bias.Data(), bias)
		for i := range 3 {
			at := func(name string) string { return fmt.Sprintf("BatchNorm.%d.%s", i, name) }
			tape := ag.NewTape(b)
			x := tape.Input(f.Tensor(b, at("x")))
			n.Train(ag.Scale(x, 2)) // a layer that is recomputed runs twice, and the last run counts
			out := n.Train(x)
			f.Check(at("out"), out.Data(), golden.Activation)
			tape.Backward(ag.Sum(ag.Mul(out, tape.Const(f.Tensor(b, at("up"))))))
			n.Update()
			n.Update() // nothing new
			for name, got := range map[string]*engine.Tensor{"grad_x": x.Grad(), "grad_weight": n.Weight.Grad(), "grad_bias": n.Bias.Grad(),
				"running_mean": n.Mean.Data(), "running_var": n.Variance.Data()} {
				f.Check(at(name), got, golden.Gradient)
			}
			require.False(t, n.Mean.NeedsGrad() || n.Variance.NeedsGrad())
			n.Weight.ZeroGrad()
			n.Bias.ZeroGrad()
			tape.Close()
		}
		tape := ag.NewInferenceTape(b, engine.Full)
		defer tape.Close()
		f.Check("BatchNorm.folded.out", n.Forward(tape.Const(f.Tensor(b, "BatchNorm.folded.convolved"))).Data(), golden.Activation)

		w, shape := f.Values("BatchNorm.folded.weight")
		values := func(v *ag.Value) (values []float32) {
			values = make([]float32, 6)
			require.NoError(t, engine.ReadInto(v.Data(), values))
			return values
		}
		c, _ := f.Values("BatchNorm.folded.bias")
		w, c = nn.FoldBatchNorm(w, c, weight, bias, values(n.Mean), values(n.Variance), 1e-5)
		kernel := tape.Const(engine.FromSlice(b, engine.Float32, w, shape...)) // [out, in, time, rows, columns]
		last := ag.Permute(kernel, 0, 2, 3, 4, 1)
		y := ag.Convolve(tape.Const(f.Tensor(b, "BatchNorm.folded.x")), last, tape.Const(engine.FromSlice(b, engine.Float32, c, 6)), batchNormWindow)
		f.Check("BatchNorm.folded.out", y.Data(), golden.Activation)
	})
}

// Statistics of one row and of two: the running variance is unbiased, where there is more than one row. ε is that of PyTorch.
func TestBatchNormOfFewRows(t *testing.T) {
	b := cpu.New()
	for rows, want := range map[int]float32{1: 0.9, 2: 0.9 + 0.1*2} {
		n := nn.NewBatchNorm(nn.NewScope(b, engine.Float32, nn.Random{}), 1)
		tape := ag.NewTape(b)
		n.Train(tape.Const(engine.FromSlice(b, engine.Float32, []float32{5, 7}[:rows], rows, 1)))
		n.Update()
		variance, err := engine.Read[float32](n.Variance.Data())
		require.NoError(t, err)
		require.InDelta(t, want, variance[0], 1e-6, "%d rows", rows)
		engine.Write(n.Mean.Data(), []float32{0})
		engine.Write(n.Variance.Data(), []float32{3e-5})
		out, err := engine.Read[float32](n.Forward(tape.Const(engine.FromSlice(b, engine.Float32, []float32{2}, 1, 1))).Data())
		require.NoError(t, err)
		require.InEpsilon(t, 2/math.Sqrt(4e-5), out[0], 1e-5)
		tape.Close()
	}
}

// A batch norm folded by hand, with a bias and without one.
func TestFoldBatchNorm(t *testing.T) {
	w, b := nn.FoldBatchNorm([]float64{1, 2, 3, 4, 5, 6}, nil, []float64{2, 10}, []float64{0.5, 7}, []float64{3, -1}, []float64{3.75, 24.75}, 0.25)
	require.Equal(t, []float64{1, 2, 3, 8, 10, 12}, w)
	require.Equal(t, []float64{0.5 - 3, 7 + 2}, b)
	_, b = nn.FoldBatchNorm([]float64{1, 2, 3, 4, 5, 6}, []float64{4, 9}, []float64{2, 10}, []float64{0.5, 7}, []float64{3, -1}, []float64{3.75, 24.75}, 0.25)
	require.Equal(t, []float64{0.5 + 1, 7 + 20}, b)
}
