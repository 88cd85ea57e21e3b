package autograd_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/internal/golden"
)

// goldenCase is an op with its settings, as testdata/golden/ops_reference.py computed it.
type goldenCase struct {
	Name, Op            string
	Kernel, Stride, Pad [3]int
	Stretch             string
	Modulated           bool
	Depthwise           bool
}

var stretches = map[string]ag.Stretch{"per axis": ag.PerAxis, "time and space": ag.TimeAndSpace, "rows and columns": ag.RowsAndColumns,
	"space": ag.Space}

// TestOpsGolden compares results and all gradients with PyTorch's, on every set of kernels.
func TestOpsGolden(t *testing.T) {
	var all []goldenCase
	require.NoError(t, json.Unmarshal([]byte(golden.Open(t, "ops.safetensors").Metadata()["cases"]), &all))
	ops := map[string]int{}
	golden.EachKernels(t, func(t *testing.T) {
		f := golden.Open(t, "ops.safetensors")
		for _, c := range all {
			ops[c.Op]++
			c.check(t, f)
		}
	})
	require.Len(t, ops, 11)
}

func (c goldenCase) check(t *testing.T, f golden.File) {
	b := cpu.New()
	tape := ag.NewTape(b)
	defer tape.Close()
	in := map[string]*ag.Value{}
	for _, name := range f.Names() {
		key := strings.TrimPrefix(name, c.Name+".")
		if key != name && key != "up" && key != "out" && !strings.HasPrefix(key, "grad.") {
			in[key] = tape.Input(f.Tensor(b, name))
		}
	}
	out := c.run(t, in)
	f.Check(c.Name+".out", out.Data(), golden.Activation)
	tape.Backward(ag.Sum(ag.Mul(out, tape.Const(f.Tensor(b, c.Name+".up")))))
	for key, x := range in {
		f.Check(c.Name+".grad."+key, x.Grad(), golden.Gradient)
	}
	require.NotEmpty(t, in)
}

func (c goldenCase) run(t *testing.T, in map[string]*ag.Value) *ag.Value {
	x, w := in["x"], engine.Window{Kernel: c.Kernel, Stride: c.Stride, Pad: c.Pad}
	switch c.Op {
	case "Convolve":
		return ag.Convolve(x, in["weight"], in["bias"], w)
	case "DepthwiseConvolve":
		return ag.DepthwiseConvolve(x, in["weight"], in["bias"], w)
	case "DilatedConvolve":
		stretch, known := stretches[c.Stretch]
		require.True(t, known, c.Name)
		predicted := ag.Convolve(x, in["predictor"], in["predictor_bias"], w)
		d := ag.Dilation{Window: w, Stretch: stretch, Modulated: c.Modulated, Depthwise: c.Depthwise}
		return ag.DilatedConvolve(x, predicted, in["weight"], in["bias"], d)
	case "MaxPool":
		return ag.MaxPool(x, w)
	case "AveragePool":
		return ag.AveragePool(x, w)
	case "Sample":
		return ag.Sample(x, in["at"], in["factor"], engine.Window{})
	case "PReLU":
		return ag.PReLU(x, in["slope"])
	}
	f, known := map[string]func(*ag.Value) *ag.Value{"ELU": ag.ELU, "Sigmoid": ag.Sigmoid, "ReLU": ag.ReLU, "Rsqrt": ag.Rsqrt}[c.Op]
	require.True(t, known, c.Op)
	return f(x)
}
