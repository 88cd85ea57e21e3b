package main

import (
	"fmt"
	"slices"
	"strings"

	"mien/ablate"
	"mien/recipe"
	"mien/report"
	"mien/run"
)

// printAblation prints the table, the papers' numbers on the right, and what either side was measured on.
func printAblation(out *console, r *ablate.Result) {
	columns := []column{
		{"row", func(row ablate.Row) string { return row.Name }},
		{"parameters (M)", func(row ablate.Row) string {
			return fmt.Sprintf("%.2f / %.2f", float64(row.ActiveParameters)/1e6, float64(row.Parameters)/1e6)
		}},
		{"static UAR / WAR", func(row ablate.Row) string { return recalls(row.Static) }},
		{"dynamic UAR / WAR", func(row ablate.Row) string { return recalls(row.Dynamic) }},
	}
	columns = append(columns, publishedColumns(r.Rows)...)
	var header []string
	rows := make([][]string, len(r.Rows))
	for _, c := range columns {
		header = append(header, c.title)
		for i, row := range r.Rows {
			rows[i] = append(rows[i], c.cell(row))
		}
	}
	report.Table(out.stdout, header, rows)
	fmt.Fprintf(out.stdout, "\n%s: %s\n", r.Title, spread(r.Seeds))
	if r.Pretrain != nil {
		fmt.Fprintln(out.stdout, "pre-trained on "+samples(r.Pretrain, "training", "warm-up"))
	}
	fmt.Fprintln(out.stdout, "fine-tuned on "+samples(r.Finetune, "training", "warm-up"))
	fmt.Fprintln(out.stdout, "measured on "+samples(r.Finetune, "validation", "test"))
	fmt.Fprintf(out.stdout, "parameters: those that a token uses / all; paper: %s, measured on the datasets that its columns name\n", r.Source)
	if len(r.Skipped) > 0 {
		fmt.Fprintf(out.stdout, "%s; log.jsonl of each run says why\n", skipped(r.Skipped))
	}
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
