package main

import (
	"fmt"
	"slices"
	"strings"

	"mien/ablate"
	"mien/data"
	"mien/recipe"
	"mien/report"
	"mien/run"
)

// printAblation prints the table and the notes of an ablation.
func printAblation(out *console, c report.Comparison) {
	report.Table(out.stdout, c.Header, c.Table)
	fmt.Fprintln(out.stdout)
	for _, note := range c.Notes {
		fmt.Fprintln(out.stdout, report.Printable(note))
	}
}

// comparison returns what is printed and drawn of an ablation: its table, the papers' numbers on the right, what either side was measured
// on, and the recalls of its rows.
func comparison(r *ablate.Result) report.Comparison {
	c := report.Comparison{Title: r.Title, Notes: ablationNotes(r)}
	c.Header, c.Table = ablationTable(r)
	for i, row := range r.Rows {
		c.Rows = append(c.Rows, row.Name)
		for j, recall := range rowRecalls(row) {
			if i == 0 {
				c.Curves = append(c.Curves, report.RecallCurve{Name: recall.name, Modality: recall.modality, Dashed: recall.war})
			}
			if s := recall.spread; s != nil {
				c.Curves[j].Points = append(c.Curves[j].Points, report.RecallPoint{Row: i, Mean: s.Mean, Deviation: s.Deviation, Values: s.Values})
			}
		}
	}
	return c
}

// rowRecall is a recall of a row; spread is nil where the row has none.
type rowRecall struct {
	name     string
	modality data.Modality
	war      bool
	spread   *ablate.Spread
}

// rowRecalls returns the four recalls of a row.
func rowRecalls(row ablate.Row) []rowRecall {
	all := []rowRecall{{"static UAR", data.Image, false, nil}, {"static WAR", data.Image, true, nil},
		{"dynamic UAR", data.Video, false, nil}, {"dynamic WAR", data.Video, true, nil}}
	for i, r := range []*ablate.Recalls{row.Static, row.Dynamic} {
		if r != nil {
			all[2*i].spread, all[2*i+1].spread = &r.UAR, &r.WAR
		}
	}
	return all
}

func ablationTable(r *ablate.Result) (header []string, rows [][]string) {
	columns := []column{
		{"row", func(row ablate.Row) string { return row.Name }},
		{"parameters (M)", func(row ablate.Row) string {
			return fmt.Sprintf("%.2f / %.2f", float64(row.ActiveParameters)/1e6, float64(row.Parameters)/1e6)
		}},
	}
	if frozen(r) {
		columns = append(columns, column{"tunable", func(row ablate.Row) string { return fmt.Sprint(row.TunableParameters) }})
	}
	for _, set := range []column{
		{"static UAR / WAR", func(row ablate.Row) string { return recalls(row.Static) }},
		{"dynamic UAR / WAR", func(row ablate.Row) string { return recalls(row.Dynamic) }},
	} {
		if slices.ContainsFunc(r.Rows, func(row ablate.Row) bool { return set.cell(row) != none }) {
			columns = append(columns, set)
		}
	}
	columns = append(columns, publishedColumns(r.Rows)...)
	rows = make([][]string, len(r.Rows))
	for _, c := range columns {
		header = append(header, c.title)
		for i, row := range r.Rows {
			rows[i] = append(rows[i], c.cell(row))
		}
	}
	return header, rows
}

// frozen reports whether fine-tuning leaves a part of some model as it is.
func frozen(r *ablate.Result) bool {
	return slices.ContainsFunc(r.Rows, func(row ablate.Row) bool { return row.TunableParameters < row.Parameters })
}

// ablationNotes says in words what the table is of.
func ablationNotes(r *ablate.Result) []string {
	notes := []string{r.Title + ": " + spread(r.Seeds)}
	if r.Pretrain != nil {
		notes = append(notes, "pre-trained on "+samples(r.Pretrain, "training", "warm-up"))
	}
	tunable := ""
	if frozen(r) {
		tunable = "; tunable: those that fine-tuning learns"
	}
	notes = append(notes, "fine-tuned on "+samples(r.Finetune, "training", "warm-up"), "measured on "+samples(r.Finetune, "validation", "test"),
		fmt.Sprintf("parameters: those that a token uses / all%s; paper: %s, measured on the datasets that its columns name", tunable, r.Source))
	if r.Note != "" {
		notes = append(notes, r.Note)
	}
	if len(r.Skipped) > 0 {
		notes = append(notes, skipped(r.Skipped)+"; log.jsonl of each run says why")
	}
	return notes
}

// column is a column of a table of rows.
type column struct {
	title string
	cell  func(ablate.Row) string
}

// publishedColumns are those of what the paper says of the rows: parameters, and a dataset each.
func publishedColumns(rows []ablate.Row) (columns []column) {
	if slices.ContainsFunc(rows, func(row ablate.Row) bool { return row.Published != nil }) {
		columns = append(columns, column{"paper: parameters (M)", func(row ablate.Row) string {
			if p := row.Published; p != nil {
				return fmt.Sprintf("%g / %g", p.Active, p.Total)
			}
			return none
		}})
	}
	if slices.ContainsFunc(rows, func(row ablate.Row) bool { return row.PublishedTFLOPs != nil }) {
		columns = append(columns, column{"pre-training (GMAC)", func(row ablate.Row) string { return scaled(row.PretrainingMACs, 1e-9) }},
			column{"paper: pre-training (TFLOPs)", func(row ablate.Row) string { return scaled(row.PublishedTFLOPs, 1) }})
	}
	var datasets []string
	for _, row := range rows {
		for _, p := range row.Paper {
			if !slices.Contains(datasets, p.Dataset) {
				datasets = append(datasets, p.Dataset)
				columns = append(columns, column{"paper: " + p.Dataset, func(row ablate.Row) string { return publishedOn(row, p.Dataset) }})
			}
		}
	}
	return columns
}

// none stands in a cell about which nothing is known.
const none = "-"

// scaled is a number in another unit, to three digits.
func scaled(v *float64, unit float64) string {
	if v == nil {
		return none
	}
	return fmt.Sprintf("%.3g", *v*unit)
}

func publishedOn(row ablate.Row, dataset string) string {
	i := slices.IndexFunc(row.Paper, func(p recipe.Published) bool { return p.Dataset == dataset })
	if i < 0 {
		return none
	}
	return fmt.Sprintf("%.2f / %.2f", row.Paper[i].UAR, row.Paper[i].WAR)
}

// recalls are mean and deviation of UAR and WAR, without the latter for one seed.
func recalls(r *ablate.Recalls) string {
	if r == nil {
		return none
	}
	var texts []string
	for _, s := range []ablate.Spread{r.UAR, r.WAR} {
		text := fmt.Sprintf("%.2f", s.Mean)
		if len(s.Values) > 1 {
			text += fmt.Sprintf(" ± %.2f", s.Deviation)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, " / ")
}

// spread says in words what a cell tells of the seeds.
func spread(seeds []uint64) string {
	if len(seeds) == 1 {
		return fmt.Sprintf("one run, of seed %d", seeds[0])
	}
	return fmt.Sprintf("mean ± standard deviation of %d seeds", len(seeds))
}

// samples says in words what there is in some sets: "2000 images of drawn faces, 600 videos of clips.csv".
func samples(sources []run.Source, sets ...string) string {
	var parts []string
	for _, s := range sources {
		if slices.Contains(sets, s.Set) {
			parts = append(parts, fmt.Sprintf("%d %ss of %s", s.Samples, s.Modality, s.Origin))
		}
	}
	return strings.Join(parts, ", ")
}
