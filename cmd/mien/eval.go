package main

import (
	"cmp"
	"errors"
	"fmt"
	"runtime/debug"

	"mien/data"
	"mien/engine"
	"mien/infer"
	"mien/report"
	"mien/run"
)

// mien eval, and the flags that predict shares with it.

type evalCmd struct {
	modelFlags
	JSON  bool `help:"Print JSON."`
	Drawn bool `help:"Evaluate on drawn faces, of people whom no training has seen, instead of lists."`
	skipFlags
	dataFlags
}

const evaluationFormat = "mien-eval-1"

// evaluation is what eval prints.
type evaluation struct {
	Format string `json:"format"`
	*infer.Report
}

// modelFlags select the model, its precision and what it sees of videos.
type modelFlags struct {
	Model     string            `help:"Fine-tuned weights: a file or a run folder." required:"" placeholder:"FILE|RUN"`
	Precision *engine.Precision `help:"Number format in which linear layers multiply, f32, bf16 or int8, instead of that in which the model is stored. Below f32, attention takes bf16 where the CPU has instructions for it." placeholder:"P"`
	Stride    *uint             `help:"Frames between two sampled frames of a video, instead of the model's." placeholder:"N"`
	Windows   *uint             `help:"Windows of a video that are seen, spread evenly. Without it, predict sees all of a video with models of mien, and eval, or a published checkpoint, the first and the last window." placeholder:"N"`
	Quiet     bool              `help:"Show no progress and no notes, only errors."`
}

// Most that flags take.
const (
	maxStride  = 1000
	maxWindows = 100 // which an evaluation reads at once
	maxTop     = 1000
)

func (f modelFlags) open(out *console) (*infer.Model, error) {
	if err := cmp.Or(within("stride", f.Stride, maxStride), within("windows", f.Windows, maxWindows)); err != nil {
		return nil, err
	}
	// The model stays in memory: by default the collector would let garbage grow to the same size.
	debug.SetGCPercent(20)
	m, err := infer.Open(f.Model, out.backend, f.Precision)
	if err != nil {
		return nil, err
	}
	if f.Stride != nil {
		m.Recipe.Data.Stride = int(*f.Stride)
	}
	if f.Windows != nil {
		m.Windows = int(*f.Windows)
	}
	return m, nil
}

// note prints what the user should know.
func (f modelFlags) note(out *console, text string) {
	if !f.Quiet {
		fmt.Fprintf(out.stderr, "mien: %s\n", text)
	}
}

// within returns an error for a flag that is given and not from 1 to most.
func within(flag string, n *uint, most uint) error {
	if n != nil && (*n < 1 || *n > most) {
		return fmt.Errorf("--%s %d: it must be from 1 to %d", flag, *n, most)
	}
	return nil
}

func (c *evalCmd) Run(out *console) error {
	if err := c.checkSets(); err != nil {
		return err
	}
	m, err := c.open(out)
	if err != nil {
		return err
	}
	if c.Precision != nil && *c.Precision != engine.Full {
		if m.Reference, err = infer.Open(c.Model, out.backend, new(engine.Full)); err != nil {
			return err
		}
	}
	m.Skips = &data.Skips{Limit: c.limit()}
	sets, err := c.testSets(out, m)
	if err != nil {
		return err
	}
	r, err := c.evaluate(out, m, sets)
	if err == nil && c.JSON {
		err = out.print(true, evaluation{evaluationFormat, r}, nil)
	}
	if err != nil || len(m.Skips.Samples) == 0 {
		return err
	}
	for _, s := range m.Skips.Samples {
		fmt.Fprintf(out.stderr, "mien: skipped %s\n", s.Error)
	}
	bad := &badInputs{}
	for _, s := range r.Scores() {
		bad.bad, bad.all = bad.bad+s.Skipped, bad.all+s.Skipped+s.N
	}
	return bad
}

// evaluate measures one set after the other, and prints the result of each when it is known, unless JSON prints all.
func (c *evalCmd) evaluate(out *console, m *infer.Model, sets data.Sets) (*infer.Report, error) {
	all := &infer.Report{}
	for i, d := range sets.All() {
		meter := newMeter(out, len(d.Items), fmt.Sprintf("evaluating %ss", d.Modality), c.Quiet)
		m.Counted = meter.Add
		r, err := m.Evaluate(out.ctx, data.ByModality(d.Modality, data.Sets{Image: d}, data.Sets{Video: d}))
		meter.Finish()
		if err != nil {
			return nil, err
		}
		all.Static, all.Dynamic = cmp.Or(all.Static, r.Static), cmp.Or(all.Dynamic, r.Dynamic)
		if c.JSON {
			continue
		}
		if i > 0 {
			fmt.Fprintln(out.stdout)
		}
		printReport(out, r)
		for _, s := range r.Scores() {
			fmt.Fprintf(out.stdout, "\n%s: true class by row, predicted by column\n", s.Name)
			report.ConfusionTable(out.stdout, m.Labels[s.Modality], s.Confusion)
		}
	}
	return all, nil
}

// checkSets returns an error unless either lists or drawn faces are asked for.
func (c *evalCmd) checkSets() error {
	lists := data.Lists(c.dataFlags)
	switch err := checkRoots(lists, ""); {
	case err != nil:
		return err
	case lists.Empty() && !c.Drawn:
		return errors.New("nothing to evaluate on: give --static-list or --dynamic-list, or --drawn for drawn faces")
	case c.Drawn && !lists.Empty():
		return errors.New("--drawn is for an evaluation without lists: leave one of them out")
	}
	return nil
}

// testSets opens and checks the lists, or draws faces, and says so. An evaluation reads each sample once, so nothing is cached.
func (c *evalCmd) testSets(out *console, m *infer.Model) (sets data.Sets, err error) {
	if c.Drawn {
		sets, err = run.DrawnTest(m.Description)
	} else {
		sets, err = data.OpenLists(data.Lists(c.dataFlags))
	}
	if err != nil {
		return sets, err
	}
	sets, notes, err := m.Match(sets.Cached(data.NewBudget(0), m.Recipe.Model.ImageSize))
	for _, note := range notes {
		c.note(out, note)
	}
	if err != nil {
		return sets, err
	}
	check := listCheck{stderr: out.stderr}
	defer check.finish()
	if sets, err = m.Skips.Check(out.ctx, sets, check.Checked); err == nil && !c.Quiet {
		printSources(out, run.SourcesOf("evaluation", sets))
	}
	return sets, err
}

func printReport(out *console, r *infer.Report) {
	head, rows := []string{"set", "UAR", "WAR", "n"}, [][]string(nil)
	for _, s := range r.Scores() {
		row := cells("%s\t%.2f\t%.2f\t%d", s.Name, s.UAR, s.WAR, s.N)
		if a := s.Agreement; a != nil {
			head = []string{"set", "UAR", "WAR", "n", "as f32", "largest change"}
			row = append(row, cells("%.2f %%\t%.4f", a.Top1, a.LargestChange)...)
		}
		rows = append(rows, row)
	}
	report.Table(out.stdout, head, rows)
}
