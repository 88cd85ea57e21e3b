package modelfile

import (
	"fmt"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
	"mien/nn"
	"mien/recipe"
	"mien/s4d"
	"mien/system"
	"mien/weights"
)

// Files that claim a model of any size, by their tensor names or their recipe, each give a one-line error in bounded memory.
func TestHostileSizes(t *testing.T) {
	var whole []weights.Tensor
	f := openGolden(t, "released_form.pth")
	for _, name := range f.Names() {
		shape, _ := f.Shape(name)
		values := make([]float32, engine.Elements(shape))
		require.NoError(t, f.Read(name, values))
		whole = append(whole, weights.Tensor{Name: name, Shape: shape, Fill: fill(values)})
	}
	refuse := func(name, want string, tensors []weights.Tensor, metadata map[string]string) {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "hostile")
			require.NoError(t, weights.WriteSafetensors(path, tensors, metadata))
			backend := cpu.New()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, _, err := Load[system.Classifier](path, backend, nil)
			runtime.ReadMemStats(&after)
			require.ErrorContains(t, err, want)
			require.NotContains(t, err.Error(), "\n")
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20))
			require.Zero(t, backend.Stats().LiveBytes)
			file, err := Open(path)
			require.NoError(t, err)
			defer file.Close()
			_, err = StoredTypes(file, engine.Int8)
			require.ErrorContains(t, err, want)
		})
	}
	plus := func(more ...weights.Tensor) []weights.Tensor { return append(more, whole...) }
	one := func(format string, numbers ...any) weights.Tensor {
		return weights.Tensor{Name: fmt.Sprintf(format, numbers...), Shape: []int{1, 1}, Fill: fill([]float32{1})}
	}
	refuse("block of a large number", "1000000001 blocks: choose 1 to 1024", plus(one("blocks.1000000000.norm1.weight")), nil)
	refuse("1000 blocks", "tensors, and describes a model of more: is the file damaged?", plus(one("blocks.999.norm1.weight")), nil)
	refuse("expert of a large number", "more than 1024 experts", plus(one("blocks.1.moe_layer.experts.1000000000.fc1.weight")), nil)
	var pairs []weights.Tensor
	for i := range 1000 {
		pairs = append(pairs, one("blocks.%d.moe_layer.experts.%d.fc1.weight", 10+i, 10+i))
	}
	refuse("experts in many blocks", "describes a model of more", plus(pairs...), nil)
	var other []weights.Tensor
	for _, x := range whole {
		if x.Name == "head.image.weight" {
			x.Shape, x.Fill = []int{1 << 40, 0}, fill(nil)
		}
		other = append(other, x)
	}
	refuse("classes without weights", "heads of 1099511627776 and", other, nil)

	r, tiny := tinyTensors(t)
	for name, c := range map[string]struct {
		want   string
		change func(m *recipe.Model)
	}{
		"depth":      {"1073741824 blocks: choose 1 to 1024", func(m *recipe.Model) { m.Depth = 1 << 30 }},
		"no depth":   {"-4 blocks: choose 1 to 1024", func(m *recipe.Model) { m.Depth = -4 }},
		"some depth": {"describes a model of more", func(m *recipe.Model) { m.Depth = 1000 }},
		"width":      {"the model needs [32768 3 2 16 16]", func(m *recipe.Model) { m.Dim = 1 << 15 }},
		"wider":      {"a number above 65536", func(m *recipe.Model) { m.Dim = 1 << 40 }},
		"image":      {"1 frames", func(m *recipe.Model) { m.ImageSize, m.Frames, m.Tubelet = 1<<16, 1, 1 }},
		"frames":     {"65536 frames", func(m *recipe.Model) { m.Frames = 1 << 16 }},
		"patches":    {"131072 tokens", func(m *recipe.Model) { m.ImageSize, m.PatchSize, m.Frames = 256, 1, 4 }},
		"experts":    {"more than 1024 experts", func(m *recipe.Model) { m.Experts = 1 << 62 }},
		"hidden":     {"a hidden layer wider than 65536", func(m *recipe.Model) { m.ExpertHidden = 1 << 62 }},
		"classes":    {"model.image_classes is 1099511627776: it must lie between 0 and 1000", func(m *recipe.Model) { m.ImageClasses = 1 << 40 }},
	} {
		huge := r
		c.change(&huge.Model)
		metadata, err := Metadata(huge, nil, nil)
		require.NoError(t, err)
		refuse("recipe: "+name, c.want, tiny, metadata)
	}
}

// fill is for values in memory.
func fill(values []float32) func(dst []float32) error {
	return func(dst []float32) error {
		copy(dst, values)
		return nil
	}
}

// tinyTensors returns a small recipe and the tensors of its model, all zero.
func tinyTensors(t *testing.T) (recipe.Recipe, []weights.Tensor) {
	r, err := recipe.Load("s4d-tiny")
	require.NoError(t, err)
	params, err := nn.Outline(1000, func(s *nn.Scope) { s4d.System.Build(s, r) })
	require.NoError(t, err)
	var tensors []weights.Tensor
	for _, p := range params {
		tensors = append(tensors, weights.Tensor{Name: p.Name, Shape: p.Shape(), Fill: fill(make([]float32, p.Data().Len()))})
	}
	return r, tensors
}
