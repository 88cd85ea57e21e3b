package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/ablate"
	"mien/data"
	"mien/recipe"
	"mien/report"
	"mien/run"
)

// A column is there for what only a later row has, and a line for each thing that is to be known of the runs. A deviation of 0 is one.
func TestAblationTableOfALaterRow(t *testing.T) {
	recalls := func(uar, war float64) *ablate.Recalls {
		return &ablate.Recalls{UAR: ablate.Spread{Mean: uar, Values: []float64{uar, uar}}, WAR: ablate.Spread{Mean: war, Deviation: 2, Values: []float64{war - 2, war + 2}}}
	}
	r := &ablate.Result{Title: "Parts", Source: "S4D Table VI", Seeds: []uint64{6, 2},
		Pretrain: []run.Source{{Set: "training", Modality: "video", Origin: "p.csv", Samples: 17, Classes: 1},
			{Set: "warm-up", Modality: "image", Origin: run.DrawnFaces, Samples: 5, Classes: 7}},
		Finetune: []run.Source{{Set: "training", Modality: "image", Origin: "a.txt", Samples: 31, Classes: 7},
			{Set: "test", Modality: "image", Origin: "b.txt", Samples: 8, Classes: 7}, {Set: "validation", Modality: "video", Origin: "c.csv", Samples: 4, Classes: 7}},
		Rows: []ablate.Row{
			{Name: "none", Parameters: 1_500_000, ActiveParameters: 1_250_000, TunableParameters: 1_500_000},
			{Name: "some", Parameters: 2_340_000, ActiveParameters: 1_990_000, TunableParameters: 4321, Static: recalls(7, 8), Dynamic: recalls(9, 10),
				PretrainingMACs: new(2.5e9), Published: &recipe.Millions{Active: 86.5, Total: 101}, PublishedTFLOPs: new(1234.0),
				Paper: []recipe.Published{{Dataset: "A", UAR: 3, WAR: 4}, {Dataset: "B", UAR: 5, WAR: 6}}},
			{Name: "all", Parameters: 2_350_000, ActiveParameters: 2_350_000, TunableParameters: 2_350_000, Static: recalls(11, 12),
				PretrainingMACs: new(3.5e9), Paper: []recipe.Published{{Dataset: "B", UAR: 7, WAR: 8}}},
		}}
	header := []string{"row", "parameters (M)", "tunable", "static UAR / WAR", "dynamic UAR / WAR", "paper: parameters (M)", "pre-training (GMAC)",
		"paper: pre-training (TFLOPs)", "paper: A", "paper: B"}
	table := [][]string{
		{"none", "1.25 / 1.50", "1500000", "-", "-", "-", "-", "-", "-", "-"},
		{"some", "1.99 / 2.34", "4321", "7.00 ± 0.00 / 8.00 ± 2.00", "9.00 ± 0.00 / 10.00 ± 2.00", "86.5 / 101", "2.5", "1.23e+03", "3.00 / 4.00", "5.00 / 6.00"},
		{"all", "2.35 / 2.35", "2350000", "11.00 ± 0.00 / 12.00 ± 2.00", "-", "-", "3.5", "-", "-", "7.00 / 8.00"},
	}
	notes := []string{"Parts: mean ± standard deviation of 2 seeds",
		"pre-trained on 17 videos of p.csv, 5 images of drawn faces",
		"fine-tuned on 31 images of a.txt",
		"measured on 8 images of b.txt, 4 videos of c.csv",
		"parameters: those that a token uses / all; tunable: those that fine-tuning learns; paper: S4D Table VI, measured on the datasets that its columns name"}
	curve := func(name string, m data.Modality, war bool, mean func(ablate.Row) *ablate.Spread) report.RecallCurve {
		c := report.RecallCurve{Name: name, Modality: m, Dashed: war}
		for i, row := range r.Rows {
			if s := mean(row); s != nil {
				c.Points = append(c.Points, report.RecallPoint{Row: i, Mean: s.Mean, Deviation: s.Deviation, Values: s.Values})
			}
		}
		return c
	}
	of := func(r *ablate.Recalls, war bool) *ablate.Spread {
		switch {
		case r == nil:
			return nil
		case war:
			return &r.WAR
		}
		return &r.UAR
	}
	var curves []report.RecallCurve
	for _, war := range []bool{false, true} {
		name := map[bool]string{false: " UAR", true: " WAR"}[war]
		curves = append(curves, curve("static"+name, data.Image, war, func(row ablate.Row) *ablate.Spread { return of(row.Static, war) }),
			curve("dynamic"+name, data.Video, war, func(row ablate.Row) *ablate.Spread { return of(row.Dynamic, war) }))
	}
	curves[1], curves[2] = curves[2], curves[1]
	want := report.Comparison{Title: "Parts", Notes: notes, Header: header, Table: table, Rows: []string{"none", "some", "all"}, Curves: curves}
	require.Equal(t, want, comparison(r))

	// Neither pre-training nor seeds are needed for what else stands below.
	r.Pretrain, r.Note, r.Seeds, r.Skipped = nil, "One row is missing.", r.Seeds[1:], []data.Skipped{{Path: "x.png"}}
	notes = append([]string{"Parts: one run, of seed 2"}, notes[2:]...)
	want.Notes = append(notes, "One row is missing.", skipped(r.Skipped)+"; log.jsonl of each run says why")
	require.Equal(t, want, comparison(r))
	var b bytes.Buffer
	printAblation(&console{stdout: &checked{Writer: &b}}, comparison(r))
	require.Contains(t, b.String(), "\n\nParts: one run, of seed 2\nfine-tuned on 31 images of a.txt\n")
}
