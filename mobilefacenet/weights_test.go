package mobilefacenet

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/nn"
)

// tensor and file are a weights file in memory.
type tensor struct {
	shape  []int
	values []float32
}

type file map[string]tensor

func (f file) Names() []string             { return slices.Sorted(maps.Keys(f)) }
func (f file) Metadata() map[string]string { return nil }

func (f file) Shape(name string) ([]int, bool) {
	t, ok := f[name]
	return t.shape, ok
}

func (f file) Read(name string, dst []float32) error {
	copy(dst, f[name].values)
	return nil
}

func (f file) add(rng *rand.Rand, least float32, name string, shape ...int) []float32 {
	t := tensor{shape, make([]float32, engine.Elements(shape))}
	for i := range t.values {
		t.values[i] = least + rng.Float32()
	}
	f[name] = t
	return t.values
}

// checkpoint is a file with the names, shapes and batch norms of the published checkpoint, made for the parameters of a network, and what
// each of these must become: the convolution and its batch norm as one, with the channels last.
func checkpoint(params []nn.Param) (f file, want map[string][]float32) {
	rng := rand.New(rand.NewPCG(4, 2))
	f, want = file{}, map[string][]float32{}
	for _, p := range params {
		layer, ok := strings.CutSuffix(p.Name, ".weight")
		if !ok {
			continue
		}
		shape, weight, norm := p.Shape(), layer+".conv.weight", layer+".bn"
		out, channels, kernel := shape[0], shape[len(shape)-1], 1
		torch := []int{out, channels}
		switch len(shape) {
		case 2:
			weight, norm = p.Name, "output_layer.bn"
		case 4:
			out, channels, kernel = channels, 1, shape[1]
			torch = []int{out, 1, kernel, kernel}
		case 5:
			kernel = shape[2]
			torch = []int{out, channels, kernel, kernel}
		}
		w := f.add(rng, -0.5, weight, torch...)
		gamma, beta := f.add(rng, -0.2, norm+".weight", out), f.add(rng, -0.3, norm+".bias", out)
		mean, variance := f.add(rng, -0.4, norm+".running_mean", out), f.add(rng, 0.1, norm+".running_var", out)
		f.add(rng, 0, norm+".num_batches_tracked")
		if slope := strings.TrimSuffix(p.Name, "weight") + "slope"; slices.ContainsFunc(params, func(p nn.Param) bool { return p.Name == slope }) {
			want[slope] = f.add(rng, 0, layer+".prelu.weight", out)
		}
		folded, bias := make([]float32, len(w)), make([]float32, out)
		for o := range out {
			factor := float64(gamma[o]) / math.Sqrt(float64(variance[o])+1e-5)
			bias[o] = float32(float64(beta[o]) - float64(mean[o])*factor)
			for c := range channels {
				for tap := range kernel * kernel {
					at := (o*kernel*kernel+tap)*channels + c
					if len(shape) == 4 {
						at = tap*out + o
					}
					folded[at] = float32(float64(w[(o*channels+c)*kernel*kernel+tap]) * factor)
				}
			}
		}
		want[p.Name], want[layer+".bias"] = folded, bias
	}
	return f, want
}

// outline are the parameters as shapes.
func outline(t *testing.T) []nn.Param {
	params, err := nn.Outline(1<<21, func(s *nn.Scope) { New(s, Width, Side) })
	require.NoError(t, err)
	return params
}

// The published checkpoint is read with its batch norms folded, and what is read can be written and read as it is.
func TestPublishedCheckpoint(t *testing.T) {
	f, want := checkpoint(outline(t))
	b := cpu.New()
	_, params := read(t, f, b)
	require.Len(t, params, len(want))
	own := file{}
	for _, p := range params {
		values, err := engine.Read[float32](p.Data())
		require.NoError(t, err)
		require.InDeltaSlice(t, want[p.Name], values, 1e-6, p.Name)
		require.False(t, p.NeedsGrad(), p.Name)
		own[p.Name] = tensor{p.Shape(), values}
	}
	_, again := read(t, own, b)
	for i, p := range again {
		values, err := engine.Read[float32](p.Data())
		require.NoError(t, err)
		require.Equal(t, own[p.Name].values, values, params[i].Name)
	}
}

// What is missing, of another shape or unknown is said by name.
func TestWeightsThatAreNone(t *testing.T) {
	try := func(change func(f file)) error {
		f, _ := checkpoint(outline(t))
		change(f)
		source, done, err := Source(f)
		if err != nil {
			return err
		}
		scope := nn.NewScope(cpu.New(), engine.Float32, source)
		New(scope, Width, Side)
		if err := scope.Err(); err != nil {
			return err
		}
		return done()
	}
	require.NoError(t, try(func(file) {}))
	for want, change := range map[string]func(f file){
		"no weights of MobileFaceNet: name its .pth.tar":                               func(f file) { delete(f, "conv1.conv.weight") },
		`weights lack "conv_4.model.3.conv_dw.conv.weight"`:                            func(f file) { delete(f, "conv_4.model.3.conv_dw.conv.weight") },
		`weights lack "conv_34.project.bn.running_var" [128]`:                          func(f file) { delete(f, "conv_34.project.bn.running_var") },
		`weights lack "conv2_dw.prelu.weight" [64]`:                                    func(f file) { delete(f, "conv2_dw.prelu.weight") },
		`weights hold "output_layer.linear.prelu", which MobileFaceNet does not have`:  func(f file) { f["output_layer.linear.prelu"] = tensor{} },
		`weights hold "output_layer.bn.bias" as [3], the model needs [136]`:            func(f file) { f["output_layer.bn.bias"] = tensor{[]int{3}, nil} },
		`weights hold "conv1.conv.weight" as [64 3 5 5], the model needs [64 3 3 3]`:   of("conv1.conv.weight", 64, 3, 5, 5),
		`weights hold "conv2_dw.conv.weight" as [64 3 3], the model needs [64 1 3 3]`:  of("conv2_dw.conv.weight", 64, 3, 3),
		`weights hold "conv_6_sep.conv.weight" as [], the model needs [512 128 1 1]`:   of("conv_6_sep.conv.weight"),
		`weights hold "output_layer.linear.weight" as [136 256], the model needs [136`: of("output_layer.linear.weight", 136, 256),
	} {
		require.ErrorContains(t, try(change), want)
	}
}

// of gives a tensor of a file another shape, and zeros.
func of(name string, shape ...int) func(f file) {
	return func(f file) { f[name] = tensor{shape, make([]float32, engine.Elements(shape))} }
}

// The network is frozen, and nothing beside it.
func TestFreezesItselfAlone(t *testing.T) {
	var before, after *ag.Value
	params, err := nn.Outline(1000, func(s *nn.Scope) {
		before = s.Param("before", nn.Ones, 2)
		New(s.Sub("net"), Width, Side)
		after = s.Param("after", nn.Ones, 3)
	})
	require.NoError(t, err)
	require.Greater(t, len(params), 100)
	for _, p := range params {
		require.Equal(t, p.Value == before || p.Value == after, p.NeedsGrad(), p.Name)
		plain := strings.HasSuffix(p.Name, ".weight") && !strings.Contains(p.Name, "_dw.") && !strings.Contains(p.Name, "output_layer.linear")
		require.Equal(t, plain, p.Linear, "inference packs %s", p.Name)
	}
}

// A file of OpenVINO is read to its end.
func TestOpenVINOIsReadWhole(t *testing.T) {
	f := openPublished(t)
	for _, name := range []string{"Convolution.17", "GroupConvolution.16", "Add.3", "PReLU.32", "MatMul.0", "Multiply.0"} {
		source, _, err := Source(without{f, name})
		require.NoError(t, err)
		scope := nn.NewScope(cpu.New(), engine.Float32, source)
		New(scope, Width, Side)
		require.ErrorContains(t, scope.Err(), fmt.Sprintf("weights lack %q", name))
	}
}

// without is a file that lacks a tensor.
type without struct {
	nn.Weights
	name string
}

func (w without) Shape(name string) ([]int, bool) {
	if name == w.name {
		return nil, false
	}
	return w.Weights.Shape(name)
}

// The width is that of the first layer, in all three forms.
func TestWidthOf(t *testing.T) {
	for name, width := range map[string]int{"Convolution.0": 5, "conv1.conv.weight": 6, "conv1.weight": 7, "other": 0} {
		require.Equal(t, width, WidthOf(file{name: {shape: []int{width, 3, 2, 2}}, "conv1.bias": {shape: []int{4}}}), name)
	}
	require.Zero(t, WidthOf(file{"conv1.weight": {}}))
}
