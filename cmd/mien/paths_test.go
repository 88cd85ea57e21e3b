package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/ablate"
	"mien/run"
)

// The name of a file can't control the terminal, and one that is not UTF-8 is whole in JSON.
func TestHostileNames(t *testing.T) {
	face, err := os.ReadFile("../../testdata/golden/face.png")
	require.NoError(t, err)
	const model = "../../testdata/golden/released_form.pth"
	for _, c := range []struct{ name, printed string }{
		{"red\x1b[31m\tface\n\x7f.png", `red\x1b[31m\tface\n\x7f.png`},
		{"Jos\xe9.png", `Jos\xe9.png`},
		{"\u009b2J\u202egnp.png", `\u009b2J\u202egnp.png`},
		{"café \"a\" \\ 顔.png", "café \"a\" \\ 顔.png"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, c.name)
		if err := os.WriteFile(path, face, 0o644); err != nil {
			t.Logf("this file system does not accept %q", c.name)
			continue
		}
		printed := filepath.Join(dir, c.printed)
		code, stdout, stderr := mien("predict", "--face", "none", "--model", model, path)
		require.Zero(t, code, stderr)
		require.Contains(t, stdout, "\n"+printed+"  image ")

		code, stdout, stderr = mien("predict", "--face", "none", "--model", model, "--json", path)
		require.Zero(t, code, stderr)
		require.Equal(t, path, pathIn(t, stdout))

		require.NoError(t, os.WriteFile(path, []byte("text"), 0o644))
		code, _, stderr = mien("predict", "--face", "none", "--model", model, path)
		require.Equal(t, 1, code)
		require.Equal(t, "mien: "+printed+": not an image: neither JPEG, PNG, GIF, WebP nor BMP\n", stderr)
		_, stdout, _ = mien("predict", "--face", "none", "--model", model, "--json", path)
		require.Equal(t, path, pathIn(t, stdout))
		_, _, stderr = mien("predict", "--face", "none", "--model", model, dir)
		require.Contains(t, stderr, "a single picture")
		require.Contains(t, stderr, c.printed)
	}

	dir := t.TempDir() // the note names a picture
	require.NoError(t, os.WriteFile(filepath.Join(dir, "\x1b1.png"), face, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "\x1b2.png"), []byte("text"), 0o644))
	_, _, stderr := mien("predict", "--face", "none", "--model", model, dir)
	require.Contains(t, stderr, `one of them of unknown size (`)
	require.NotContains(t, stderr, "\x1b")
}

// Nor can the name of a folder that results are written to, or the title of an ablation.
func TestHostileFolders(t *testing.T) {
	const name, printed = "to\x1b[31m", `to\x1b[31m`
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
		t.Skip("this file system does not accept it")
	}
	folder := func(of string) string { return filepath.Join(dir, name, of) }
	pre, _ := finishedRun(t, "s4d-tiny-pretrain", 7, nil)
	for of, args := range map[string][]string{
		"drawn":     {"data", "draw", "--images", "1", "--videos", "0", "--size", "16"},
		"pictures":  {"explain", "--model", released, facePNG},
		"the curve": {"report", pre},
	} {
		code, stdout, stderr := mien(append(args, "--out", folder(of))...)
		require.Zero(t, code, stderr)
		require.Contains(t, stdout, filepath.Join(dir, printed, of))
		require.NotContains(t, stdout, "\x1b")
	}
	var b bytes.Buffer
	c := ablateCmd{Out: filepath.Join(dir, name)}
	r := &ablate.Result{Title: "Red\x1b[31m", Seeds: []uint64{1}, Rows: []ablate.Row{{Name: "one"}}}
	require.NoError(t, c.show(&console{stdout: &checked{Writer: &b}}, []ablate.Study{{Options: run.Options{Out: c.Out}}}, []*ablate.Result{r}))
	require.Contains(t, b.String(), `Red\x1b[31m: one run`)
	require.Contains(t, b.String(), "look at "+filepath.Join(dir, printed, "index.html")+"\n")
	require.NotContains(t, b.String(), "\x1b")
}

// pathIn returns the path that a line of JSON names.
func pathIn(t *testing.T, line string) string {
	t.Helper()
	var p struct {
		Path  string
		Bytes []byte `json:"path_base64"`
	}
	require.NoError(t, json.Unmarshal([]byte(line), &p))
	if p.Bytes != nil {
		return string(p.Bytes)
	}
	return p.Path
}
