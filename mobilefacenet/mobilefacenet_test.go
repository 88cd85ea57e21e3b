package mobilefacenet

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/internal/golden"
	"mien/nn"
	"mien/weights"
)

// published is the network in OpenVINO's form, which is not part of this repository.
const published = "../../shared/data/models/mobilefacenet_68.xml"

func openPublished(t *testing.T) *weights.File {
	if _, err := os.Stat(published); err != nil {
		t.Skip("no published weights beside this repository")
	}
	f, err := weights.Open(published)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

// images are those of mobilefacenet_reference.py.
func images(b engine.Backend, n int) *engine.Tensor {
	values := make([]float32, 0, n*Side*Side*3)
	for f := range n {
		for y := range Side {
			for x := range Side {
				for c := range 3 {
					values = append(values, float32((f*29+y*(3+c)+x*(5+f)+c*11)%97)/97)
				}
			}
		}
	}
	return engine.FromSlice(b, engine.Float32, values, n, Side, Side, 3)
}

func read(t *testing.T, file nn.Weights, b engine.Backend) (*Net, []nn.Param) {
	source, done, err := Source(file)
	require.NoError(t, err)
	scope := nn.NewScope(b, engine.Float32, source)
	n := New(scope, Width, Side)
	require.NoError(t, scope.Err())
	require.NoError(t, done())
	return n, scope.Params()
}

// formula has the weights of mobilefacenet_reference.py.
type formula struct{}

func (formula) Fill(values []float32, name string, shape []int, _ nn.Init) error {
	first := 0
	for _, c := range []byte(name) {
		first += 11 * int(c)
	}
	for i := range values {
		v := float64((i*37+first)%101-50) / 50
		switch {
		case strings.HasSuffix(name, ".slope"):
			v = 0.25 + v/10
		case strings.HasSuffix(name, ".bias"):
			v /= 10
		case len(shape) == 4: // depth-wise
			v *= math.Sqrt(3 / float64(shape[1]*shape[2]))
		default:
			v *= math.Sqrt(3 / float64(engine.Elements(shape[1:])))
		}
		values[i] = float32(v)
	}
	return nil
}

// Features and landmarks equal PyTorch's, with weights that need no file.
func TestGoldenFormula(t *testing.T) {
	golden.EachKernels(t, func(t *testing.T) {
		b := cpu.New()
		n := New(nn.NewScope(b, engine.Float32, formula{}), Width, Side)
		tape := ag.NewTape(b)
		defer tape.Close()
		features := n.Features(tape.Const(images(b, 2)))
		want := golden.Open(t, "mobilefacenet_formula.safetensors")
		want.Check("features", ag.Slice(features, 1, 5, 6).Data(), 2e-5)
		want.Check("points", n.Landmarks(features).Data(), 2e-5)
	})
}

// With the published weights, too.
func TestGolden(t *testing.T) {
	f := openPublished(t)
	golden.EachKernels(t, func(t *testing.T) {
		b := cpu.New()
		n, params := read(t, f, b)
		require.Equal(t, 1_007_248-9_664-136, nn.Count(params), "as published, less a number for each folded channel")
		tape := ag.NewTape(b)
		defer tape.Close()
		features := n.Features(tape.Const(images(b, 2)))
		want := golden.Open(t, "mobilefacenet.safetensors")
		want.Check("features", features.Data().Range(1, 2), 2e-5)
		want.Check("points", n.Landmarks(features).Data(), 2e-5)
	})
}

// A trunk of another width has the layers of the published one, of proportional channels, and reads images of another side.
func TestTrunk(t *testing.T) {
	for width, want := range map[int]int{Width: 559_680, 4: 4_260} {
		params, err := nn.Outline(1<<10, func(s *nn.Scope) { NewTrunk(s, width) })
		require.NoError(t, err)
		require.Equal(t, want, nn.Count(params))
		published := outline(t)
		for i, p := range params {
			require.Equal(t, published[i].Name, p.Name)
			require.False(t, p.NeedsGrad(), p.Name)
		}
	}
	b := cpu.New()
	trunk := NewTrunk(nn.NewScope(b, engine.Float32, nn.Random{Seed: 2}), 4)
	tape := ag.NewTape(b)
	defer tape.Close()
	features := trunk.Features(tape.Const(engine.New(b, engine.Float32, 3, 24, 24, 3)))
	require.Equal(t, []int{3, 3, 3, 8}, features.Shape())
	require.Equal(t, 144*(108+36+32)+36*(72+32+4*(32+72+32)+64)+9*(144+128+6*(128+144+128)), trunk.MACs(24))
	defer func() { require.Equal(t, "MobileFaceNet", recover().(*engine.ShapeError).Op) }()
	trunk.Features(tape.Const(engine.New(b, engine.Float32, 3, 20, 20, 3)))
}
