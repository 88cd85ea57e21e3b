package face

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
	"mien/nn"
	"mien/weights"
)

// published are the networks in ONNX, which are not part of this repository.
const (
	publishedS = "../../shared/data/models/yunet_s.onnx"
	publishedN = "../../shared/data/models/yunet_n.onnx"
)

var update = flag.Bool("update", false, "write the embedded weights anew, from yunet_s.onnx")

// openPublished loads a network from its ONNX file.
func openPublished(t *testing.T, path string) *Detector {
	if _, err := os.Stat(path); err != nil {
		t.Skip("no published weights beside this repository")
	}
	f, err := weights.Open(path)
	require.NoError(t, err)
	defer f.Close()
	return detector(t, f)
}

func detector(t testing.TB, file nn.Weights) *Detector {
	d, err := Open(file, cpu.New())
	require.NoError(t, err)
	t.Cleanup(d.Close)
	return d
}

// params are those of a published network, by a scope that keeps them as they are.
func params(t *testing.T, path string) []nn.Param {
	f, err := weights.Open(path)
	require.NoError(t, err)
	defer f.Close()
	from, of, err := source(f)
	require.NoError(t, err)
	scope := nn.NewScope(cpu.New(), engine.Float32, from)
	newNetwork(scope, of)
	require.NoError(t, scope.Err())
	return scope.Params()
}

// The embedded weights are those of the published file, and all of them.
func TestEmbedded(t *testing.T) {
	openPublished(t, publishedS)
	all := params(t, publishedS)
	require.Equal(t, 53_104, nn.Count(all))
	const path = "weights/yunet_s.safetensors"
	if *update {
		var tensors []weights.Tensor
		for _, p := range all {
			tensors = append(tensors, nn.Stored(p.Name, p.Data()))
		}
		metadata := map[string]string{"source": "yunet_s.onnx", "licence": "MIT, see LICENSE beside"}
		require.NoError(t, weights.WriteSafetensors(path, tensors, metadata))
	}
	f, err := weights.Open(path)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, nn.CheckModel(f, all))
	for _, p := range all {
		want, err := engine.Read[float32](p.Data())
		require.NoError(t, err)
		got := make([]float32, len(want))
		require.NoError(t, f.Read(p.Name, got))
		require.Equal(t, want, got, p.Name)
	}
}

// The larger network is of another width and has units before its heads; it finds smaller faces.
func TestYuNetN(t *testing.T) {
	d := openPublished(t, publishedN)
	require.Equal(t, 73_840, nn.Count(params(t, publishedN)))
	found, err := d.Detect(picture(t, "classroom"), DefaultOptions)
	require.NoError(t, err)
	require.Len(t, found[0], 4)
}

// What is no YuNet is refused.
func TestOtherWeights(t *testing.T) {
	try := func(names ...string) error {
		f := blank{}
		for _, name := range names {
			f[name] = []int{32}
		}
		_, err := Open(f, cpu.New())
		return err
	}
	const none = "no weights of YuNet: name its ONNX file, yunet_s or yunet_n"
	require.EqualError(t, try(), none)
	require.EqualError(t, try("Conv.0", "Conv.0.1", "Conv.1"), none)
	require.ErrorContains(t, try("backbone.model1.conv2.conv1.bias"), `weights lack "backbone.model0.conv1.weight" [16 1 3 3 3]`)
}

// blank is a file of tensors of zeros.
type blank map[string][]int

func (f blank) Names() (all []string) {
	for name := range f {
		all = append(all, name)
	}
	return all
}

func (f blank) Shape(name string) ([]int, bool) { shape, ok := f[name]; return shape, ok }
func (blank) Read(string, []float32) error      { return nil }
func (blank) Metadata() map[string]string       { return nil }
