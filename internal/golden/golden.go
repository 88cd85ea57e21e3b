// Package golden compares mien's models with PyTorch's, whose results are in testdata/golden; the README there says how they are made.
// It is for tests only.
package golden

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm"
	"mien/data"
	"mien/engine"
	"mien/nn"
	"mien/weights"
)

// Tolerances are relative to the largest value of a tensor. Activations accumulate the float32 rounding of three blocks; gradients
// that of two passes.
const (
	Activation = 5e-6
	Gradient   = 2e-5
	Loss       = 1e-5 // during ten steps of AdamW, which divides by small numbers
	Parameter  = 1e-4 // after them: a gradient near 0 still moves a parameter by up to the learning rate
)

// Path returns where a golden file is, from whatever package is being tested.
func Path(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "testdata", "golden", name)
		}
		above := filepath.Dir(dir)
		require.NotEqual(t, dir, above, "no go.mod above the test")
		dir = above
	}
}

// File is an open golden file.
type File struct {
	t testing.TB
	*weights.File
}

// Open opens a golden file until the test ends.
func Open(t testing.TB, name string) File {
	t.Helper()
	f, err := weights.Open(Path(t, name))
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return File{t, f}
}

// Values reads a tensor.
func (f File) Values(name string) (values []float32, shape []int) {
	f.t.Helper()
	shape, ok := f.Shape(name)
	require.True(f.t, ok, "no tensor %s", name)
	values = make([]float32, engine.Elements(shape))
	require.NoError(f.t, f.Read(name, values))
	return values, shape
}

// Tensor uploads a tensor.
func (f File) Tensor(b engine.Backend, name string) *engine.Tensor {
	values, shape := f.Values(name)
	return engine.FromSlice(b, engine.Float32, values, shape...)
}

// ByteViews returns a tensor of whole numbers [B, T, H, W, 3] as views of bytes.
func (f File) ByteViews(name string) (views []data.View) {
	values, shape := f.Values(name)
	for one := range slices.Chunk(values, engine.Elements(shape[1:])) {
		v := data.View{T: shape[1], H: shape[2], W: shape[3]}
		for _, x := range one {
			v.Bytes = append(v.Bytes, uint8(x))
		}
		views = append(views, v)
	}
	return views
}

// Views returns a tensor of normalised pixels, [B, 3, H, W] or [B, 3, T, H, W], as views of floats, which a model normalises itself.
func (f File) Views(name string) (views []data.View) {
	values, shape := f.Values(name)
	frames := 1
	if len(shape) == 5 {
		frames = shape[2]
	}
	channel := engine.Elements(shape[2:])
	for i, v := range values {
		c := i / channel % 3
		values[i] = v*data.Std[c] + data.Mean[c]
	}
	for one := range slices.Chunk(values, 3*channel) {
		views = append(views, data.View{T: frames, H: shape[len(shape)-2], W: shape[len(shape)-1], Floats: one})
	}
	return views
}

// Labels returns the classes that a tensor of soft targets [B, classes] is for.
func (f File) Labels(name string) (labels []int) {
	values, shape := f.Values(name)
	for row := range slices.Chunk(values, shape[1]) {
		labels = append(labels, slices.Index(row, slices.Max(row)))
	}
	return labels
}

// Check compares a tensor with PyTorch's, relative to its largest value, and shows the first pairs if they differ.
func (f File) Check(name string, got *engine.Tensor, tolerance float64) {
	f.t.Helper()
	want, shape := f.Values(name)
	f.compare(fmt.Sprint(name, shape), want, got, tolerance)
}

// CheckRows compares a tensor with those rows of PyTorch's, counted over all axes but the last, whose place in chosen is not 0.
func (f File) CheckRows(name string, chosen []float32, got *engine.Tensor, tolerance float64) {
	f.t.Helper()
	all, shape := f.Values(name)
	width := shape[len(shape)-1]
	require.Len(f.t, all, len(chosen)*width, name)
	var want []float32
	for i, c := range chosen {
		if c != 0 {
			want = append(want, all[i*width:(i+1)*width]...)
		}
	}
	f.compare(fmt.Sprint("chosen rows of ", name, shape), want, got, tolerance)
}

func (f File) compare(name string, want []float32, got *engine.Tensor, tolerance float64) {
	f.t.Helper()
	require.NotNil(f.t, got, "%s was not computed", name)
	have, err := engine.Read[float32](got)
	require.NoError(f.t, err)
	require.NoError(f.t, difference(want, have, tolerance), name)
}

// difference returns an error where numbers differ by more than a tolerance that is relative to the largest wanted value.
func difference(want, got []float32, tolerance float64) error {
	if len(want) != len(got) {
		return fmt.Errorf("%d values, PyTorch has %d", len(got), len(want))
	}
	largest, worst, at := 1e-6, 0.0, 0
	for i, w := range want {
		largest = max(largest, math.Abs(float64(w)))
		if d := math.Abs(float64(w) - float64(got[i])); d > worst || math.IsNaN(d) {
			worst, at = d, i
		}
		if math.IsNaN(worst) {
			break
		}
	}
	if worst <= tolerance*largest {
		return nil
	}
	n := min(6, len(want))
	return fmt.Errorf("off by %.3g at %d, where PyTorch has %v and mien %v; largest value %.3g; PyTorch %v…, mien %v…",
		worst, at, want[at], got[at], largest, want[:n], got[:n])
}

// CheckGates compares the weights of the experts that each token chose with PyTorch's dense matrix of gates. choice holds the flat
// positions token·experts + expert.
func (f File) CheckGates(name string, choice, gates *engine.Tensor) {
	f.t.Helper()
	want, _ := f.Values(name)
	at, err := engine.Read[int32](choice)
	require.NoError(f.t, err)
	weight, err := engine.Read[float32](gates)
	require.NoError(f.t, err)
	require.Len(f.t, weight, len(at))
	dense := make([]float32, len(want))
	for i, c := range at {
		dense[c] = weight[i]
	}
	require.NoError(f.t, difference(want, dense, gateTolerance), name)
}

// gateTolerance is that of weights behind a softmax.
const gateTolerance = 1e-5

// CheckGradients compares the gradient of every parameter, requires none for those without one in PyTorch (except for parts of names
// in except), and clears them.
func (f File) CheckGradients(params []nn.Param, except ...string) {
	f.t.Helper()
	compared := 0
	for _, p := range params {
		name := "grad." + p.Name
		if _, ok := f.Shape(name); ok {
			f.Check(name, p.Grad(), Gradient)
			compared++
		} else if p.Grad() != nil && !containsAny(p.Name, except) {
			f.t.Errorf("PyTorch has no gradient of %s", p.Name)
		}
		p.ZeroGrad()
	}
	require.Equal(f.t, f.count("grad."), compared, "gradients of parameters that the model does not have")
}

// count returns the number of tensors whose names begin so.
func (f File) count(prefix string) (n int) {
	for _, name := range f.Names() {
		if strings.HasPrefix(name, prefix) {
			n++
		}
	}
	return n
}

func containsAny(name string, parts []string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(name, part) })
}

// EachKernels runs a test on every set of kernels that this machine has.
func EachKernels(t *testing.T, test func(t *testing.T)) {
	for _, k := range asm.Implementations() {
		t.Run(k.Name, func(t *testing.T) {
			restore, err := asm.Use(k.Name)
			require.NoError(t, err)
			defer restore()
			test(t)
		})
	}
}
