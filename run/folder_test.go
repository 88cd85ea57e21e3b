package run

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/infer"
)

// The confusion matrix of many classes is a long line; a line truncated by a kill is no error.
func TestReadLog(t *testing.T) {
	f := &folder{dir: t.TempDir()}
	require.NoError(t, f.startLog(0, 1, []Source{}))
	defer f.log.Close()
	line := evaluationLine{place{evaluationFormat, 1, 6}, &infer.Report{Static: &infer.Score{Confusion: infer.NewConfusion(300)}}}
	require.NoError(t, f.logLine(line))
	_, err := f.log.WriteString(`{"epoch":2,"st`)
	require.NoError(t, err)
	got, err := readLog(f.dir)
	require.NoError(t, err)
	require.Equal(t, []logEntry{{stepLine: stepLine{place: line.place}, Metrics: line.Metrics}}, got)
}

// Lines and metrics of earlier versions, without a format and without what was 0, are still read.
func TestEarlierVersions(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	write(logFile, `{"epoch":0,"step":0,"modality":"video","loss":2.5,"grad_norm":5}
{"epoch":0,"step":1,"modality":"image","lr":0.25,"grad_norm":4}
{"epoch":0,"step":2,"metrics":{"static":{"uar":20,"war":40,"n":5,"confusion":[[1,0],[4,0]]}}}
{"epoch":1,"step":0,"modality":"video","loss":1.5,"lr":0.5,"grad_norm":3}
`)
	m := Metrics{Epochs: 1, Loss: map[data.Modality]float64{}}
	require.NoError(t, m.addLosses(dir))
	require.Equal(t, map[data.Modality]float64{data.Image: 0, data.Video: 2.5}, m.Loss)
	curves, err := Curves(dir)
	require.NoError(t, err)
	require.Equal(t, []Curve{{data.Image, []float64{1}, []float64{0}}, {data.Video, []float64{0, 2}, []float64{2.5, 1.5}}}, curves)

	f := &folder{dir: dir}
	require.NoError(t, f.startLog(1, 2, []Source{})) // as resuming after one epoch of two does
	defer f.log.Close()
	entries, err := readLog(dir)
	require.NoError(t, err)
	require.Len(t, entries, 3)
	require.Equal(t, infer.Confusion{{1, 0}, {4, 0}}, entries[2].Metrics.Static.Confusion)

	text, err := toy(t, "s4d-tiny").Text()
	require.NoError(t, err)
	write(recipeFile, string(text))
	write(metricsFile, `{"loss":{"image":0.5},"epochs":3,"parameters":7,"environment":{"backend":"cpu/avx2","seed":4}}`)
	state, err := ReadState(dir)
	require.NoError(t, err)
	require.Equal(t, 3, state.Epochs)
	require.Equal(t, Environment{Backend: "cpu/avx2", Seed: 4}, state.Metrics.Environment)
}

// What a line holds does not depend on its values: a loss, a learning rate or a norm of 0 is written, too.
func TestLinesHaveAllKeys(t *testing.T) {
	f := &folder{dir: t.TempDir()}
	require.NoError(t, f.startLog(0, 1, []Source{{"training", data.Image, DrawnFaces, 7, 2}}))
	defer f.log.Close()
	require.NoError(t, f.logLine(stepLine{place: place{Format: stepFormat}, Modality: data.Image}))
	text, err := os.ReadFile(f.path(logFile))
	require.NoError(t, err)
	require.Equal(t, `{"format":"mien-data-1","data":[{"set":"training","modality":"image","origin":"drawn faces","samples":7,"classes":2}]}
{"format":"mien-step-1","epoch":0,"step":0,"modality":"image","loss":0,"lr":0,"grad_norm":0}`+"\n", string(text))
}

// A run that is not finished is as far as its latest checkpoint says, by number: checkpoint-9 is older than checkpoint-10.
func TestStateIsThatOfTheLatestCheckpoint(t *testing.T) {
	dir := t.TempDir()
	text, err := toy(t, "s4d-tiny").Text()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, recipeFile), text, 0o644))
	for _, epochs := range []int{0, 9, 10} {
		if epochs > 0 {
			require.NoError(t, os.WriteFile(filepath.Join(dir, checkpointFile(epochs)), nil, 0o644))
		}
		state, err := ReadState(dir)
		require.NoError(t, err)
		require.Equal(t, epochs, state.Epochs)
		require.False(t, state.Finished)
	}
}

// Resuming keeps the lines of finished epochs. What follows the last checkpoint is done again, so that it is dropped: all of an epoch
// that did not end and, after the last epoch, its evaluation, which comes behind its checkpoint.
func TestResumedLogHoldsNothingTwice(t *testing.T) {
	report := &infer.Report{Static: &infer.Score{N: 1}}
	for finished, want := range map[int][]int{0: nil, 1: {0, 0, 0}, 2: {0, 0, 0, 1, 1, 1}, 3: {0, 0, 0, 1, 1, 1, 2, 2}} {
		f := &folder{dir: t.TempDir()}
		require.NoError(t, f.startLog(0, 3, []Source{}))
		for epoch := range 3 {
			require.NoError(t, f.logLine(stepLine{place{stepFormat, epoch, 0}, data.Image, 1, 1, 1}))
			require.NoError(t, f.logLine(skippedLine{place{skippedFormat, epoch, 1}, data.Skipped{Path: "bad"}}))
			require.NoError(t, f.logLine(evaluationLine{place{evaluationFormat, epoch, 1}, report}))
		}
		require.NoError(t, f.log.Close())
		require.NoError(t, f.startLog(finished, 3, []Source{}))
		defer f.log.Close()
		entries, err := readLog(f.dir)
		require.NoError(t, err)
		var got []int
		for _, e := range entries {
			got = append(got, e.Epoch)
			require.False(t, e.Metrics != nil && e.Epoch == 2, "it is evaluated again")
		}
		require.Equal(t, want, got, finished)
	}
}

// Unfinished files of each file of a run folder are its own, and no others.
func TestLeftovers(t *testing.T) {
	f := folder{dir: t.TempDir()}
	var own, others []string
	for _, name := range []string{"run.json", "recipe.toml", "log.jsonl", "best.safetensors", "model.safetensors", "metrics.json",
		"checkpoint-3.safetensors"} {
		own = append(own, "."+name+"-123")
		others = append(others, name, "."+name, "."+name+"-", "."+name+"-1x", name+"-123")
	}
	others = append(others, ".notes-123", "-1", ".-1", ".checkpoint-03.safetensors-1")
	for _, name := range append(own, others...) {
		require.NoError(t, os.WriteFile(f.path(name), nil, 0o644))
	}
	r := prepared(t, options(t, toy(t, "s4d-tiny")))
	require.NoError(t, os.WriteFile(r.folder.path(own[0]), nil, 0o644))
	require.NoError(t, r.begin())
	require.NoFileExists(t, r.folder.path(own[0]), "a run that goes on clears up first")
	require.NoError(t, f.clean())
	require.ElementsMatch(t, others, slices.Collect(maps.Keys(contents(t, f.dir))))
}

// Neither a file nor a place below one can be a run folder.
func TestOutThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte("mine"), 0o644))
	for _, out := range []string{file, filepath.Join(file, "run")} {
		o := options(t, toy(t, "s4d-tiny"))
		o.Out = out
		_, err := Train(t.Context(), o)
		require.Error(t, err)
		require.True(t, strings.HasPrefix(err.Error(), "run folder "+out+": "), "%v", err)
		require.Equal(t, map[string]string{"file": "mine"}, contents(t, filepath.Dir(file)))
	}
}

// A resumed log drops what is no whole line.
func TestResumedLogHoldsWholeLines(t *testing.T) {
	f := &folder{dir: t.TempDir()}
	text := `{"format":"mien-step-1","epoch":0,"step":0,"modality":"image","loss":1,"lr":2,"grad_norm":3}`
	require.NoError(t, os.WriteFile(f.path(logFile), []byte("no JSON\n"+text+"\n{\n"+text), 0o644))
	require.NoError(t, f.startLog(1, 2, nil))
	require.NoError(t, f.logLine(stepLine{place{stepFormat, 1, 0}, data.Video, 4, 5, 6}))
	require.NoError(t, f.log.Close())
	require.Equal(t, `{"format":"mien-data-1","data":null}`+"\n"+text+"\n"+
		`{"format":"mien-step-1","epoch":1,"step":0,"modality":"video","loss":4,"lr":5,"grad_norm":6}`+"\n", contents(t, f.dir)[logFile])
}
