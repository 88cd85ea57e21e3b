package main

import (
	"fmt"
	"slices"
	"strings"

	"mien/asm"
	"mien/gradcheck"
	"mien/mae"
	"mien/moae"
	"mien/nn"
	"mien/report"
	"mien/s4d"
	"mien/vit"
)

type gradcheckCmd struct {
	Filter string `arg:"" optional:"" help:"Only cases whose name holds this text."`
	JSON   bool   `help:"Print JSON."`
}

// gradRow is the outcome of one case: the worst relative error in float64 against differences, and of float32 against float64.
type gradRow struct {
	Name    string             `json:"name"`
	Checked int                `json:"checked"`
	Float64 float64            `json:"float64"`
	Float32 map[string]float64 `json:"float32"`
	Worst   string             `json:"worst"`
	Error   string             `json:"error,omitempty"`
}

func (c *gradcheckCmd) Run(out *console) error {
	cases := slices.Concat(gradcheck.Ops(), nn.GradCases(), vit.GradCases(), moae.GradCases(), mae.GradCases(), s4d.GradCases())
	var rows []gradRow
	failed := 0
	w := newWatcher(out, "checking gradients")
	w.Start(len(cases), 0)
	defer w.stop()
	for _, k := range cases {
		if err := out.ctx.Err(); err != nil {
			return err
		}
		w.bar.Add(1)
		if !strings.Contains(strings.ToLower(k.Name), strings.ToLower(c.Filter)) {
			continue
		}
		row := checkCase(k)
		if row.Error != "" {
			failed++
		}
		rows = append(rows, row)
	}
	w.stop()
	if len(rows) == 0 {
		return fmt.Errorf("no gradient case has %q in its name", c.Filter)
	}
	if c.JSON {
		if err := printJSON(out.stdout, rows); err != nil {
			return err
		}
	} else {
		printGradRows(out, rows)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d gradient cases fail", failed, len(rows))
	}
	return nil
}

func checkCase(k gradcheck.Case) gradRow {
	row := gradRow{Name: k.Name, Float32: map[string]float64{}}
	r, err := gradcheck.Check(k, gradcheck.Options{})
	row.Checked, row.Float64 = r.Checked, r.Worst.RelError
	if r.Checked > 0 {
		row.Worst = r.Worst.String()
	}
	narrow, err32 := gradcheck.CheckFloat32(k)
	for _, n := range narrow {
		row.Float32[n.Kernels] = n.RelError
	}
	switch {
	case err != nil:
		row.Error = err.Error()
	case err32 != nil:
		row.Error = err32.Error()
	}
	return row
}

func printGradRows(out *console, rows []gradRow) {
	header := []string{"case", "compared", "float64"}
	for _, k := range asm.Implementations() {
		header = append(header, "float32 "+k.Name)
	}
	var cells [][]string
	for _, r := range rows {
		line := []string{r.Name, fmt.Sprint(r.Checked), fmt.Sprintf("%.1e", r.Float64)}
		for _, k := range asm.Implementations() {
			line = append(line, fmt.Sprintf("%.1e", r.Float32[k.Name]))
		}
		verdict := "ok"
		if r.Error != "" {
			verdict = r.Error
		}
		cells = append(cells, append(line, verdict))
	}
	report.Table(out.stdout, append(header, ""), cells)
	fmt.Fprintf(out.stdout, "%d cases; tolerances %.0e in float64, %.0e in float32\n", len(rows), gradcheck.Tolerance, gradcheck.Tolerance32)
}
