package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/mae"
)

// with writes a toy recipe with another line at its end, in the table of training.
func with(t *testing.T, name, line string) string {
	t.Helper()
	text, err := os.ReadFile("../../ablate/testdata/" + name + ".toml")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), name+".toml")
	require.NoError(t, os.WriteFile(path, append(text, line+"\n"...), 0o644))
	return path
}

// What a run would not read is refused, in one line and before anything is written, by each command that takes a recipe.
func TestUnreadKeysAreRefused(t *testing.T) {
	finetune, pretrain := with(t, "finetune", "tube_mask = true"), with(t, "pretrain", "label_smoothing = 0.25")
	study := filepath.Join(t.TempDir(), "study.toml")
	require.NoError(t, os.WriteFile(study, []byte("name = 'study'\ntitle = ''\npretrain = '../../ablate/testdata/pretrain.toml'\nfinetune = '"+finetune+"'\n"+
		"[[row]]\nname = 'one'\nscratch = true\nfinetune.train.tube_mask = false\n[[row]]\nname = 'two'\nscratch = true\n"), 0o644))
	list := filepath.Join(t.TempDir(), "list.txt")
	require.NoError(t, os.WriteFile(list, []byte("clip/000.png 0\nclip/007.png 3\nclip/014.png 5\n"), 0o644))
	mask := "system s4d (kind finetune) does not read train.tube_mask = true, unlike mae: leave it out, or set it to false\n"
	for _, c := range []struct {
		want string
		args []string
	}{
		{"recipe " + finetune + ": " + mask, []string{"finetune", "--recipe", finetune}},
		{"recipe " + pretrain + ": system mae (kind pretrain) does not read train.label_smoothing = 0.25, unlike s4d, vitmtl, vitmoe, vit, feadapter, s2d: " +
			"leave it out, or set it to 0\n", []string{"pretrain", "--recipe", pretrain}},
		{"recipe " + finetune + ": " + mask, []string{"crossval", "--recipe", finetune, "--static-list", list, "--static-root", "../../testdata/golden"}},
		{"row two: " + mask, []string{"ablate", study}},
		{"recipe " + finetune + ": " + mask, []string{"info", "--recipe", finetune}},
	} {
		out := filepath.Join(t.TempDir(), "out")
		if c.args[0] != "info" {
			c.args = append(c.args, "--out", out)
		}
		code, stdout, stderr := mien(c.args...)
		require.Equal(t, []any{1, "", "mien: " + c.want}, []any{code, stdout, stderr})
		require.NoDirExists(t, out)
	}
}

// A cross-validation that an earlier version began with a key that it did not read goes on without the key.
func TestUnreadKeyOfAnEarlierCrossValidation(t *testing.T) {
	keys := mae.System.Keys
	defer func() { mae.System.Keys = keys }()
	mae.System.Keys = slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return key == "train.tube_mask" })
	list := filepath.Join(t.TempDir(), "list.txt")
	require.NoError(t, os.WriteFile(list, []byte("clip/000.png 0\nclip/007.png 3\nclip/014.png 5\n"), 0o644))
	out := filepath.Join(t.TempDir(), "out")
	crossval := func(recipe string, more ...string) (int, string) {
		code, _, stderr := mien(append([]string{"crossval", "--recipe", recipe, "--out", out, "--folds", "3", "--static-list", list,
			"--static-root", "../../testdata/golden"}, more...)...)
		return code, stderr
	}
	masked := with(t, "finetune", "tube_mask = true")
	code, stderr := crossval(masked)
	require.Zero(t, code, stderr)
	mae.System.Keys = keys

	code, stderr = crossval(masked, "--resume")
	require.Zero(t, code, "a finished one is left: %s", stderr)
	require.NoError(t, os.RemoveAll(filepath.Join(out, "fold-3")))
	require.NoError(t, os.Remove(filepath.Join(out, "fold-3_static.csv")))
	code, stderr = crossval(masked, "--resume")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "fold 3: system s4d (kind finetune) does not read train.tube_mask = true")
	require.NoDirExists(t, filepath.Join(out, "fold-3"))
	code, stderr = crossval(with(t, "finetune", ""), "--resume")
	require.Zero(t, code, stderr)
	require.FileExists(t, filepath.Join(out, "fold-3", "model.safetensors"))
}
