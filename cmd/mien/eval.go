package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"mien/data"
	"mien/engine"
	"mien/experiment"
	"mien/report"
)

type evalCmd struct {
	modelFlags
	JSON bool `help:"Print JSON."`
	dataFlags
}

// modelFlags name the model that answers, and how.
type modelFlags struct {
	Model     string            `help:"Fine-tuned weights: a file or a run folder." required:"" placeholder:"FILE|RUN"`
	Precision *engine.Precision `help:"Number format in which linear layers multiply, f32, bf16 or int8, instead of that in which the model is stored. Below f32, attention takes bf16 where the CPU has instructions for it." placeholder:"P"`
	Stride    int               `help:"Frames between two sampled frames of a clip, instead of the model's." placeholder:"N"`
}

func (f modelFlags) open() (*experiment.Model, error) {
	if f.Stride < 0 {
		return nil, errors.New("--stride must be at least 1")
	}
	// The model stays: without this the collector would let as much garbage pile up beside it.
	debug.SetGCPercent(20)
	m, err := experiment.OpenModel(f.Model, f.Precision)
	if err == nil && f.Stride > 0 {
		m.Recipe.Data.Stride = f.Stride
	}
	return m, err
}

func (c *evalCmd) Run(out *console) error {
	m, err := c.open()
	if err != nil {
		return err
	}
	if c.Precision != nil && *c.Precision != engine.Full {
		full := engine.Full
		if m.Reference, err = experiment.OpenModel(c.Model, &full); err != nil {
			return err
		}
	}
	sets, err := m.TestSets(c.lists())
	if err != nil {
		return err
	}
	r, err := m.Evaluate(out.ctx, sets)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(out.stdout, r)
	}
	printReport(out, r)
	for _, s := range []struct {
		title    string
		score    *experiment.Score
		modality data.Modality
	}{{"static", r.Static, data.Image}, {"dynamic", r.Dynamic, data.Video}} {
		if s.score != nil {
			fmt.Fprintf(out.stdout, "\n%s: true class by row, predicted by column\n", s.title)
			report.ConfusionTable(out.stdout, m.Labels[s.modality], s.score.Confusion)
		}
	}
	return nil
}

func printReport(out *console, r *experiment.Report) {
	head, rows := []string{"set", "UAR", "WAR", "n"}, [][]string(nil)
	add := func(name string, s *experiment.Score) {
		if s == nil {
			return
		}
		row := []string{name, fmt.Sprintf("%.2f", s.UAR), fmt.Sprintf("%.2f", s.WAR), fmt.Sprint(s.N)}
		if a := s.Agreement; a != nil {
			head = []string{"set", "UAR", "WAR", "n", "as f32", "largest change"}
			row = append(row, fmt.Sprintf("%.2f %%", a.Top1), fmt.Sprintf("%.4f", a.LargestChange))
		}
		rows = append(rows, row)
	}
	add("static", r.Static)
	add("dynamic", r.Dynamic)
	report.Table(out.stdout, head, rows)
}

func printJSON(w io.Writer, v any) error { return json.NewEncoder(w).Encode(v) }
