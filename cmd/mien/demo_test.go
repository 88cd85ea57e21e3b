package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mien/infer"
	"mien/modelfile"
)

// An interrupted demo resumes when run again, but never overwrites a demo of another seed or other files.
func TestDemoGoesOn(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	demo := func(ctx context.Context, out string, args ...string) (code int, stderr string) {
		var b bytes.Buffer
		code = execute(ctx, append([]string{"demo", "--out", out}, args...), &bytes.Buffer{}, &b)
		return code, b.String()
	}
	begun := filepath.Join(dir, "begun")
	for range 2 {
		code, stderr := demo(ctx, begun)
		require.Equal(t, interrupted, code, stderr)
		require.Contains(t, stderr, "mien: the same command continues the demo\nmien: interrupted\n")
		require.FileExists(t, filepath.Join(begun, "pretrain", "run.json"))
	}
	code, stderr := demo(t.Context(), begun, "--seed", "1")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "begun/pretrain belongs to another run: seed is 0 there and 1 here: resume")

	foreign := filepath.Join(dir, "foreign", "pretrain", "notes.txt")
	require.NoError(t, os.MkdirAll(filepath.Dir(foreign), 0o755))
	require.NoError(t, os.WriteFile(foreign, nil, 0o644))
	code, stderr = demo(t.Context(), filepath.Join(dir, "foreign"))
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "foreign/pretrain is not empty and holds no run of this version of mien")
	left, err := os.ReadDir(filepath.Dir(foreign))
	require.NoError(t, err)
	require.Len(t, left, 1)
}

// The demonstration does not invite photographs, which its model cannot judge.
func TestDemoSaysWhatItsModelKnows(t *testing.T) {
	m := &infer.Model{Description: modelfile.Description{Trained: modelfile.Trained{"image": {Drawn: 7}, "video": {Drawn: 3}}}}
	var b bytes.Buffer
	invite(&console{stdout: &checked{Writer: &b}}, time.Second, "d/index.html", "d/finetune", m)
	require.Equal(t, "took 1s; look at d/index.html, and try\n  mien eval --model d/finetune --drawn\n"+
		"this model has learned from images and videos of drawn faces only: it cannot judge real faces\n", b.String())
}
