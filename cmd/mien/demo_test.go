package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/infer"
	"mien/modelfile"
	"mien/nn"
	"mien/report"
	"mien/run"
)

// An interrupted demo resumes when run again, but never overwrites a demo of another seed or other files.
func TestDemoGoesOn(t *testing.T) {
	patient(t)
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

// A demo goes on with fine-tuning where pre-training has ended, from its model, by its own recipe and with its own seed; again and again.
func TestDemoGoesOnWithFineTuning(t *testing.T) {
	dir, b := t.TempDir(), newCPU()
	defer b.Close()
	demo := func() (code int, messages string) { // until a run says what it learns from
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		stderr := &stopper{text: "dynamic training", stop: cancel}
		out := &console{ctx: ctx, stdout: &checked{Writer: io.Discard}, stderr: stderr}
		return out.command([]string{"demo", "--out", dir, "--seed", "6"}), stderr.written.String()
	}
	code, messages := demo()
	require.Equal(t, interrupted, code, messages)
	pretrain := filepath.Join(dir, "pretrain")
	state, err := run.ReadState(pretrain)
	require.NoError(t, err)
	require.Equal(t, "s4d-demo-pretrain", state.Recipe.Name)
	scope := nn.NewScope(b, engine.Float32, nn.Random{Seed: 1})
	defer scope.Free()
	of(t, state.Recipe).Build(scope, state.Recipe)
	metadata, err := modelfile.Metadata(state.Recipe, nil, modelfile.Trained{data.Image: {Drawn: 3}, data.Video: {Drawn: 2}})
	require.NoError(t, err)
	require.NoError(t, modelfile.Write(filepath.Join(pretrain, modelfile.Name), scope.Params(), metadata))
	write(t, pretrain, "metrics.json", `{"epochs":1}`)
	for range 2 {
		code, messages = demo()
		require.Equal(t, interrupted, code, messages)
		require.Contains(t, messages, pretrain+": the run is finished\n")
		require.Contains(t, messages, "\nmien: the same command continues the demo\nmien: interrupted\n")
		var begun struct {
			Recipe struct {
				Name, Seed string
			}
			Files struct{ Init struct{ Path string } }
		}
		text, err := os.ReadFile(filepath.Join(dir, "finetune", "run.json"))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &begun))
		require.Equal(t, []string{"s4d-demo", "6", filepath.Join(pretrain, modelfile.Name)}, []string{begun.Recipe.Name, begun.Recipe.Seed, begun.Files.Init.Path})
	}
}

// At its end a demo writes its page and prints how good its model is, how long that took, and what to try with the fine-tuned model.
func TestEndOfADemo(t *testing.T) {
	c := demoCmd{Out: t.TempDir()}
	m := &infer.Model{Description: modelfile.Description{Trained: modelfile.Trained{"image": {Drawn: 7}, "video": {Drawn: 3}}}}
	page := &report.Page{Title: "T", Model: m, Facts: [][2]string{{"Seed", "5"}},
		Report: &infer.Report{Static: &infer.Score{UAR: 10.126, WAR: 20.5, N: 30}, Dynamic: &infer.Score{UAR: 40, WAR: 50.25, N: 6}}}
	for _, s := range page.Report.Scores() {
		s.Labels, s.Confusion, s.Calibration.Bins = []string{"joy"}, infer.Confusion{{1}}, make([]infer.Bin, 2)
	}
	var b bytes.Buffer
	require.NoError(t, c.show(&console{stdout: &checked{Writer: &b}}, page, 65*time.Second))
	index := filepath.Join(c.Out, "index.html")
	require.Equal(t, "set        UAR    WAR   n\nstatic   10.13  20.50  30\ndynamic  40.00  50.25   6\n"+
		"took 1m5s; look at "+index+", and try\n  mien eval --model "+filepath.Join(c.Out, "finetune")+" --drawn\n"+
		"this model has learned from images and videos of drawn faces only: it cannot judge real faces\n", b.String())
	text, err := os.ReadFile(index)
	require.NoError(t, err)
	require.Contains(t, string(text), "Time: 1m5s")
}

// The page shows both runs and single samples, of which neither set lacks any, and names what the run depends on.
func TestDemoPage(t *testing.T) {
	c := demoCmd{Out: filepath.Join(t.TempDir(), "demo"), Seed: 5}
	b := newCPU()
	defer b.Close()
	var stderr bytes.Buffer
	page, err := c.train(&console{ctx: t.Context(), stderr: &stderr, backend: b}, "s4d-tiny-pretrain", "s4d-tiny")
	require.NoError(t, err)
	require.Equal(t, []string{"Pre-training", "Fine-tuning"}, []string{page.Runs[0].Title, page.Runs[1].Title})
	for i, kind := range []string{"pretrain", "finetune"} {
		state, err := run.ReadState(filepath.Join(c.Out, kind))
		require.NoError(t, err)
		require.True(t, state.Finished)
		require.Equal(t, kind, state.Recipe.Kind)
		require.EqualValues(t, 5, state.Recipe.Seed)
		curves, err := run.Curves(filepath.Join(c.Out, kind))
		require.NoError(t, err)
		require.Len(t, curves, 2)
		require.Equal(t, curves, page.Runs[i].Curves)
		if kind == "finetune" {
			require.Equal(t, state.Metrics.Final, page.Report)
			require.Equal(t, [][2]string{{"Version", run.Version()}, {"Backend", b.Name()}, {"Seed", "5"},
				{"Parameters", fmt.Sprint(state.Metrics.Parameters)}}, page.Facts)
		}
	}
	info, err := describe(filepath.Join(c.Out, "finetune"))
	require.NoError(t, err)
	require.Equal(t, info.ImageLabels, page.Model.Labels[data.Image])
	m, err := infer.Open(filepath.Join(c.Out, "finetune"), b, nil)
	require.NoError(t, err)
	defer m.Close()
	sets, err := run.DrawnTest(m.Description)
	require.NoError(t, err)
	routing, err := report.RoutingOf(t.Context(), m, sets, 40)
	require.NoError(t, err)
	require.Equal(t, routing, page.Routing)
	require.Equal(t, info.Experts.Blocks, page.Routing.Blocks)
	require.Len(t, page.Reconstructions, 2*3)
	require.Len(t, page.Examples, 2*7)
	require.Equal(t, []int{1, 4}, []int{page.Reconstructions[2].Masked.T, page.Reconstructions[3].Masked.T})
	require.Equal(t, []data.Modality{data.Image, data.Video}, []data.Modality{page.Examples[6].Modality, page.Examples[7].Modality})
	require.Contains(t, stderr.String(), "loaded 28 tensors\n", "the second run begins with the first")
}

// The demonstration does not invite photographs, which its model cannot judge.
func TestDemoSaysWhatItsModelKnows(t *testing.T) {
	m := &infer.Model{Description: modelfile.Description{Trained: modelfile.Trained{"image": {Drawn: 7}, "video": {Drawn: 3}}}}
	var b bytes.Buffer
	invite(&console{stdout: &checked{Writer: &b}}, time.Second, "d/index.html", "d/finetune", m)
	require.Equal(t, "took 1s; look at d/index.html, and try\n  mien eval --model d/finetune --drawn\n"+
		"this model has learned from images and videos of drawn faces only: it cannot judge real faces\n", b.String())
}
