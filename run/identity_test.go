package run

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/data/augment"
	"mien/engine"
	"mien/modelfile"
	"mien/recipe"
)

// run.json identifies a run by its settings, by the content of its lists and weights and by the paths of its roots.
func TestIdentity(t *testing.T) {
	dir := t.TempDir()
	dir, err := filepath.EvalSymlinks(dir)
	require.NoError(t, err)
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	for _, name := range []string{"a", "b", "c", "d"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o755))
	}
	first := options(t, toy(t, "s4d-tiny"))
	require.NoError(t, prepared(t, first).begin())
	root := func(name string) string { return filepath.Join(dir, name) }
	o := options(t, toy(t, "s4d-tiny"))
	o.Train = data.Lists{StaticList: put("1", "one"), StaticRoot: root("a"), DynamicList: put("2", "two"), DynamicRoot: root("b")}
	o.Validation = data.Lists{StaticList: put("3", "three"), StaticRoot: root("c"), DynamicList: put("4", "four"), DynamicRoot: root("d")}
	model := filepath.Join(dir, modelfile.Name)
	require.NoError(t, modelfile.Write(model, nil, nil))
	o.Init, o.Precision, o.Landmarks = dir, engine.BF16, filepath.Join(root("a"), "landmarks.safetensors")
	require.NoError(t, modelfile.Write(o.Landmarks, nil, map[string]string{"a": "b"}))
	got, err := o.identity()
	require.NoError(t, err)
	weights, err := os.ReadFile(model)
	require.NoError(t, err)
	faces, err := os.ReadFile(o.Landmarks)
	require.NoError(t, err)
	file := func(path, text string) input { return input{path, fmt.Sprintf("%x", sha256.Sum256([]byte(text)))} }
	settings, err := o.Recipe.Settings()
	require.NoError(t, err)
	require.Equal(t, identity{Format: "mien-run-1", Recipe: settings, Precision: engine.BF16, Backend: o.Backend.Name(), Arch: runtime.GOARCH,
		Files: map[string]input{"static_list": file(o.Train.StaticList, "one"), "static_root": {Path: root("a")},
			"dynamic_list": file(o.Train.DynamicList, "two"), "dynamic_root": {Path: root("b")},
			"val_static_list": file(o.Validation.StaticList, "three"), "val_static_root": {Path: root("c")},
			"val_dynamic_list": file(o.Validation.DynamicList, "four"), "val_dynamic_root": {Path: root("d")},
			"init": file(model, string(weights)), "landmarks": file(o.Landmarks, string(faces))}}, got)
	id, err := first.identity()
	require.NoError(t, err)
	text, err := json.MarshalIndent(id, "", "  ")
	require.NoError(t, err)
	require.Equal(t, string(text)+"\n", contents(t, first.Out)[identityFile])
}

// A run folder to begin with is identified by the model that it stands for.
func TestIdentityOfAFolder(t *testing.T) {
	for name, useBest := range map[string]bool{modelfile.Name: false, modelfile.BestName: true} {
		o := options(t, toy(t, "s4d-tiny"))
		o.Init = t.TempDir()
		from := o.Recipe
		from.Train.UseBest = useBest
		for _, name := range []string{modelfile.Name, modelfile.BestName} {
			metadata, err := modelfile.Metadata(from, nil, modelfile.Trained{data.Image: {Listed: len(name)}})
			require.NoError(t, err)
			require.NoError(t, modelfile.Write(filepath.Join(o.Init, name), nil, metadata))
		}
		id, err := o.identity()
		require.NoError(t, err)
		path := filepath.Join(must(filepath.EvalSymlinks(o.Init)), name)
		require.Equal(t, map[string]input{"init": {path, fmt.Sprintf("%x", sha256.Sum256(must(os.ReadFile(path))))}}, id.Files)
	}
}

// Four differences are named, and of more how many there are.
func TestDifferencesAreCounted(t *testing.T) {
	id, err := options(t, toy(t, "s4d-tiny")).identity()
	require.NoError(t, err)
	for n, want := range map[int]string{
		4: "seed is 0 there and 8 here, train.clip is 0.5 there and 9 here, the backend is cpu/old there and " + id.Backend +
			" here, the processor is z80 there and " + runtime.GOARCH + " here: resume",
		6: "seed is 0 there and 8 here, train.beta2 is 0.999 there and 7 here, train.clip is 0.5 there and 9 here, --precision is bf16 there and " +
			"f32 here, 2 more: resume",
	} {
		there, here := id, id
		there.Backend, there.Arch = "cpu/old", "z80"
		here.Recipe = maps.Clone(id.Recipe)
		here.Recipe["seed"], here.Recipe["train.clip"] = "8", "9"
		if n == 6 {
			here.Recipe["train.beta2"], there.Precision = "7", engine.BF16
		}
		record, err := json.Marshal(there)
		require.NoError(t, err)
		require.ErrorContains(t, here.check(record, "DIR"), "run folder DIR belongs to another run: "+want)
	}
}

// A key that one recipe sets and the other leaves out is a difference, either way, if runs of the system read it.
func TestUnsetKeysAreDifferences(t *testing.T) {
	plain := toy(t, "s4d-tiny")
	for want, change := range map[string]func(r *recipe.Recipe){
		"model.residual is %s there and %s here":          func(r *recipe.Recipe) { r.Model.Residual = true },
		"model.head_hidden is %s there and %s here":       func(r *recipe.Recipe) { r.Model.HeadHidden = 5 },
		"train.idle_steps is %s there and %s here":        func(r *recipe.Recipe) { r.Train.IdleSteps = true },
		"train.best_set is %s there and %s here":          func(r *recipe.Recipe) { r.Train.BestSet = "static" },
		"train.freeze is %s there and %s here":            func(r *recipe.Recipe) { r.Train.Freeze = []string{"a"} },
		"views.video.erase.ratio is %s there and %s here": func(r *recipe.Recipe) { r.Views.Video.Erase = &augment.Erase{Ratio: augment.Range{1, 3}} },
	} {
		set := plain
		change(&set)
		settings, err := set.Settings()
		require.NoError(t, err)
		key, _, _ := strings.Cut(want, " ")
		for _, pair := range [][2]recipe.Recipe{{set, plain}, {plain, set}} {
			there, err := options(t, pair[0]).identity()
			require.NoError(t, err)
			here, err := options(t, pair[1]).identity()
			require.NoError(t, err)
			record, err := json.Marshal(there)
			require.NoError(t, err)
			require.NoError(t, there.check(record, "DIR"))
			was, is := cmp.Or(there.Recipe[key], "unset"), cmp.Or(here.Recipe[key], "unset")
			require.Contains(t, []string{was, is}, settings[key])
			require.ErrorContains(t, here.check(record, "DIR"), fmt.Sprintf(want, was, is))
		}
	}
}
