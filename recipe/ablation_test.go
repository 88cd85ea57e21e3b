package recipe

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/internal/formats"
)

// Each embedded ablation is called what its file is, and says where its published numbers are from.
func TestAblations(t *testing.T) {
	require.Contains(t, Ablations(), "pretraining")
	for _, name := range Ablations() {
		a, err := LoadAblation(name)
		require.NoError(t, err, name)
		require.Equal(t, name, a.Name)
		require.Contains(t, a.Source, map[bool]string{true: "FE-Adapter Table ", false: "S"}[strings.HasPrefix(name, "feadapter-")])
		require.NotEmpty(t, a.Title)
		require.True(t, slices.ContainsFunc(a.Rows, func(r Row) bool { return len(r.Paper) > 0 }), name)
	}
}

// What the papers print of the same model is the same in all tables.
func TestPublishedNumbersAgree(t *testing.T) {
	full := []Published{{"FERV39K", 43.41, 53.65}, {"DFEW, one fold", 70.58, 79.37}}
	for name, row := range map[string]string{"pretraining": "dual", "models": "s4d", "components": "dp-moae-jf", "position": "later",
		"experts": "experts-8", "layers": "last-half", "top-k": "top-2", "static-pretraining": "share-1", "static-finetuning": "share-0.5"} {
		require.Equal(t, full, rowOf(t, name, row).Paper, name)
	}
	require.Equal(t, full[0], rowOf(t, "joint", "joint").Paper[0])
	for a, b := range map[[2]string][2]string{
		{"pretraining", "video"}:  {"static-pretraining", "share-0"},
		{"models", "vit"}:         {"components", "dp"},
		{"components", "dp-moae"}: {"static-finetuning", "share-0"},
	} {
		require.Equal(t, rowOf(t, a[0], a[1]).Paper, rowOf(t, b[0], b[1]).Paper, a)
	}
	require.Equal(t, rowOf(t, "components", "dp-moae").Paper[:1], rowOf(t, "joint", "dynamic").Paper)
}

// The tables of FE-Adapter, as printed: UAR and WAR on DFEW, FERV39K and MAFW. The second and third rows of Table II are not among them.
func TestNumbersOfFEAdapter(t *testing.T) {
	on := func(datasets string, values ...float64) (all []Published) {
		for i, name := range strings.Fields(datasets) {
			all = append(all, Published{name, values[2*i], values[2*i+1]})
		}
		return all
	}
	const all, two = "DFEW FERV39K MAFW", "FERV39K MAFW"
	whole := on(two, 41.44, 52.11, 39.41, 55.02)
	for name, rows := range map[string]map[string][]Published{
		"feadapter-temporal": {"aggregation": on(all, 53.66, 68.51, 31.92, 46.41, 31.14, 47.51), "adapter": nil, "conv3d": nil, "dw-conv3d": nil,
			"d2conv3d": on(all, 60.89, 73.67, 41.44, 52.11, 39.41, 55.02)},
		"feadapter-blocks": {"first-third": on(two, 35.41, 45.67, 34.15, 48.22), "middle-third": on(two, 38.85, 49.81, 36.69, 51.12),
			"last-third": on(two, 40.44, 51.08, 38.22, 53.65), "last-two-thirds": on(two, 40.89, 51.66, 39.00, 54.11), "all": whole},
		"feadapter-place": {"after-mlp": on(two, 41.35, 51.89, 39.25, 54.78), "after-attention": on(two, 41.39, 52.07, 39.33, 54.92), "before-attention": whole},
		"s2d-components":  {"baseline": nil, "tma": nil, "mcp": nil, "mcp-tma": on("DFEW MAFW", 61.82, 76.03, 41.86, 57.37), "mcp-tma-sdl": on("FERV39K", 41.28, 52.56)},
	} {
		a, err := LoadAblation(name)
		require.NoError(t, err)
		require.Len(t, a.Rows, len(rows))
		for _, row := range a.Rows {
			want, known := rows[row.Name]
			require.True(t, known, row.Name)
			require.Equal(t, want, row.Paper, row.Name)
		}
	}
}

// What the rows of FE-Adapter and S2D change, in the toys as at the published size.
func TestRowsOfAdapters(t *testing.T) {
	for _, base := range []string{"ablation-feadapter", "feadapter-ferv39k"} {
		full, err := Load(base)
		require.NoError(t, err)
		adapters := map[string]Adapter{}
		for _, name := range []string{"feadapter-temporal", "feadapter-blocks", "feadapter-place"} {
			a, err := LoadAblation(name)
			require.NoError(t, err)
			a.Finetune = base
			for _, row := range a.Rows {
				require.Empty(t, row.Pretrain)
				_, r, err := a.Recipes(row)
				require.NoError(t, err)
				adapters[name+" "+row.Name] = *r.Model.Adapter
				r.Name, r.Model.Adapter = full.Name, full.Model.Adapter
				require.Equal(t, full, r, "nothing but adapters differs")
			}
		}
		with := func(change func(a *Adapter)) Adapter {
			a := *full.Model.Adapter
			change(&a)
			return a
		}
		plain := func(a *Adapter) { a.Stretch, a.Modulated = "", false }
		at := func(blocks string) Adapter { return with(func(a *Adapter) { a.Blocks = blocks }) }
		stands := func(place string) Adapter { return with(func(a *Adapter) { a.Place = place }) }
		whole := *full.Model.Adapter
		require.Equal(t, map[string]Adapter{
			"feadapter-temporal aggregation":   with(func(a *Adapter) { a.Width = 0 }),
			"feadapter-temporal adapter":       with(func(a *Adapter) { plain(a); a.Kernel = []int{} }),
			"feadapter-temporal conv3d":        with(plain),
			"feadapter-temporal dw-conv3d":     with(func(a *Adapter) { plain(a); a.Depthwise = true }),
			"feadapter-temporal d2conv3d":      whole,
			"feadapter-blocks first-third":     at("part 1/3"),
			"feadapter-blocks middle-third":    at("part 2/3"),
			"feadapter-blocks last-third":      at("part 3/3"),
			"feadapter-blocks last-two-thirds": at("last 2/3"),
			"feadapter-blocks all":             whole,
			"feadapter-place after-mlp":        stands("after-mlp"),
			"feadapter-place after-attention":  stands("after-attention"),
			"feadapter-place before-attention": whole,
		}, adapters)
	}

	a, err := LoadAblation("s2d-components")
	require.NoError(t, err)
	modules := map[string][4]bool{} // prompters of the image model; prompters, adapters and self-distillation
	for _, row := range a.Rows {
		p, r, err := a.Recipes(row)
		require.NoError(t, err)
		require.Nil(t, p.Model.Temporal)
		modules[row.Name] = [4]bool{p.Model.Prompter.Width > 0, r.Model.Prompter.Width > 0, r.Model.Temporal.Width > 0, r.Train.Distillation.Anchors > 0}
	}
	require.Equal(t, map[string][4]bool{"baseline": {}, "tma": {false, false, true, false}, "mcp": {true, true, false, false},
		"mcp-tma": {true, true, true, false}, "mcp-tma-sdl": {true, true, true, true}}, modules)
}

// ViT-MoE of the published size is V-MoE's also where the recipe of S4D would have it otherwise: it draws no noise in evaluations, and
// drops no token.
func TestViTMoEOfPublishedSize(t *testing.T) {
	a, err := LoadAblation("models")
	require.NoError(t, err)
	a.Pretrain, a.Finetune = "s4d-pretrain", "s4d-ferv39k"
	_, r, err := a.Recipes(rowOf(t, "models", "vit-moe"))
	require.NoError(t, err)
	base, err := Load("s4d-ferv39k")
	require.NoError(t, err)
	require.True(t, base.Model.EvalAsTraining)
	want := base.Model
	want.EvalAsTraining, want.FixedNoise, want.SoftmaxFirst, want.Priority = false, true, true, "scores"
	want.Capacity, want.Importance, want.Load = 1.05, 0.005, 0.005
	require.Equal(t, want, r.Model)
	require.True(t, r.Train.RouterNoise)
}

func rowOf(t *testing.T, ablation, name string) Row {
	t.Helper()
	a, err := LoadAblation(ablation)
	require.NoError(t, err)
	i := slices.IndexFunc(a.Rows, func(r Row) bool { return r.Name == name })
	require.GreaterOrEqual(t, i, 0, "%s has no row %s", ablation, name)
	return a.Rows[i]
}

// A row changes what it names, and the name of a recipe says whether any row has changed it.
func TestRecipesOfRows(t *testing.T) {
	base, err := Load("s4d-tiny")
	require.NoError(t, err)
	a := Ablation{Pretrain: "s4d-tiny-pretrain", Finetune: "s4d-tiny"}
	row := Row{Name: "r", Finetune: map[string]any{"system": "vit",
		"model": map[string]any{"experts": 0, "position": "1"}, "train": map[string]any{"static_share": 0, "freeze": []any{"blocks.0.*"}}}}
	pretrain, finetune, err := a.Recipes(row)
	require.NoError(t, err)
	want := base
	want.Name, want.System, want.Model.Experts, want.Model.Position, want.Train.StaticShare = "s4d-tiny-r", "vit", 0, "1", 0
	want.Train.Freeze = []string{"blocks.0.*"}
	require.Equal(t, want, finetune)
	require.Equal(t, "s4d-tiny-pretrain", pretrain.Name)
	a.Pretrain = "image-tiny"
	pretrain, _, err = a.Recipes(row)
	require.NoError(t, err)
	require.Equal(t, Finetune, pretrain.Kind, "an image model may come first")
	pretrain, finetune, err = a.Recipes(Row{Name: "s", Scratch: true})
	require.NoError(t, err)
	require.Nil(t, pretrain)
	require.Equal(t, base, finetune)

	text, err := base.Text()
	require.NoError(t, err)
	a.Finetune = filepath.Join(t.TempDir(), "mine.toml")
	require.NoError(t, os.WriteFile(a.Finetune, text, 0o644))
	_, finetune, err = a.Recipes(row)
	require.NoError(t, err)
	require.Equal(t, want, finetune, "a recipe of a file goes by its own name")
}

// Every mistake in an ablation is one line that names it.
func TestMistakesInAblations(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.toml")
	const head = "name = 'a'\npretrain = 's4d-tiny-pretrain'\nfinetune = 's4d-tiny'\n"
	row := func(name, changes string) string { return fmt.Sprintf("[[row]]\nname = '%s'\n%s\n", name, changes) }
	for text, want := range map[string]string{
		head:                               "no rows: begin each with [[row]]",
		head + row("a b", ""):              `row 1 is called "a b": a name has letters, digits, and dots and dashes behind the first of them, 64 at most`,
		head + row("..", ""):               `row 1 is called ".."`,
		head + row("", ""):                 `row 1 is called ""`,
		head + row("a", "") + row("A", ""): "two rows are called A: their runs would have one folder",
		head + row("a", "scratch = true\npretrain.train.lr = 1"):                                               "row a: scratch is without pre-training, so that pretrain has nothing to change",
		head + row("a", "finetun.train.lr = 1"):                                                                "unknown key row.finetun: did you mean row.finetune?",
		head + row("a", "finetune.train.epoch = 1"):                                                            "row a, finetune: unknown key train.epoch: did you mean train.epochs?",
		head + row("a", "finetune.trian.lr = 1"):                                                               "row a, finetune: unknown key trian: did you mean train?",
		head + row("a", "pretrain.train.lr = 'fast'"):                                                          "row a, pretrain: train.lr: toml: ",
		head + row("a", "pretrain.train = 3"):                                                                  "row a, pretrain: train: toml: ",
		head + row("a", "finetune.train.epochs = 0"):                                                           "row a, finetune: train.epochs is 0: it must lie between 1 and 100000",
		head + row("a", "finetune.seed = 4"):                                                                   "row a, finetune: seed is not for a row to change",
		head + row("a", "finetune.kind = 'pretrain'"):                                                          "row a, finetune: kind is not for a row to change",
		strings.Replace(head, "'s4d-tiny'", "'s4d-tiny-pretrain'", 1) + row("a", ""):                           "recipe s4d-tiny-pretrain is for pretrain, and is given for finetune",
		strings.Replace(head, "'s4d-tiny-pretrain'", "'landmarks-tiny'", 1) + row("a", ""):                     "recipe landmarks-tiny is for landmarks, and is given for pretrain",
		strings.Replace(head, "'s4d-tiny-pretrain'", "'image-tiny'", 1) + row("a", "pretrain.model.depht = 1"): "row a, pretrain: unknown key model.depht: did you mean model.depth?",
		strings.Replace(head, "'s4d-tiny'", "'none'", 1) + row("a", ""):                                        `recipe "none": neither a file nor one of `,
		strings.Replace(head, "pretrain = 's4d-tiny-pretrain'\n", "", 1) + row("a", ""):                        `recipe "": neither a file nor one of `,
		strings.Replace(head, "finetune = 's4d-tiny'\n", "", 1) + row("a", ""):                                 `recipe "": neither a file nor one of `,
		"name = ]": "line 1: toml: ",
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		_, err := LoadAblation(path)
		require.Error(t, err, text)
		require.True(t, strings.HasPrefix(err.Error(), "ablation "+path+": "+want), "%v, want %s", err, want)
		require.NotContains(t, err.Error(), "\n")
	}
	_, err := LoadAblation("none")
	require.EqualError(t, err, `ablation "none": neither a file nor one of `+strings.Join(Ablations(), ", "))
	_, err = LoadAblation(dir)
	require.EqualError(t, err, "ablation "+dir+": a folder or device: name a TOML file")
}

// docs/formats.md explains each key of an ablation.
func TestKeysOfAblations(t *testing.T) {
	require.ElementsMatch(t, formats.Documented(t, "an ablation"), keys(reflect.TypeFor[Ablation](), ""))
}
