package modelfile

import (
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/systems"
	"mien/weights"
)

// Golden files hold PyTorch's results for tiny models; testdata/golden/README.md says how they are made.
const goldenDir = "../testdata/golden/"

func openGolden(t *testing.T, name string) *weights.File {
	t.Helper()
	return open(t, goldenDir+name)
}

func open(t *testing.T, path string) *weights.File {
	t.Helper()
	f, err := Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

// writeModel writes a model as a run does. Element j of parameter i is 1000·i + j, small enough to be exact.
func writeModel(t *testing.T, r recipe.Recipe, labels map[data.Modality][]string) *weights.File {
	t.Helper()
	metadata, err := Metadata(r, labels, nil)
	require.NoError(t, err)
	return writeWith(t, r, metadata)
}

func writeWith(t *testing.T, r recipe.Recipe, metadata map[string]string) *weights.File {
	t.Helper()
	params, scope := build(t, r, nil)
	defer scope.Free()
	for i, p := range params {
		values := make([]float32, p.Data().Len())
		for j := range values {
			values[j] = float32(1000*i + j)
		}
		engine.Write(p.Data(), values)
	}
	path := filepath.Join(t.TempDir(), "model")
	require.NoError(t, Write(path, params, metadata))
	return open(t, path)
}

// build makes the parameters of a recipe's model.
func build(t *testing.T, r recipe.Recipe, source nn.Source) ([]nn.Param, *nn.Scope) {
	t.Helper()
	s, err := systems.Of(r)
	require.NoError(t, err)
	scope := nn.NewScope(cpu.New(), engine.Float32, source)
	s.Build(scope, r)
	require.NoError(t, scope.Err())
	return scope.Params(), scope
}

func load(t *testing.T, name string) recipe.Recipe {
	t.Helper()
	r, err := recipe.Load(name)
	require.NoError(t, err)
	return r
}

// The description of a written file equals the original.
func TestDescribe(t *testing.T) {
	r := load(t, "s4d-tiny")
	r.Seed, r.Data.Stride = 5, 3
	labels := map[data.Modality][]string{data.Image: data.DefaultLabels(data.Image, 7), data.Video: data.FERV39K}
	d, err := Describe(writeModel(t, r, labels))
	require.NoError(t, err)
	require.Equal(t, "s4d", d.System.Name)
	require.Equal(t, r, d.Recipe)
	require.Equal(t, labels, d.Labels)
	require.Equal(t, engine.Full, d.Precision)
	require.True(t, d.Own)
}

// The metadata of a model are its recipe and, where it has any, class names and record.
func TestMetadata(t *testing.T) {
	r := load(t, "s4d-tiny")
	text, err := r.Text()
	require.NoError(t, err)
	labels := map[data.Modality][]string{data.Video: {"b", "a"}, data.Image: {"c"}}
	record := Trained{data.Video: {Listed: 3, Drawn: 4, Unknown: true}, data.Image: {Drawn: 5}}
	want := map[string]string{"format": "mien-model-1", "recipe": string(text)}
	for _, c := range []struct {
		labels        map[data.Modality][]string
		record        Trained
		names, learnt string
	}{
		{nil, nil, "", ""},
		{labels, nil, `{"image":["c"],"video":["b","a"]}`, ""},
		{nil, record, "", `{"image":{"listed":0,"drawn":5},"video":{"listed":3,"drawn":4,"unknown":true}}`},
		{map[data.Modality][]string{}, Trained{}, "", "{}"},
	} {
		got, err := Metadata(r, c.labels, c.record)
		require.NoError(t, err)
		expected := maps.Clone(want)
		if c.names != "" {
			expected["labels"] = c.names
		}
		if c.learnt != "" {
			expected["trained"] = c.learnt
		}
		require.Equal(t, expected, got)
	}
	r.Seed = math.MaxUint64
	_, err = Metadata(r, labels, record)
	require.ErrorContains(t, err, "above math.MaxInt64")
}

// The names of classes are those that a file has, of models with one head of either modality and with two.
func TestNamesOfEachHead(t *testing.T) {
	images, videos := slices.Clone(data.AffectNet7), slices.Clone(data.DFEW)
	slices.Reverse(images)
	slices.Reverse(videos)
	for name, labels := range map[string]map[data.Modality][]string{
		"image-tiny": {data.Image: images}, "feadapter-tiny": {data.Video: videos}, "s4d-tiny": {data.Image: images, data.Video: videos},
	} {
		d, err := Describe(writeModel(t, load(t, name), labels))
		require.NoError(t, err)
		require.Equal(t, labels, d.Labels, name)
	}
}

// A file holds each parameter under its name, as it was.
func TestWrite(t *testing.T) {
	r := load(t, "s4d-tiny")
	f := writeModel(t, r, nil)
	params, scope := build(t, r, nn.Random{})
	defer scope.Free()
	require.Len(t, f.Names(), len(params))
	for i, p := range params {
		shape, _ := f.Shape(p.Name)
		require.Equal(t, p.Shape(), shape)
		for j, v := range read(t, f, p.Name) {
			require.Equal(t, float32(1000*i+j), v, p.Name)
		}
	}
}

// A published checkpoint is identified by its tensors, and its class names are a guess.
func TestDescribePublished(t *testing.T) {
	d, err := Describe(openGolden(t, "released_form.pth"))
	require.NoError(t, err)
	require.Equal(t, "s4d", d.System.Name)
	require.Equal(t, "1,2", d.Recipe.Model.Position)
	require.Equal(t, 4, d.Recipe.Data.Stride)
	require.Equal(t, map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.DFEW}, d.Labels)
	require.False(t, d.Own)
}

// Damaged class names, or the wrong number of them, are replaced by the defaults or give a one-line error.
func TestDamagedLabels(t *testing.T) {
	r := load(t, "s4d-tiny")
	r.Model.VideoClasses = 5
	metadata, err := Metadata(r, nil, nil)
	require.NoError(t, err)
	require.NotContains(t, metadata, "labels")
	for _, text := range []string{"", "null", "{}", `{"video":["a","b"]}`, `{"audio":["a"],"image":null}`} {
		metadata["labels"] = text
		d, err := Describe(writeWith(t, r, metadata))
		require.NoError(t, err, text)
		require.Equal(t, data.AffectNet7, d.Labels[data.Image])
		require.Equal(t, []string{"class_0", "class_1", "class_2", "class_3", "class_4"}, d.Labels[data.Video])
	}
	for _, text := range []string{"[", "[]", `{"video":[1]}`} {
		metadata["labels"] = text
		_, err := Describe(writeWith(t, r, metadata))
		require.ErrorContains(t, err, "class names inside the file: ", text)
		require.NotContains(t, err.Error(), "\n")
	}
}

// An impossible recipe inside a file gives a one-line error.
func TestDamagedRecipe(t *testing.T) {
	r := load(t, "s4d-tiny")
	for text, want := range map[string]string{
		"":                             `recipe inside the file: kind is ""`,
		"kind = ":                      "recipe inside the file: ",
		"kind = 'finetune'\ncolor = 3": "recipe inside the file: unknown key color",
	} {
		_, err := Describe(writeWith(t, r, map[string]string{"format": format, "recipe": text}))
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "\n")
	}
	other := r
	other.System = "gan"
	metadata, err := Metadata(other, nil, nil)
	require.NoError(t, err)
	_, err = Describe(writeWith(t, r, metadata))
	require.ErrorContains(t, err, `system is "gan": choose s4d, vitmtl, vitmoe, vit, feadapter, s2d, mae`)
	other = r
	other.Kind = recipe.Pretrain
	metadata, err = Metadata(other, nil, nil)
	require.NoError(t, err)
	_, err = Describe(writeWith(t, r, metadata))
	require.ErrorContains(t, err, `kind is "pretrain": system s4d is for finetune`)
}

// A recipe whose model does not match the tensors is refused, however it differs.
func TestDescribeIsStrict(t *testing.T) {
	r := load(t, "s4d-tiny")
	for name, c := range map[string]struct {
		want   string
		change func(m *recipe.Model)
	}{
		"fewer blocks":  {"tensors that the model does not know", func(m *recipe.Model) { m.Depth, m.Experts = 1, 0 }},
		"more blocks":   {"describes a model of more", func(m *recipe.Model) { m.Depth = 3 }},
		"other classes": {`"head.video.weight" as [7 64], the model needs [11 64]`, func(m *recipe.Model) { m.VideoClasses = 11 }},
		"other experts": {`the model needs`, func(m *recipe.Model) { m.ExpertHidden = 8 }},
	} {
		changed := r
		c.change(&changed.Model)
		metadata, err := Metadata(changed, nil, nil)
		require.NoError(t, err)
		_, err = Describe(writeWith(t, r, metadata))
		require.ErrorContains(t, err, c.want, name)
	}
}

// The precision of the file applies if none is requested, and is that in which weights are kept.
func TestClassifierPrecision(t *testing.T) {
	r := load(t, "s4d-tiny")
	metadata, err := Metadata(r, nil, nil)
	require.NoError(t, err)
	metadata[weights.PrecisionKey] = "bf16"
	f := writeWith(t, r, metadata)
	full, live := engine.Full, map[engine.Precision]int{}
	for want, asked := range map[engine.Precision]*engine.Precision{engine.BF16: nil, engine.Full: &full} {
		b := cpu.New()
		net, d, scope, err := Load[system.Classifier](f.Path, b, asked)
		require.NoError(t, err)
		require.Equal(t, want, d.Precision)
		require.Equal(t, 7, net.Classes(data.Video))
		live[want] = b.Stats().LiveBytes
		scope.Free()
		require.Zero(t, b.Stats().LiveBytes)
	}
	require.Positive(t, live[engine.BF16])
	require.Less(t, live[engine.BF16], live[engine.Full])
	unknown := engine.Precision(9)
	_, _, _, err = Load[system.Classifier](f.Path, cpu.New(), &unknown)
	require.ErrorContains(t, err, "does not know the precision")
}

func TestOpenNamesWhatIsMissing(t *testing.T) {
	_, err := Open("none")
	require.EqualError(t, err, "none: no such weights file or run folder")
	_, _, _, err = Load[system.Classifier]("none", cpu.New(), nil)
	require.EqualError(t, err, "none: no such weights file or run folder")
	dir := t.TempDir()
	below := filepath.Join(goldenDir, "vit_tiny.safetensors", Name) // which is no folder
	_, err = Open(below)
	require.ErrorContains(t, err, below)
	_, err = Open(dir)
	require.EqualError(t, err, dir+": a folder without model.safetensors: is the run finished?")
	path := filepath.Join(dir, Name)
	require.NoError(t, os.WriteFile(path, []byte("text"), 0o644))
	_, err = Open(dir)
	require.ErrorContains(t, err, path+": not a weights file")
	require.NoError(t, weights.WriteSafetensors(path, nil, nil))
	require.Equal(t, path, open(t, dir).Path)
	_, err = Describe(open(t, dir))
	require.ErrorContains(t, err, path+": weights hold no model that mien knows")
}
