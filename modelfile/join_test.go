package modelfile

import (
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
	"mien/nn"
	"mien/recipe"
	"mien/weights"
)

// apartFiles are the model of a recipe in the form of the published ones, names beginning with before, its landmark network in another file,
// and the numbers of both.
func apartFiles(t *testing.T, r recipe.Recipe, before string) (model, landmarks string, want map[string][]float32) {
	t.Helper()
	params, scope := build(t, r, nn.Random{Seed: 3})
	defer scope.Free()
	want = map[string][]float32{}
	var own, theirs []nn.Param
	for _, p := range params {
		values, err := engine.Read[float32](p.Data())
		require.NoError(t, err)
		want[p.Name] = values
		if p.Extractor {
			p.Name = strings.TrimPrefix(p.Name, "landmarks.")
			theirs = append(theirs, p)
		} else {
			p.Name = before + p.Name
			own = append(own, p)
		}
	}
	model, landmarks = filepath.Join(t.TempDir(), "model"), filepath.Join(t.TempDir(), "landmarks")
	require.NoError(t, Write(model, own, nil))
	require.NoError(t, Write(landmarks, theirs, nil))
	return model, landmarks, want
}

// A published model and its landmark network become one file, of what both hold under the model's names, which answers.
func TestJoin(t *testing.T) {
	r := load(t, "s2d-tiny")
	r.Model.Temporal = &recipe.Temporal{Width: 24, Heads: 8}
	for _, before := range []string{"", "module."} {
		model, landmarks, want := apartFiles(t, r, before)
		_, err := Describe(open(t, model))
		require.ErrorContains(t, err, model+": a published model that reads landmarks, without the network that finds them: `mien convert --landmarks`")
		to := filepath.Join(t.TempDir(), "joined")
		tensors, values, err := Join(to, open(t, model), open(t, landmarks), cpu.New())
		require.NoError(t, err)
		sum, f := 0, open(t, to)
		require.Len(t, f.Names(), len(want))
		for name, v := range want {
			have := make([]float32, len(v))
			require.NoError(t, f.Read(name, have))
			require.Equal(t, v, have, name)
			sum += len(v)
		}
		require.Equal(t, []int{len(want), sum}, []int{tensors, values})
		d, err := Describe(f)
		require.NoError(t, err)
		require.Equal(t, r.Model.Encoder, d.Recipe.Model.Encoder)
		require.Equal(t, r.Model.Temporal, d.Recipe.Model.Temporal)
		require.Equal(t, r.Model.Prompter, d.Recipe.Model.Prompter)
		require.False(t, d.Own)
	}
}

// What does not belong together is not joined, and nothing is written.
func TestJoinRefuses(t *testing.T) {
	r := load(t, "s2d-tiny")
	r.Model.Temporal = &recipe.Temporal{Width: 24, Heads: 8}
	model, landmarks, _ := apartFiles(t, r, "")
	other := r
	other.Model.Prompter = &recipe.Prompter{Width: 8, LandmarkWidth: 3}
	_, narrow, _ := apartFiles(t, other, "")
	headless := changed(t, model, "head.fc_cls.bias", nil)
	for want, files := range map[string][2]string{
		narrow + ": a landmark network 3 wide, and the model reads one of 8":                    {model, narrow},
		model + ": a model without a landmark network":                                          {model, model},
		changed(t, landmarks, "conv1.bias", nil) + `: weights lack "conv1.bias"`:                {},
		headless + `: weights lack "head.fc_cls.bias" [7]`:                                      {headless, landmarks},
		goldenDir + "released_form.pth: the model needs no other network's weights":             {goldenDir + "released_form.pth", landmarks},
		goldenDir + "vit_tiny.safetensors: weights hold no model that mien knows, nor a recipe": {goldenDir + "vit_tiny.safetensors", landmarks},
	} {
		if files[0] == "" {
			files = [2]string{model, strings.Split(want, ": ")[0]}
		}
		to := filepath.Join(t.TempDir(), "joined")
		_, _, err := Join(to, open(t, files[0]), open(t, files[1]), cpu.New())
		require.ErrorContains(t, err, want)
		require.NoFileExists(t, to)
	}
}

// A published model that holds more than what is read is none that is known: nothing of it is dropped.
func TestJoinReadsAllOfAModel(t *testing.T) {
	model, landmarks, _ := apartFiles(t, load(t, "s2d-tiny"), "")
	f := open(t, model)
	tensors := []weights.Tensor{{Name: "blocks.0.gate", Shape: []int{3}, Fill: func([]float32) error { return nil }}}
	for _, name := range f.Names() {
		shape, _ := f.Shape(name)
		tensors = append(tensors, weights.Tensor{Name: name, Shape: shape, Fill: func(dst []float32) error { return f.Read(name, dst) }})
	}
	more, to := filepath.Join(t.TempDir(), "more"), filepath.Join(t.TempDir(), "joined")
	require.NoError(t, weights.WriteSafetensors(more, tensors, nil))
	_, _, err := Join(to, open(t, more), open(t, landmarks), cpu.New())
	require.ErrorContains(t, err, more+": ")
	require.ErrorContains(t, err, "blocks.0.gate")
	require.NoFileExists(t, to)
}

// A model of mien's that lacks its landmark network is damaged, and to be joined with none.
func TestJoinIsForPublishedModels(t *testing.T) {
	r := load(t, "s2d-tiny")
	params, scope := build(t, r, nil)
	defer scope.Free()
	metadata, err := Metadata(r, nil, nil)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "model")
	require.NoError(t, Write(path, slices.DeleteFunc(slices.Clone(params), func(p nn.Param) bool { return p.Extractor }), metadata))
	_, err = Describe(open(t, path))
	require.EqualError(t, err, path+": it holds 79 tensors, and describes a model of more: is the file damaged?")
	_, landmarks, _ := apartFiles(t, r, "")
	_, _, err = Join(filepath.Join(t.TempDir(), "joined"), open(t, path), open(t, landmarks), cpu.New())
	require.EqualError(t, err, path+": the model needs no other network's weights")
}

// A file that claims a large model is refused before there is one.
func TestJoinRefusesHostileSizes(t *testing.T) {
	model, landmarks, _ := apartFiles(t, load(t, "s2d-tiny"), "")
	claims := changed(t, model, "blocks.0.mlp.fc1.bias", &weights.Tensor{Name: "blocks.0.mlp.fc1.bias", Shape: []int{1 << 20}, Fill: func([]float32) error { return nil }})
	f, features, backend := open(t, claims), open(t, landmarks), cpu.New()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := Join(filepath.Join(t.TempDir(), "joined"), f, features, backend)
	runtime.ReadMemStats(&after)
	require.ErrorContains(t, err, `weights hold "blocks.0.mlp.fc1.weight" as [256 64], the model needs [1048576 64]`)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20))
	require.Zero(t, backend.Stats().LiveBytes)
}

// changed writes a file with another tensor of a name, or without one, and returns its path.
func changed(t *testing.T, path, name string, other *weights.Tensor) string {
	t.Helper()
	f := open(t, path)
	var tensors []weights.Tensor
	for _, n := range f.Names() {
		shape, _ := f.Shape(n)
		switch {
		case n != name:
			tensors = append(tensors, weights.Tensor{Name: n, Shape: shape, Fill: func(dst []float32) error { return f.Read(n, dst) }})
		case other != nil:
			tensors = append(tensors, *other)
		}
	}
	to := filepath.Join(t.TempDir(), "changed")
	require.NoError(t, weights.WriteSafetensors(to, tensors, nil))
	return to
}
