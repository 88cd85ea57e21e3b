package s2d

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
	"mien/nn"
	"mien/recipe"
)

// begun starts the model of a recipe from a file, and returns what each parameter begins as and what was reported.
func begun(t *testing.T, f file, r recipe.Recipe) (map[string][]float32, nn.LoadReport) {
	t.Helper()
	load, err := System.Start(f, r, nn.Random{Seed: 40})
	require.NoError(t, err)
	s := nn.NewScope(cpu.New(), engine.Float32, nn.Divided{Prefix: "landmarks.", Part: nn.Random{Seed: 41}, Rest: load})
	System.Build(s, r)
	require.NoError(t, s.Err())
	report, err := load.Finish()
	require.NoError(t, err)
	all := map[string][]float32{}
	for _, p := range s.Params() {
		all[p.Name] = read(t, p.Data())
	}
	return all, report
}

// heads64 is the tiny recipe with heads as published files have them, which tell no number of heads.
func heads64() recipe.Recipe {
	r := tiny()
	r.Model.Dim, r.Model.Heads = 64, 1
	return r
}

// The published names load, with what DistributedDataParallel puts before them and a landmark network of PyTorch's beside them.
func TestPublishedNames(t *testing.T) {
	for _, before := range []string{"", "module."} {
		f := fileOf(t, heads64(), 9, func(name string) string { return before + name })
		f[before+"landmark_model.conv1.conv.weight"] = tensor{[]int{3, 3, 3, 3}, nil}
		all, report := begun(t, f, heads64())
		for name, v := range all {
			if !strings.HasPrefix(name, "landmarks.") {
				require.Equal(t, f[before+name].values, v, name)
			}
		}
		require.Empty(t, report.Missing)
		require.Empty(t, report.Unused)
		r, ok, err := System.Identify(f)
		require.NoError(t, err)
		require.True(t, ok)
		want := heads64()
		want.Model.Dropout, want.Model.Temporal.Heads = 0, 8
		require.Equal(t, want.Model, r.Model)
		require.Equal(t, []any{"s2d", 1, Base}, []any{r.System, r.Data.Stride, r.Train.Freeze})
		for _, lost := range []string{"temporal_embedding", "head.fc_cls.weight"} { // such as an image model's
			without := maps.Clone(f)
			delete(without, before+lost)
			_, ok, err := System.Identify(without)
			require.True(t, ok)
			require.EqualError(t, err, "weights hold no "+lost+": they are no S2D model of videos, and a run can begin with them, as --init")
		}
		f[before+"patch_embed.proj.weight"] = tensor{[]int{0, 3, 4, 4}, nil}
		_, _, err = System.Identify(f)
		require.ErrorContains(t, err, "weights hold no patch_embed.proj.weight", "of no width")
	}
}

// An image model of timm's names has a norm of another name and neither prompters nor adapters, and its heads are left.
func TestFromAnImageModel(t *testing.T) {
	plain := heads64()
	plain.Model.Prompter, plain.Model.Temporal = nil, nil
	f := fileOf(t, plain, 9, func(name string) string {
		return strings.Replace(strings.Replace(name, "ln_post.", "norm.", 1), "head.fc_cls.", "head.", 1)
	})
	f["weak_head.weight"] = tensor{[]int{5, 64}, make([]float32, 5*64)}
	f["decoder_embed.bias"], f["mask_token"] = tensor{[]int{3}, nil}, tensor{[]int{1, 1, 3}, nil}
	all, report := begun(t, f, heads64())
	fresh, _ := begun(t, fileOf(t, heads64(), 7, func(name string) string { return name }), heads64())
	for name, v := range all {
		from := strings.Replace(name, "ln_post.", "norm.", 1)
		if x, ok := f[from]; ok {
			require.Equal(t, x.values, v, name)
		} else {
			require.Len(t, v, len(fresh[name]), name)
		}
	}
	require.Equal(t, []string{"decoder_embed.bias", "head.bias", "head.weight", "mask_token", "weak_head.weight"}, report.Unused)
	require.Contains(t, report.Missing, "prompt_norms.1.weight")
	require.Contains(t, report.Missing, "head.fc_cls.weight")
	require.NotContains(t, report.Missing, "ln_post.weight")
	_, ok, err := System.Identify(f)
	require.NoError(t, err)
	require.False(t, ok)
}

// Modules that are left out stay in the file, those of the others do not.
func TestFromAModelOfMore(t *testing.T) {
	f := fileOf(t, heads64(), 9, func(name string) string { return name })
	for _, c := range []struct {
		change func(m *recipe.Model)
		left   []string
		loaded []string
	}{
		{func(m *recipe.Model) { m.Prompter = nil }, []string{"patch_embed_prompt.proj.bias", "prompt_blocks.1.conv0_0.weight", "prompt_blocks.0.conv1x1.bias",
			"prompt_blocks.0.fovea.smooth"}, []string{"temporal_embedding", "prompt_blocks.1.TMA.norm.bias", "prompt_norms.1.weight"}},
		{func(m *recipe.Model) { m.Temporal = nil }, []string{"temporal_embedding", "prompt_blocks.1.TMA.T_Adapter.attn.qkv.weight"},
			[]string{"patch_embed_prompt.proj.bias", "prompt_blocks.1.conv1x1.weight", "prompt_norms.0.bias"}},
		{func(m *recipe.Model) { m.Prompter, m.Temporal = nil, nil }, []string{"temporal_embedding", "prompt_norms.0.bias", "prompt_blocks.0.fovea.smooth"},
			[]string{"ln_post.weight", "head.fc_cls.weight"}},
	} {
		r := heads64()
		c.change(&r.Model)
		all, report := begun(t, f, r)
		require.Subset(t, report.Unused, c.left)
		require.Subset(t, report.Loaded, c.loaded)
		require.Empty(t, report.Missing)
		for _, name := range c.loaded {
			require.Equal(t, f[name].values, all[name])
		}
		require.Len(t, f, len(all)+len(report.Unused)+extractorLeft(f, all))
	}
}

// extractorLeft counts the parameters of the landmark network in a file of which a model has none.
func extractorLeft(f file, all map[string][]float32) (n int) {
	for name := range f {
		if _, ok := all[name]; !ok && strings.HasPrefix(name, "landmarks.") {
			n++
		}
	}
	return n
}

// Another size of images takes positions in between, those of the file's corners at its corners.
func TestFromAnotherSize(t *testing.T) {
	large := heads64()
	large.Model.ImageSize = 20
	f := fileOf(t, heads64(), 9, func(name string) string { return name })
	all, _ := begun(t, f, large)
	require.Len(t, all["pos_embed"], 26*64)
	require.Equal(t, f["pos_embed"].values[:64], all["pos_embed"][:64], "of the class token")
	require.Equal(t, f["blocks.0.mlp.fc1.weight"].values, all["blocks.0.mlp.fc1.weight"])
	middle, same := f["pos_embed"].values[5*64:6*64], all["pos_embed"][13*64:14*64]
	require.InDeltaSlice(t, middle, same, 1e-6, "of the patch in the middle")
}

// A file with something else, or with half of a block, is refused.
func TestFilesThatDoNotFit(t *testing.T) {
	whole := fileOf(t, heads64(), 9, func(name string) string { return name })
	refused := func(change func(f file, r *recipe.Recipe)) error {
		f, r := maps.Clone(whole), heads64()
		change(f, &r)
		load, err := System.Start(f, r, nn.Random{})
		if err != nil {
			return err
		}
		s := nn.NewScope(cpu.New(), engine.Float32, nn.Divided{Prefix: "landmarks.", Part: nn.Random{}, Rest: load})
		System.Build(s, r)
		if err := s.Err(); err != nil {
			return err
		}
		_, err = load.Finish()
		return err
	}
	require.NoError(t, refused(func(file, *recipe.Recipe) {}))
	for name := range whole { // an image model, all of it
		if strings.HasPrefix(name, "landmarks.") {
			continue // which are of a file of their own
		}
		if image, _ := regexp.MatchString(`^(cls_token|pos_embed|patch_embed\.|blocks\.|ln_post\.)`, name); image {
			lost := strings.Replace(name, "ln_post.weight", "norm.weight", 1) // which marks the names of this system
			require.ErrorContains(t, refused(func(f file, _ *recipe.Recipe) { delete(f, name) }), fmt.Sprintf("weights lack %q", lost))
		} else {
			require.NoError(t, refused(func(f file, _ *recipe.Recipe) { delete(f, name) }), name)
		}
	}
	for _, name := range []string{"norm.weight", "temporal_embeddings", "prompt_blocks.2.conv0_0.weight", "prompts.weight"} {
		require.ErrorContains(t, refused(func(f file, _ *recipe.Recipe) { f[name] = tensor{} }), fmt.Sprintf("%q", name))
	}
	for want, change := range map[string]func(f file, r *recipe.Recipe){
		`"other"`: func(f file, _ *recipe.Recipe) { f["other"] = tensor{} },
		`weights lack "blocks.1.attn.qkv.bias" [192]`:                             func(f file, _ *recipe.Recipe) { delete(f, "blocks.1.attn.qkv.bias") },
		`weights hold "temporal_embedding" as [1 5 64], the model needs [1 4 64]`: func(_ file, r *recipe.Recipe) { r.Model.Frames = 4 },
		"its attention has 1 heads, that of recipe  4: set model.heads to 1":      func(_ file, r *recipe.Recipe) { r.Model.Heads = 4 },
		`weights hold "pos_embed" as [1 9 64], the model needs [1 10 64]`: func(f file, _ *recipe.Recipe) {
			f["pos_embed"] = tensor{[]int{1, 9, 64}, nil}
		},
	} {
		require.ErrorContains(t, refused(change), want)
	}
}

// The landmark network is read of its own file and of a model's, of mien's names and of PyTorch's.
func TestLandmarkFiles(t *testing.T) {
	opened := func(f file) (values []float32, err error) {
		source, err := System.ExtractorOf(heads64()).Open(f)
		if err != nil {
			return nil, err
		}
		values = make([]float32, 3)
		return values, source.Fill(values, "conv1.bias", []int{3}, nil)
	}
	model := fileOf(t, heads64(), 9, func(name string) string { return name })
	model["landmarks.conv1.bias"] = tensor{[]int{3}, []float32{4, 5, 6}}
	values, err := opened(model)
	require.NoError(t, err)
	require.Equal(t, []float32{4, 5, 6}, values)

	alone := file{"conv1.bias": {[]int{3}, []float32{7, 8, 9}}, "conv1.weight": {}}
	values, err = opened(alone)
	require.NoError(t, err)
	require.Equal(t, []float32{7, 8, 9}, values)

	torch := file{"module.cls_token": {}}
	for name, v := range map[string][]float32{"bn.weight": {2, 2, 2}, "bn.bias": {1, 2, 3}, "bn.running_mean": {0, 0, 0}, "bn.running_var": {1, 1, 1}} {
		torch["module.landmark.conv1."+name] = tensor{[]int{3}, v}
	}
	torch["module.landmark.conv1.conv.weight"] = tensor{[]int{3, 3, 3, 3}, make([]float32, 81)}
	values, err = opened(torch)
	require.NoError(t, err)
	require.Equal(t, []float32{1, 2, 3}, values)

	inside, err := landmarksOf(torch)
	require.NoError(t, err)
	require.Equal(t, []string{"conv1.bn.bias", "conv1.bn.running_mean", "conv1.bn.running_var", "conv1.bn.weight", "conv1.conv.weight"}, inside.Names())

	plain := heads64()
	plain.Model.Prompter = nil
	require.Nil(t, System.ExtractorOf(plain))
	_, err = opened(fileOf(t, plain, 9, func(name string) string { return name }))
	require.EqualError(t, err, "a model without a landmark network: name one that has it, or the landmark network's own file")
	for _, name := range []string{"other", "stem.conv1.weight"} {
		_, err = opened(file{name: {}})
		require.ErrorContains(t, err, "no weights of MobileFaceNet", name)
	}
}
