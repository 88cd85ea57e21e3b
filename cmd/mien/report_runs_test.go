package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/infer"
	"mien/report"
	"mien/run"
)

// finishedRun writes what a report reads of a finished run with a recipe of that name: on each modality one step, and with a score its
// evaluations, of which the first is the better one.
func finishedRun(t *testing.T, name string, loss float64, score *infer.Score) (folder string, shown report.Run) {
	t.Helper()
	r := toyRecipe(t, name)
	r.Name = filepath.Base(t.TempDir()) + "-" + name
	text, err := r.Text()
	require.NoError(t, err)
	folder = t.TempDir()
	log := fmt.Sprintf(`{"modality":"video","loss":%v}`+"\n"+`{"modality":"image","loss":%v}`+"\n", loss, loss+1)
	metrics := fmt.Sprintf(`{"loss":{"video":%v,"image":%v},"epochs":2}`, loss, loss+1)
	shown.Curves = []run.Curve{{Modality: data.Image, Steps: []float64{1}, Loss: []float64{loss + 1}}, {Modality: data.Video, Steps: []float64{0}, Loss: []float64{loss}}}
	if score != nil {
		line := func(epoch int, uar float64) string {
			return fmt.Sprintf(`{"epoch":%d,"metrics":{"dynamic":{"uar":%v,"n":%d}}}`+"\n", epoch, uar, score.N)
		}
		log += line(0, score.UAR+9) + line(1, score.UAR)
		metrics = fmt.Sprintf(`{"epochs":2,"final":{"dynamic":{"uar":%v,"n":%d}}}`, score.UAR, score.N)
		better := *score
		better.UAR += 9
		shown.Evaluations = []run.Evaluation{{Epoch: 0, Steps: 2, Report: &infer.Report{Dynamic: &better}}, {Epoch: 1, Steps: 2, Report: &infer.Report{Dynamic: score}}}
	}
	write(t, folder, "recipe.toml", string(text))
	write(t, folder, "log.jsonl", log)
	write(t, folder, "metrics.json", metrics)
	write(t, folder, "model.safetensors", "")
	shown.Title = r.Name
	return folder, shown
}

// All runs are shown in their order. Of several of a kind, the last is the one whose model is looked at, and whose figures are the page's.
func TestRunsOfAReport(t *testing.T) {
	pre, preShown := finishedRun(t, "s4d-tiny-pretrain", 7, nil)
	later, laterShown := finishedRun(t, "s4d-tiny-pretrain", 5, nil)
	tuned, tunedShown := finishedRun(t, "s4d-tiny", 3, &infer.Score{UAR: 20, N: 4})
	again, againShown := finishedRun(t, "s4d-tiny", 2, &infer.Score{UAR: 30, N: 6})
	marks, marksShown := finishedRun(t, "landmarks-tiny", 4, nil)
	shown := map[string]report.Run{marks: marksShown, pre: preShown, later: laterShown, tuned: tunedShown, again: againShown}
	for _, c := range []struct {
		runs               []string
		pretrain, finetune string
	}{
		{[]string{pre, tuned}, pre, tuned},
		{[]string{tuned, pre}, pre, tuned},
		{[]string{pre, later, tuned, again}, later, again},
		{[]string{again, tuned, later, pre}, pre, tuned},
		{[]string{again}, "", again},
		{[]string{later}, later, ""},
		{[]string{marks}, "", ""},
		{[]string{marks, pre, tuned}, pre, tuned},
		{[]string{pre, tuned, marks}, pre, tuned},
	} {
		page, pretrain, finetune, err := (&reportCmd{Runs: c.runs}).runs()
		require.NoError(t, err)
		require.Equal(t, []string{c.pretrain, c.finetune}, []string{pretrain, finetune})
		want := &report.Page{Title: "mien: " + filepath.Base(c.runs[len(c.runs)-1]), Intro: page.Intro}
		for i, folder := range c.runs {
			r := shown[folder]
			r.Title = fmt.Sprintf("%d. %s", i+1, r.Title)
			want.Runs = append(want.Runs, r)
		}
		if c.finetune != "" {
			want.Report = shown[c.finetune].Evaluations[1].Report
		}
		require.Equal(t, want, page)
	}

	for _, folder := range []string{tuned, marks} { // killed when the model was measured
		require.NoError(t, os.Remove(filepath.Join(folder, "metrics.json")))
		write(t, folder, "checkpoint-2.safetensors", "")
		_, _, _, err := (&reportCmd{Runs: []string{pre, folder}}).runs()
		require.EqualError(t, err, folder+": the run is not finished: 2 of 2 epochs")
	}
	require.NoError(t, os.Remove(filepath.Join(later, "model.safetensors")))
	_, _, _, err := (&reportCmd{Runs: []string{pre, later, again}}).runs()
	require.EqualError(t, err, later+": the run is not finished: 2 of 2 epochs")
	_, _, _, err = (&reportCmd{Runs: []string{again, filepath.Join(later, "log.jsonl")}}).runs()
	require.EqualError(t, err, filepath.Join(later, "log.jsonl")+": not a run folder")
}
