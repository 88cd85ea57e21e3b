package systems

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/internal/formats"
	"mien/recipe"
	"mien/system"
)

// What systems declare are different keys that exist, of no table, and none that kinds of run decide.
func TestDeclaredKeys(t *testing.T) {
	all := recipe.Keys()
	require.Greater(t, len(all), 100)
	for _, s := range All {
		for i, key := range s.Keys {
			require.Contains(t, all, key, s.Name)
			require.NotContains(t, s.Keys[:i], key, s.Name)
			require.Empty(t, recipe.KindsOf(key), "%s of %s", key, s.Name)
			require.False(t, slices.ContainsFunc(all, func(k string) bool { return strings.HasPrefix(k, key+".") }), "%s of %s", key, s.Name)
		}
	}
}

// A key is read by all systems until one declares it; one that is for some kinds of run, by all systems of these.
func TestReads(t *testing.T) {
	readers := func(key string) (names []string) {
		for _, s := range All {
			if Reads(s.Name, key) {
				names = append(names, s.Name)
			}
		}
		return names
	}
	every := []string{"s4d", "vitmtl", "vitmoe", "vit", "feadapter", "s2d", "mae", "mobilefacenet"}
	for key, want := range map[string][]string{
		"train.lr": every, "train.balance_static": every, "views.image.steps": every, "train.drawn_epochs": every,
		"train.layer_decay": {"s4d", "vitmtl", "vitmoe", "vit", "feadapter", "s2d"}, "data.drawn_test": {"s4d", "vitmtl", "vitmoe", "vit", "feadapter", "s2d", "mobilefacenet"}, "model.dim": every[:7], "model.landmark_width": every[7:],
		"model.experts": {"s4d", "vitmoe"}, "model.residual": {"s4d"}, "train.router_noise": {"s4d", "vitmoe"},
		"train.idle_steps": {"s4d", "vitmtl", "vitmoe"}, "model.decoder_dim": {"mae"}, "model.adapter.width": {"feadapter"}, "train.tube_mask": {"mae"},
	} {
		require.Equal(t, want, readers(key), key)
	}
	before := All
	defer func() { All = before }()
	All = append(slices.Clip(All), &system.System{Name: "other", Kind: recipe.Finetune, Keys: []string{"data.stride", "model.residual"}})
	require.Equal(t, []string{"other"}, readers("data.stride"))
	require.Equal(t, []string{"s4d", "other"}, readers("model.residual"))
	require.Equal(t, []string{"s4d", "vitmtl", "vitmoe", "vit", "feadapter", "s2d", "other"}, readers("train.layer_decay"))
	require.False(t, Reads("none", "train.layer_decay"))
}

// One line names the system, what it does not read, who does, and what to do. What is 0, false, "" or empty is not set.
func TestUnreadKeys(t *testing.T) {
	for _, c := range []struct {
		of     string
		change func(m *recipe.Model, t *recipe.Train)
		want   string
	}{
		{"s4d", func(_ *recipe.Model, t *recipe.Train) { t.TubeMask = true },
			"system s4d (kind finetune) does not read train.tube_mask = true, unlike mae: leave it out, or set it to false"},
		{"vit", func(m *recipe.Model, t *recipe.Train) {
			m.Experts, m.Capacity, m.Position, t.RouterNoise = 3, 1.25, "later", true
		},
			`system vit (kind finetune) does not read model.experts = 3, model.position = "later", model.capacity = 1.25, train.router_noise = true, ` +
				`unlike s4d, vitmoe: leave them out, or set them to 0 or "" or false`},
		{"mae", func(_ *recipe.Model, t *recipe.Train) { t.LabelSmoothing = 0.5 },
			"system mae (kind pretrain) does not read train.label_smoothing = 0.5, unlike s4d, vitmtl, vitmoe, vit, feadapter, s2d: leave it out, or set it to 0"},
		{"vitmoe", func(m *recipe.Model, _ *recipe.Train) { m.Residual, m.DecoderDim = true, 9 },
			"system vitmoe (kind finetune) does not read model.decoder_dim = 9, model.residual = true: leave them out, or set them to 0 or false"},
		{"vitmtl", func(m *recipe.Model, t *recipe.Train) { m.Load, m.Priority = 0.5, "scores" }, // neither makes sense alone
			`system vitmtl (kind finetune) does not read model.priority = "scores", model.load = 0.5, unlike s4d, vitmoe: leave them out, or set them to "" or 0`},
		{"vit", func(_ *recipe.Model, t *recipe.Train) { t.Freeze = []string{"head.*"} }, ""},
	} {
		r := tiny[c.of]
		_, err := OfNew(r)
		require.NoError(t, err)
		c.change(&r.Model, &r.Train)
		s, err := OfNew(r)
		require.Equal(t, c.of, s.Name)
		if c.want == "" {
			require.NoError(t, err)
			continue
		}
		require.EqualError(t, err, c.want)
	}
	r := tiny["vit"]
	r.Model.TopK, r.Kind = 1, recipe.Pretrain
	_, err := OfNew(r)
	require.EqualError(t, err, `kind is "pretrain": system vit is for finetune`)
	r.System, r.Kind = "five", recipe.Finetune
	_, err = OfNew(r)
	require.ErrorContains(t, err, `system is "five": choose s4d`)
	r = tiny["vit"]
	r.Model.PatchSize = 5
	_, err = OfNew(r)
	require.ErrorContains(t, err, "not a multiple of the patch size 5", "the system checks its recipe, too")
}

// A list without elements sets nothing; one with some is named with them.
func TestUnreadLists(t *testing.T) {
	before := All
	defer func() { All = before }()
	All = append(slices.Clip(All), &system.System{Name: "other", Kind: recipe.Finetune, Keys: []string{"train.freeze"}})
	r := tiny["vit"]
	r.Train.Freeze = []string{}
	_, err := OfNew(r)
	require.NoError(t, err)
	r.Train.Freeze = []string{"head.*", "norm"}
	_, err = OfNew(r)
	require.EqualError(t, err, `system vit (kind finetune) does not read train.freeze = ["head.*" "norm"], unlike other: leave it out, or set it to []`)
}

// No embedded recipe, and no published size, sets what its system does not read.
func TestRecipesSetWhatIsRead(t *testing.T) {
	var all []recipe.Recipe
	for _, name := range recipe.Names() {
		r, err := recipe.Load(name)
		require.NoError(t, err)
		all = append(all, r)
	}
	for _, s := range All {
		if len(s.Presets) > 0 {
			r, ok := Preset(s.Name + "-tiny")
			require.True(t, ok)
			all = append(all, r)
		}
	}
	for _, r := range all {
		_, err := OfNew(r)
		require.NoError(t, err, r.Name)
	}
}

var reader = regexp.MustCompile("(?m)^\\| `([^`]+)` +\\| ([a-z0-9, -]*[a-z0-9]) +\\|")

// The document lists each key that not every run reads, and the systems that do.
func TestReadersAreDocumented(t *testing.T) {
	_, section, ok := strings.Cut(formats.Read(t), "\n## recipe: keys of some systems\n")
	require.True(t, ok)
	section, _, _ = strings.Cut(section, "\n## ")
	documented, want := map[string]string{}, map[string]string{}
	for _, row := range reader.FindAllStringSubmatch(section, -1) {
		require.Empty(t, documented[row[1]], row[1])
		documented[row[1]] = row[2]
	}
	words := strings.NewReplacer(recipe.Finetune, "fine-tuning", recipe.Pretrain, "pre-training")
	for _, key := range recipe.Keys() {
		if kinds := recipe.KindsOf(key); len(kinds) > 0 {
			want[key] = words.Replace(strings.Join(kinds, ", "))
		} else if names := readersOf([]string{key}); strings.Count(names, ",") < len(All)-1 {
			want[key] = names
		}
	}
	require.Equal(t, want, documented)
}
