package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine/cpu"
	"mien/infer"
	"mien/report"
	"mien/run"
)

// A report of a run and a list says which model it takes and what it measures it on, goes on without samples that cannot be read, and
// is one file with all that it shows.
func TestReport(t *testing.T) {
	dir := t.TempDir()
	tuned, list, out := filepath.Join(dir, "run"), filepath.Join(dir, "faces.txt"), filepath.Join(dir, "page")
	code, _, stderr := mien("finetune", "--recipe", "s4d-tiny", "--epochs", "1", "--out", tuned)
	require.Zero(t, code, stderr)
	face, err := os.ReadFile("../../testdata/golden/face.png")
	require.NoError(t, err)
	for name, content := range map[string][]byte{"a.png": face, "half.png": face[:len(face)/2], "text.png": []byte("text"), "b.png": face, "c.png": face} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o644))
	}
	require.NoError(t, os.WriteFile(list, []byte("half.png 1\na.png 4\ntext.png 1\nb.png 1\nc.png 4\n"), 0o644))
	code, _, stderr = mien("report", tuned, "--static-list", list, "--static-root", dir, "--out", out, "--skip-bad", "1")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "it is one more than --skip-bad 1 allows")

	videos := filepath.Join(dir, "videos.csv")
	require.NoError(t, os.WriteFile(videos, []byte("video_name,label\nclip,2\n"), 0o644))
	code, stdout, stderr := mien("report", tuned, "--static-list", list, "--static-root", dir, "--dynamic-list", videos, "--dynamic-root", "../../testdata/golden",
		"--out", out, "--skip-bad", "2")
	require.Equal(t, someBad, code, stderr)
	index := filepath.Join(out, "index.html")
	require.Equal(t, "10 figures: look at "+index+"\n", stdout)
	chosen := filepath.Join(tuned, "model.safetensors") + " is the model of the last epoch; that of the best is best.safetensors"
	require.Contains(t, stderr, "mien: "+chosen+"\n")
	require.Regexp(t, `(?m)^static evaluation +\S*faces.txt  +4        2$`, stderr)
	require.Regexp(t, "(?m)^mien: skipped \\S*/text.png: .*\nmien: skipped \\S*/half.png: .*\nmien: 2 of 6 inputs failed\n", stderr)

	text, err := os.ReadFile(index)
	require.NoError(t, err)
	page := string(text)
	require.Contains(t, page, "on 3 samples")
	require.Contains(t, page, "% of 2</span>", "recall of each class")
	require.Contains(t, page, "% of 1</span>")
	require.Contains(t, page, "<title>mien: run</title>")
	require.Contains(t, page, "Measured on: 4 images of "+list+", 1 videos of "+videos)
	require.Contains(t, page, chosen)
	require.Equal(t, 2+1, strings.Count(page, `alt="attention and experts"`), "of those that can be read")
	var names []string
	files, err := os.ReadDir(out)
	require.NoError(t, err)
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name(), ".png"); ok {
			names = append(names, name)
		}
	}
	require.Equal(t, []string{"attention-1", "attention-2", "attention-3", "centres", "confusion-dynamic", "confusion-static", "experts",
		"reliability-dynamic", "reliability-static", "run-1-losses"}, names)
	require.Equal(t, len(names)-3, strings.Count(page, "<svg "), "all charts are on the page")
	require.NotContains(t, page, ".svg")

	require.NoError(t, os.Remove(filepath.Join(tuned, "best.safetensors"))) // after which there is nothing to say about the model
	for _, args := range [][]string{{"report", tuned}, {"explain", "--model", tuned, filepath.Join(dir, "a.png")}} {
		code, _, stderr = mien(append(args, "--out", out)...)
		require.Zero(t, code, stderr)
		require.Empty(t, stderr)
		text, err = os.ReadFile(index)
		require.NoError(t, err)
		require.NotContains(t, string(text), "Model: ")
	}
}

// --samples is how many of each set are routed, and of each class averaged: of fourteen drawn faces, two of each.
func TestSamplesOfAReport(t *testing.T) {
	out := &console{ctx: t.Context(), stderr: io.Discard, backend: cpu.New()}
	m, err := infer.Open(untrained(t, out.backend, "model", 4), out.backend, nil)
	require.NoError(t, err)
	defer m.Close()
	m.Skips = &data.Skips{}
	sets, err := run.DrawnTest(m.Description)
	require.NoError(t, err)
	sets, _, err = m.Match(sets)
	require.NoError(t, err)
	var all []*report.Page
	for _, n := range []int{1, 2, 14} {
		page := &report.Page{}
		require.NoError(t, (&reportCmd{Drawn: true, Samples: uint(n), Quiet: true}).measure(out, page, m, "", data.Lists{}))
		routing, err := report.RoutingOf(out.ctx, m, sets, n)
		require.NoError(t, err)
		require.Equal(t, routing, page.Routing)
		centres, err := report.CentresOf(out.ctx, m, sets, n)
		require.NoError(t, err)
		require.Equal(t, centres, page.Centres)
		images, err := m.Centres(out.ctx, sets.Image, n)
		require.NoError(t, err)
		videos, err := m.Centres(out.ctx, sets.Video, n)
		require.NoError(t, err)
		require.Equal(t, &report.Centres{Image: m.Labels[data.Image], Video: m.Labels[data.Video], Cosines: infer.Cosines(images, videos)}, centres)
		require.Len(t, page.Examples, 2*shownPredictions)
		require.Equal(t, []int{14, 14}, []int{page.Report.Static.N, page.Report.Dynamic.N})
		all = append(all, page)
	}
	for _, n := range []uint{0, maxListed + 1} {
		require.EqualError(t, (&reportCmd{Drawn: true, Samples: n}).Run(out), fmt.Sprintf("--samples %d: it must be from 1 to 1000000000", n))
	}
	require.NotEqual(t, all[0].Routing, all[1].Routing)
	require.NotEqual(t, all[1].Routing, all[2].Routing)
	require.NotEqual(t, all[0].Centres, all[1].Centres)
	require.Equal(t, all[1].Centres, all[2].Centres, "there are no more than two of a class")
}

// Where a folder stands for the model of its best epoch, info and report show the figures of that epoch, not of the last; finetune shows
// both, and commands that use the model say which it is.
func TestFiguresOfTheBestEpoch(t *testing.T) {
	dir := t.TempDir()
	toml, tuned := filepath.Join(dir, "mine.toml"), filepath.Join(dir, "run")
	_, text, _ := mien("recipe", "s4d-tiny")
	require.NoError(t, os.WriteFile(toml, []byte(strings.Replace(text, "[train]\n", "[train]\nuse_best = true\n", 1)), 0o644))
	code, _, stderr := mien("finetune", "--recipe", toml, "--epochs", "1", "--out", tuned)
	require.Zero(t, code, stderr)
	log := filepath.Join(tuned, "log.jsonl")
	lines, err := os.ReadFile(log)
	require.NoError(t, err)
	last := strings.Split(strings.TrimSpace(string(lines)), "\n")
	better := regexp.MustCompile(`"uar":[0-9.]+`).ReplaceAllString(last[len(last)-1], `"uar":98.5`)
	require.Contains(t, better, `"uar":98.5`)
	require.NoError(t, os.WriteFile(log, append(lines, better+"\n"...), 0o644))

	_, stdout, _ := mien("info", "--model", tuned, "--json")
	require.Contains(t, stdout, `"uar":98.5`)
	code, _, stderr = mien("report", tuned, "--out", filepath.Join(dir, "page"))
	require.Zero(t, code, stderr)
	page, err := os.ReadFile(filepath.Join(dir, "page", "index.html"))
	require.NoError(t, err)
	require.Regexp(t, `<div>Images</div><div class="big">98\.5 <small>% UAR</small></div>`, string(page))

	const note = "best.safetensors is the model of the best epoch, as its recipe says (train.use_best); that of the last is model.safetensors\n"
	code, stdout, stderr = mien("finetune", "--recipe", toml, "--epochs", "1", "--out", tuned, "--resume")
	require.Zero(t, code, stderr)
	require.Regexp(t, `(?s)\nafter the last epoch\nset .*\nafter the best epoch\nset .*\nstatic +98\.50 `, stdout)
	require.NotContains(t, strings.Split(stdout, "after the best epoch")[0], "98.50")
	require.Contains(t, stderr, note)
	for _, command := range [][]string{{"predict", facePNG}, {"eval", "--drawn"}, {"explain", "--out", filepath.Join(dir, "pictures"), facePNG}} {
		args := append(command, "--model", tuned)
		code, _, stderr = mien(args...)
		require.Zero(t, code, stderr)
		require.Contains(t, stderr, note)
		code, _, stderr = mien(append(args, "--quiet")...)
		require.Zero(t, code, stderr)
		require.Empty(t, stderr)
	}
	code, _, stderr = mien("explain", "--out", filepath.Join(dir, "pictures"), "--model", filepath.Join(tuned, "model.safetensors"), "--beside", tuned, facePNG)
	require.Zero(t, code, stderr)
	require.Equal(t, "mien: "+filepath.Join(tuned, note), stderr, "of the second model alone")

	recipe, err := os.ReadFile(filepath.Join(tuned, "recipe.toml"))
	require.NoError(t, err)
	plain := strings.Replace(string(recipe), "use_best = true", "use_best = false", 1)
	require.NotEqual(t, string(recipe), plain)
	require.NoError(t, os.WriteFile(filepath.Join(tuned, "recipe.toml"), []byte(plain), 0o644))
	state, err := run.ReadState(tuned)
	require.NoError(t, err)
	shown, pretrain, finetune, err := (&reportCmd{Runs: []string{tuned}}).runs()
	require.NoError(t, err)
	require.Equal(t, []string{"", tuned}, []string{pretrain, finetune})
	require.Equal(t, state.Metrics.Final, shown.Report, "without train.use_best, of the last epoch")
	require.NotEqual(t, 98.5, shown.Report.Static.UAR)
}
