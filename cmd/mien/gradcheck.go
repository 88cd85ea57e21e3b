package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mien/asm"
	"mien/engine"
	"mien/engine/cpu"
	"mien/gradcheck"
	"mien/gradcheck/cases"
	"mien/report"
)

type gradcheckCmd struct {
	Filter string `arg:"" optional:"" help:"Only cases whose name holds this text."`
	JSON   bool   `help:"Print JSON."`
}

// gradReport is what gradcheck prints.
type gradReport struct {
	Format string    `json:"format"`
	Cases  []gradRow `json:"cases"`
}

const gradFormat = "mien-gradcheck-1"

// gradRow is the result of one case: the worst relative error of float64 against finite differences, and of float32 against
// float64.
type gradRow struct {
	Name    string             `json:"name"`
	Checked int                `json:"checked"`
	Float64 float64            `json:"float64"`
	Float32 map[string]float64 `json:"float32"`
	BF16    float64            `json:"bf16"` // training at bf16, on the device
	Worst   string             `json:"worst"`
	Error   string             `json:"error"`
}

func (c *gradcheckCmd) Run(out *console) error {
	chosen := slices.DeleteFunc(append(gradcheck.Ops(), cases.Layers()...), func(k gradcheck.Case) bool {
		return !strings.Contains(strings.ToLower(k.Name), strings.ToLower(c.Filter))
	})
	if len(chosen) == 0 {
		return usagef("no gradient case has %q in its name", c.Filter)
	}
	return c.check(out, chosen)
}

// check checks cases and prints their rows, those that fail with the cause.
func (c *gradcheckCmd) check(out *console, chosen []gradcheck.Case) error {
	var rows []gradRow
	failed := 0
	bar := report.NewProgress(out.stderr, len(chosen), "checking gradients")
	defer bar.Finish()
	for _, k := range chosen {
		if err := out.ctx.Err(); err != nil {
			return err
		}
		bar.Add(1)
		row := gradRow{Name: k.Name, Float32: map[string]float64{}}
		if err := row.check(k, gradTargets(out.backend)); err != nil {
			row.Error = err.Error()
			failed++
		}
		rows = append(rows, row)
	}
	bar.Finish()
	if err := printGradRows(out, c.JSON, rows); err != nil || failed == 0 {
		return err
	}
	return fmt.Errorf("%d of %d gradient cases fail", failed, len(rows))
}

// gradTarget is something to compute gradients on in float32.
type gradTarget struct {
	name string
	use  func() (restore func(), err error)
	new  func() engine.Backend
}

// gradTargets are all sets of kernels of the CPU, and the device if it is another one.
func gradTargets(device engine.Backend) (all []gradTarget) {
	for _, set := range asm.Implementations() {
		all = append(all, gradTarget{set.Name, func() (func(), error) { return asm.Use(set.Name) }, newCPU})
	}
	if _, ok := device.(*cpu.Backend); !ok {
		stay := func() (func(), error) { return func() {}, nil }
		all = append(all, gradTarget{device.Name(), stay, func() engine.Backend { return kept{device} }})
	}
	return all
}

// kept is a backend that one case after the other computes on.
type kept struct{ engine.Backend }

func (k kept) Close() error { return k.Sync() }

// check compares float64 with finite differences and then, with float64, float32 on every target and training at bf16 on the device.
func (row *gradRow) check(k gradcheck.Case, on []gradTarget) error {
	r, err := gradcheck.Check(k, gradcheck.Options{Backend: newCPU})
	row.Checked, row.Float64 = r.Checked, r.Worst.RelError
	if r.Checked > 0 {
		row.Worst = r.Worst.String()
	}
	if err != nil {
		return err
	}
	reference, err := gradcheck.Gradients(k, gradcheck.Target{Backend: newCPU, DType: engine.Float64})
	if err != nil {
		return err
	}
	var failed []error
	for _, t := range on {
		restore, err := t.use()
		if err != nil {
			return err
		}
		c, err := gradcheck.Compare(k, reference, gradcheck.Target{Backend: t.new, DType: engine.Float32})
		restore()
		row.Float32[t.name] = c.RelError
		failed = append(failed, err)
	}
	c, err := gradcheck.Compare(k, reference, gradcheck.Target{Backend: on[len(on)-1].new, DType: engine.Float32, Precision: engine.BF16})
	row.BF16 = c.RelError
	return errors.Join(append(failed, err)...)
}

func printGradRows(out *console, asJSON bool, results []gradRow) error {
	header, on := []string{"case", "compared", "float64"}, gradTargets(out.backend)
	for _, t := range on {
		header = append(header, "float32 "+t.name)
	}
	var rows [][]string
	for _, r := range results {
		row := cells("%s\t%d\t%.1e", r.Name, r.Checked, r.Float64)
		for _, t := range on {
			row = append(row, fmt.Sprintf("%.1e", r.Float32[t.name]))
		}
		rows = append(rows, append(row, fmt.Sprintf("%.1e", r.BF16), cmp.Or(r.Error, "ok")))
	}
	err := out.print(asJSON, gradReport{gradFormat, results}, append(header, "bf16", ""), rows...)
	if !asJSON {
		fmt.Fprintf(out.stdout, "%d cases; tolerances %.0e in float64, %.0e in float32, %.0e at bf16\n", len(rows), gradcheck.Tolerance,
			gradcheck.Tolerance32, gradcheck.ToleranceBF16)
	}
	return err
}
