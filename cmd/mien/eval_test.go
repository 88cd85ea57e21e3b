package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/infer"
	"mien/run"
)

// printedScore is a score of unequal numbers, and what is printed of it.
var printedScore = infer.NamedScore{Name: "dynamic", Modality: data.Video, Score: &infer.Score{UAR: 1.126, WAR: 22, N: 7, MacroF1: 33.5, WeightedF1: 4.25,
	Labels: []string{"joy", "fear"}, Confusion: infer.Confusion{{1, 2}, {0, 4}}, Calibration: infer.Calibration{ECE: 55.75}}}

const (
	printedNumbers   = "dynamic  1.13  22.00     33.50         4.25  55.75  7"
	printedConfusion = "\ndynamic: true class by row, predicted by column\n      joy  fear   recall  precision      F1\n" +
		"joy     1     2   33.3 %    100.0 %  50.0 %\nfear    0     4  100.0 %     66.7 %  80.0 %\n"
)

// All that was measured on a set is printed, each number under its name; and which head answered, unless it is that of the set.
func TestPrintedScore(t *testing.T) {
	printed := func(s infer.NamedScore) string {
		var b bytes.Buffer
		printScore(&console{stdout: &checked{Writer: &b}}, s)
		return b.String()
	}
	header := "set       UAR    WAR  macro F1  weighted F1    ECE  n"
	s := printedScore
	require.Equal(t, header+"\n"+printedNumbers+"\n"+printedConfusion, printed(s))
	all := *s.Score
	all.Bootstrap = &infer.Bootstrap{Draws: 9, UAR: infer.Interval{Low: 0.5, High: 6.25}, WAR: infer.Interval{Low: 17, High: 28}}
	all.Agreement = &infer.Agreement{Top1: 98.5, LargestChange: 0.01234}
	s.Score, all.Head = &all, data.Video
	require.Equal(t, header+"   UAR in 95 %     WAR in 95 %   as f32  largest change\n"+
		printedNumbers+"  0.50 to 6.25  17.00 to 28.00  98.50 %          0.0123\n"+printedConfusion, printed(s))
	all.Head = data.Image
	require.Regexp(t, `(?m)^dynamic by the image head  1.13 .*\n\ndynamic by the image head: true class by row`, printed(s))
}

// An evaluation is of lists or of drawn faces, and flags that contradict each other are refused.
func TestFlagsOfEval(t *testing.T) {
	images, videos := dataFlags{StaticList: "a", StaticRoot: "in"}, dataFlags{DynamicList: "a"}
	for _, c := range []struct {
		evalCmd
		want string
	}{
		{evalCmd{Drawn: true, Bootstrap: maxDraws}, ""},
		{evalCmd{dataFlags: images, Head: "video"}, ""},
		{evalCmd{dataFlags: videos, modelFlags: modelFlags{Published: true}}, ""},
		{evalCmd{}, "nothing to evaluate on: give --static-list or --dynamic-list, or --drawn for drawn faces"},
		{evalCmd{Drawn: true, Bootstrap: maxDraws + 1}, "--bootstrap 10001: it must be from 0 to 10000"},
		{evalCmd{Drawn: true, dataFlags: images}, "--drawn is for an evaluation without lists: leave one of them out"},
		{evalCmd{Drawn: true, dataFlags: videos}, "--drawn is for an evaluation without lists: leave one of them out"},
		{evalCmd{dataFlags: images, Head: "image", modelFlags: modelFlags{Published: true}},
			"--published and --head: the released code measures each head on its own modality; leave one of them out"},
	} {
		err := c.checkSets()
		if c.want == "" {
			require.NoError(t, err, "%+v", c.evalCmd)
		} else {
			require.EqualError(t, err, c.want, "%+v", c.evalCmd)
		}
	}
}

// Intervals are drawn from the answers of each set, as often as --bootstrap says, with the seed of the model's recipe.
func TestIntervalsOfEval(t *testing.T) {
	var printed bytes.Buffer
	out := &console{ctx: t.Context(), stdout: &checked{Writer: &printed}, stderr: io.Discard, backend: cpu.New()}
	m, err := infer.Open(untrained(t, out.backend, "model", 4), out.backend, nil)
	require.NoError(t, err)
	defer m.Close()
	m.Recipe.Seed = 9
	sets, err := run.DrawnTest(m.Description)
	require.NoError(t, err)
	r, err := (&evalCmd{Bootstrap: 50}).evaluate(out, m, sets)
	require.NoError(t, err)
	require.Len(t, r.Scores(), 2)
	var one, other bytes.Buffer
	printScore(&console{stdout: &checked{Writer: &one}}, r.Scores()[0])
	printScore(&console{stdout: &checked{Writer: &other}}, r.Scores()[1])
	require.Equal(t, one.String()+"\n"+other.String(), printed.String(), "a blank line between the sets alone")
	for _, s := range r.Scores() {
		require.Equal(t, infer.NewBootstrap(7, s.Answers, 50, 9), s.Bootstrap)
		require.NotEqual(t, infer.NewBootstrap(7, s.Answers, 50, 0), s.Bootstrap)
	}
	r, err = (&evalCmd{}).evaluate(out, m, sets)
	require.NoError(t, err)
	require.Nil(t, r.Static.Bootstrap)
}

// Below f32, answers are compared with those that the same evaluation gives at f32: with --published, those of the released code.
func TestReferenceOfEval(t *testing.T) {
	const golden, released = "../../testdata/golden/", "../../testdata/golden/released_form.pth"
	list := filepath.Join(t.TempDir(), "faces.txt")
	require.NoError(t, os.WriteFile(list, []byte("clip/021.png 2\nface.png 1\nclip/000.png 5\n"), 0o644))
	b := cpu.New()
	defer b.Close()
	opened := func(published bool, p engine.Precision) *infer.Model {
		open := infer.Open
		if published {
			open = infer.OpenPublished
		}
		m, err := open(released, b, &p)
		require.NoError(t, err)
		return m
	}
	agreement := func(published, reference bool) *infer.Agreement {
		m := opened(published, engine.Int8)
		defer m.Close()
		m.Reference = opened(reference, engine.Full)
		lists, err := data.OpenLists(data.Lists{StaticList: list, StaticRoot: golden})
		require.NoError(t, err)
		sets, _, err := m.Match(lists)
		require.NoError(t, err)
		r, err := m.Evaluate(t.Context(), sets)
		require.NoError(t, err)
		return r.Static.Agreement
	}
	for published, flags := range map[bool][]string{false: nil, true: {"--published"}} {
		code, stdout, stderr := mien(append([]string{"eval", "--model", released, "--precision", "int8", "--static-list", list, "--static-root", golden,
			"--json"}, flags...)...)
		require.Zero(t, code, stderr)
		var got evaluation
		require.NoError(t, json.Unmarshal([]byte(stdout), &got))
		want := agreement(published, published)
		require.Equal(t, [2]float64{want.Top1, want.LargestChange}, [2]float64{got.Static.Agreement.Top1, got.Static.Agreement.LargestChange})
		require.NotEqual(t, agreement(published, !published).LargestChange, want.LargestChange)
	}
}
