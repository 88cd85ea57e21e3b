package main

import (
	"io"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/modelfile"
	"mien/nn"
	"mien/recipe"
	"mien/report"
	"mien/run"
)

// marksRecipe is a toy of a landmark network that is measured on so many faces of each modality.
func marksRecipe(t *testing.T, faces int) recipe.Recipe {
	t.Helper()
	r := toyRecipe(t, "landmarks-tiny")
	r.Model.LandmarkWidth, r.Model.PatchSize, r.Data.DrawnTest = 2, 8, faces
	require.NoError(t, r.Check())
	return r
}

// The picture of a landmark network shows the first images and as many videos of those that it was measured on.
func TestLandmarksPicture(t *testing.T) {
	b := newCPU()
	defer b.Close()
	out, dir := &console{ctx: t.Context(), stderr: io.Discard, backend: b}, t.TempDir()
	r := marksRecipe(t, 13)
	scope := nn.NewScope(b, engine.Float32, nn.Random{Seed: 4})
	of(t, r).Build(scope, r)
	metadata, err := modelfile.Metadata(r, nil, modelfile.Trained{data.Image: {Drawn: 1}, data.Video: {Drawn: 1}})
	require.NoError(t, err)
	require.NoError(t, modelfile.Write(filepath.Join(dir, modelfile.Name), scope.Params(), metadata))
	scope.Free()
	require.NoError(t, drawLandmarks(out, dir))

	l, err := run.OpenLocator(dir, b)
	require.NoError(t, err)
	sets, err := run.DrawnTest(l.Description)
	require.NoError(t, err)
	var shown []run.LocatedFace
	for _, d := range []*data.Dataset{sets.Image, sets.Video} {
		require.Len(t, d.Items, 13)
		for _, item := range d.Items[:12] {
			face, err := l.Locate(t.Context(), item)
			require.NoError(t, err)
			shown = append(shown, face)
		}
	}
	l.Close()
	want := filepath.Join(t.TempDir(), "want.png")
	require.NoError(t, report.SavePNG(want, report.Landmarks(shown)))
	requireSameFile(t, want, filepath.Join(dir, "landmarks.png"))
}

// A landmark network that is measured on no faces has no picture of them, and no errors.
func TestLandmarksWithoutATest(t *testing.T) {
	dir := t.TempDir()
	text, err := marksRecipe(t, 0).Text()
	require.NoError(t, err)
	write(t, dir, "marks.toml", string(text))
	to := filepath.Join(dir, "run")
	code, stdout, stderr := mien("landmarks", "train", "--recipe", filepath.Join(dir, "marks.toml"), "--out", to)
	require.Zero(t, code, stderr)
	require.Regexp(t, `^modality  loss of last epoch\nimage .*\nvideo .*\nrun folder \S+: log.jsonl, metrics.json, model.safetensors, recipe.toml, run.json\n$`, stdout)
}
