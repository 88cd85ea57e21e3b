package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Files that cannot be meant are refused before anything is read, and nothing is left.
func TestPredictRefusesFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-", "-"}, "-: standard input can be read once: give it once"},
		{[]string{"--csv", "-", "a.png"}, "--csv and --out take a file's name, and - is none: without --out, results are on standard output"},
		{[]string{"--out", "-", "a.png"}, "--csv and --out take a file's name, and - is none: without --out, results are on standard output"},
		{[]string{"--csv", "x", "--out", "./x", "a.png"}, "--csv and --out are the same file, x: give two"},
	} {
		code, _, stderr := mien(append([]string{"predict"}, c.args...)...)
		require.Equal(t, 2, code, stderr)
		require.Contains(t, stderr, c.want)
	}
	left, err := os.ReadDir(".")
	require.NoError(t, err)
	require.Empty(t, left)
}

// What is neither a picture nor a video nor text is no list of paths.
func TestPredictRefusesABinaryList(t *testing.T) {
	list := filepath.Join(t.TempDir(), "list")
	require.NoError(t, os.WriteFile(list, []byte("a\x00\x01b\n"), 0o644))
	f, err := os.Open(list)
	require.NoError(t, err)
	defer f.Close()
	usual := os.Stdin
	os.Stdin = f
	defer func() { os.Stdin = usual }()
	code, _, stderr := mien("predict", "-")
	require.Equal(t, failed, code)
	require.Equal(t, "mien: standard input: no list: it has bytes that no text has\n", stderr)
}
