package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"mien/asm"
	"mien/engine"
	"mien/gradcheck"
	"mien/gradcheck/cases"
	"mien/report"
)

type gradcheckCmd struct {
	Filter string `arg:"" optional:"" help:"Only cases whose name holds this text."`
	JSON   bool   `help:"Print JSON."`
}

// gradRow is the result of one case: the worst relative error of float64 against finite differences, and of float32 against
// float64.
type gradRow struct {
	Name    string             `json:"name"`
	Checked int                `json:"checked"`
	Float64 float64            `json:"float64"`
	Float32 map[string]float64 `json:"float32"`
	BF16    float64            `json:"bf16"` // training at bf16, on the best kernels
	Worst   string             `json:"worst"`
	Error   string             `json:"error,omitempty"`
}

func (c *gradcheckCmd) Run(out *console) error {
	all := append(gradcheck.Ops(), cases.Layers()...)
	var rows []gradRow
	failed := 0
	bar := report.NewProgress(out.stderr, len(all), "checking gradients")
	defer bar.Finish()
	for _, k := range all {
		if err := out.ctx.Err(); err != nil {
			return err
		}
		bar.Add(1)
		if !strings.Contains(strings.ToLower(k.Name), strings.ToLower(c.Filter)) {
			continue
		}
		row := checkCase(k)
		if row.Error != "" {
			failed++
		}
		rows = append(rows, row)
	}
	bar.Finish()
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
	r, err := gradcheck.Check(k, gradcheck.Options{Backend: newBackend})
	row.Checked, row.Float64 = r.Checked, r.Worst.RelError
	if r.Checked > 0 {
		row.Worst = r.Worst.String()
	}
	if err == nil {
		err = compareKernels(k, &row)
	}
	if err != nil {
		row.Error = err.Error()
	}
	return row
}

// compareKernels compares float32 on every set of kernels, and training at bf16, with float64.
func compareKernels(k gradcheck.Case, row *gradRow) error {
	reference, err := gradcheck.Gradients(k, gradcheck.Target{Backend: newBackend, DType: engine.Float64})
	if err != nil {
		return err
	}
	var failed []error
	for _, set := range asm.Implementations() {
		restore, err := asm.Use(set.Name)
		if err != nil {
			return err
		}
		c, err := gradcheck.Compare(k, reference, gradcheck.Target{Backend: newBackend, DType: engine.Float32})
		restore()
		row.Float32[set.Name] = c.RelError
		failed = append(failed, err)
	}
	c, err := gradcheck.Compare(k, reference, gradcheck.Target{Backend: newBackend, DType: engine.Float32, Precision: engine.BF16})
	row.BF16 = c.RelError
	return errors.Join(append(failed, err)...)
}

func printGradRows(out *console, rows []gradRow) {
	header := []string{"case", "compared", "float64"}
	for _, k := range asm.Implementations() {
		header = append(header, "float32 "+k.Name)
	}
	header = append(header, "bf16")
	var cells [][]string
	for _, r := range rows {
		line := []string{r.Name, fmt.Sprint(r.Checked), fmt.Sprintf("%.1e", r.Float64)}
		for _, k := range asm.Implementations() {
			line = append(line, fmt.Sprintf("%.1e", r.Float32[k.Name]))
		}
		line = append(line, fmt.Sprintf("%.1e", r.BF16))
		cells = append(cells, append(line, cmp.Or(r.Error, "ok")))
	}
	report.Table(out.stdout, append(header, ""), cells)
	fmt.Fprintf(out.stdout, "%d cases; tolerances %.0e in float64, %.0e in float32, %.0e at bf16\n", len(rows), gradcheck.Tolerance,
		gradcheck.Tolerance32, gradcheck.ToleranceBF16)
}
