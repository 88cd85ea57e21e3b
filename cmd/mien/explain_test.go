package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/infer"
	"mien/modelfile"
	"mien/nn"
	"mien/recipe"
	"mien/report"
	"mien/systems"
)

// untrained writes the model of a toy recipe with so many experts, in a file of that name, and returns its path.
func untrained(t *testing.T, b engine.Backend, name string, experts int) string {
	t.Helper()
	r, err := recipe.Load("s4d-tiny")
	require.NoError(t, err)
	r.Model.Experts = experts
	s, err := systems.Of(r)
	require.NoError(t, err)
	scope := nn.NewScope(b, engine.Float32, nn.Random{Seed: uint64(experts)})
	defer scope.Free()
	s.Build(scope, r)
	metadata, err := modelfile.Metadata(r, nil, nil)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), name+".safetensors")
	require.NoError(t, modelfile.Write(path, scope.Params(), metadata))
	return path
}

// An interruption ends explain, and is no fault of an input.
func TestInterruptedExplain(t *testing.T) {
	patient(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := filepath.Join(t.TempDir(), "pictures")
	var stderr bytes.Buffer
	require.Equal(t, interrupted, execute(ctx, []string{"explain", "--model", released, "--out", dir, facePNG, facePNG}, &bytes.Buffer{}, &stderr))
	require.Equal(t, "mien: interrupted\n", stderr.String())
	require.NoFileExists(t, filepath.Join(dir, "index.html"))
}

// What the page says of an input is the first model's answer, in the names of the head that gave it.
func TestExplanation(t *testing.T) {
	const golden = "../../testdata/golden/"
	out := &console{ctx: t.Context(), stderr: io.Discard, backend: cpu.New()}
	m, err := infer.Open(golden+"released_form.pth", out.backend, nil)
	require.NoError(t, err)
	defer m.Close()
	c := explainCmd{Out: t.TempDir()}
	for path, modality := range map[string]data.Modality{golden + "face.png": data.Image, golden + "clip": data.Video} {
		e, err := c.explain(out, []namedModel{{model: m}}, input{path: path}, "stem")
		require.NoError(t, err)
		require.Equal(t, [2]any{path, modality}, [2]any{e.Name, e.Modality})
		require.Equal(t, m.Labels[modality], e.Labels)
		require.NotEqual(t, m.Labels[data.Image], m.Labels[data.Video])
		require.InDelta(t, 1, sum(e.Probabilities), 1e-6)
		require.FileExists(t, filepath.Join(c.Out, e.Picture))
		require.Equal(t, modality == data.Video, e.Timeline != "")
	}
}

func sum(values []float64) (s float64) {
	for _, v := range values {
		s += v
	}
	return s
}

// A picture of two models shows what each of them looks at, under its name and in the colours of its own experts; the chart over time
// is of the first.
func TestPictureOfTwoModels(t *testing.T) {
	out := &console{ctx: t.Context(), stderr: io.Discard, backend: cpu.New()}
	c := explainCmd{Model: untrained(t, out.backend, "first", 4), Beside: untrained(t, out.backend, "second", 7), Out: t.TempDir()}
	models, err := c.open(out)
	require.NoError(t, err)
	require.Len(t, models, 2)
	for i, path := range []string{"../../testdata/golden/face.png", "../../testdata/golden/clip"} {
		sample, modality, err := data.Open(out.ctx, path, data.OpenOptions{H: 32, W: 32})
		require.NoError(t, err)
		var traces []report.ModelTrace
		for j, m := range models {
			views, err := m.model.Views(out.ctx, sample, modality)
			require.NoError(t, err)
			trace, err := m.model.Trace(out.ctx, views[0], modality)
			require.NoError(t, err)
			traces = append(traces, report.ModelTrace{Model: []string{"first", "second"}[j], Experts: []int{4, 7}[j], Trace: trace})
		}
		e, err := c.explain(out, models, input{path: path}, "stem")
		require.NoError(t, err)
		require.Equal(t, traces[0].Probabilities, e.Probabilities)
		require.NotEqual(t, traces[1].Probabilities, e.Probabilities)
		drawn := filepath.Join(t.TempDir(), "drawn")
		require.NoError(t, report.SavePNG(drawn+".png", report.AttentionMaps(traces)))
		requireSameFile(t, drawn+".png", filepath.Join(c.Out, e.Picture))
		if i == 0 {
			continue
		}
		moments, err := models[0].model.Timeline(out.ctx, sample, timelineWindows)
		require.NoError(t, err)
		require.NoError(t, report.SaveTimeline(drawn, "clip", models[0].model.Labels[modality], moments))
		requireSameFile(t, drawn+".svg", filepath.Join(c.Out, e.Timeline+".svg"))
	}
	for _, m := range models {
		m.model.Close()
	}
}

func requireSameFile(t *testing.T, want, got string) {
	t.Helper()
	a, err := os.ReadFile(want)
	require.NoError(t, err)
	b, err := os.ReadFile(got)
	require.NoError(t, err)
	require.True(t, string(a) == string(b), got)
}

// Two models are compared on what both see.
func TestBesideSeesTheSame(t *testing.T) {
	r := recipe.Recipe{Data: recipe.Data{Stride: 2}, Model: recipe.Model{Encoder: recipe.Encoder{Frames: 8, ImageSize: 80, PatchSize: 16, Tubelet: 4}}}
	require.Equal(t, [5]int{8, 2, 80, 16, 4}, sees(r))
	other := r
	other.Model.Dim, other.Model.Depth = 3, 5
	require.Equal(t, sees(r), sees(other))
}

// What no file's name may hold on some system is replaced, and the last extension left out.
func TestFileName(t *testing.T) {
	for path, want := range map[string]string{"in/a face.v2.png": "a_face.v2", "clip": "clip", "in/a\tb\n.gif": "a_b_", `in/<1>"2"|3?*:\.mp4`: "_1__2__3____",
		"in/\xff.png": "_", "in/gesicht-ä.png": "gesicht-ä"} {
		require.Equal(t, want, fileName(path))
	}
}
