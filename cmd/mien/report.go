package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"mien/data"
	"mien/infer"
	"mien/modelfile"
	"mien/recipe"
	"mien/report"
	"mien/run"
)

// mien report: a page and figures about runs, and about what their model makes of lists.

type reportCmd struct {
	Runs    []string `arg:"" name:"run" help:"Run folders, in the order of their training: pre-training, if there was one, then fine-tuning."`
	Out     string   `help:"Folder to write: index.html, and its figures as PNG and SVG." required:"" placeholder:"DIR"`
	Drawn   bool     `help:"Measure the fine-tuned model on drawn faces, of people whom no training has seen, instead of lists."`
	Samples uint     `help:"Samples of each set whose routing is counted, and of each class whose features are averaged." default:"100" placeholder:"N"`
	Quiet   bool     `help:"Show no progress and no notes, only errors."`
	skipFlags
	dataFlags
}

func (c *reportCmd) Run(out *console) error {
	lists := data.Lists(c.dataFlags)
	if err := cmp.Or(checkRoots(lists, ""), within("samples", &c.Samples, maxListed)); err != nil {
		return err
	}
	if c.Drawn && !lists.Empty() {
		return usagef("--drawn is for a report without lists: leave one of them out")
	}
	page, pretrain, finetune, err := c.runs()
	if err != nil {
		return err
	}
	if measured := c.Drawn || !lists.Empty(); measured && finetune == "" {
		return errors.New("no fine-tuned run is given, whose model could be measured on faces: name one, or leave the lists out")
	}
	skips := &data.Skips{Limit: c.limit()}
	if finetune != "" {
		m, err := infer.Open(finetune, out.backend, nil)
		if err != nil {
			return err
		}
		defer m.Close()
		page.Model, m.Skips = m, skips
		if note := modelfile.Chosen(finetune); note != "" {
			out.note(c.Quiet, note)
			page.Facts = append(page.Facts, [2]string{"Model", note})
		}
		if c.Drawn || !lists.Empty() {
			if err := c.measure(out, page, m, pretrain, lists); err != nil {
				return err
			}
		}
	}
	if err := os.MkdirAll(c.Out, 0o777); err != nil {
		return err
	}
	names, err := page.SaveFigures(c.Out)
	if err != nil {
		return err
	}
	index := filepath.Join(c.Out, "index.html")
	if err := page.Write(index); err != nil {
		return err
	}
	fmt.Fprintf(out.stdout, "%d figures: look at %s\n", len(names), report.Printable(index))
	return leftOut(out, skips, page.Report)
}

// runs returns a page with the curves of all runs, and the last run folder of each kind, "" if there is none.
func (c *reportCmd) runs() (page *report.Page, pretrain, finetune string, err error) {
	page = &report.Page{Title: "mien: " + filepath.Base(c.Runs[len(c.Runs)-1]), Intro: "What the runs learned, step by step, and how well."}
	for i, dir := range c.Runs {
		s, err := run.ReadState(dir)
		switch {
		case err != nil:
			return nil, "", "", err
		case s == nil:
			return nil, "", "", fmt.Errorf("%s: not a run folder", dir)
		case !s.Finished || s.Metrics == nil: // which are written last
			return nil, "", "", fmt.Errorf("%s: the run is not finished: %d of %d epochs", dir, s.Epochs, s.Recipe.Train.Epochs)
		}
		r := report.Run{Title: fmt.Sprintf("%d. %s", i+1, s.Recipe.Name)}
		if r.Curves, err = run.Curves(dir); err != nil {
			return nil, "", "", err
		}
		if r.Evaluations, err = run.Evaluations(dir); err != nil {
			return nil, "", "", err
		}
		page.Runs = append(page.Runs, r)
		switch s.Recipe.Kind {
		case recipe.Pretrain:
			pretrain = dir
			continue
		case recipe.Landmarks:
			continue
		}
		finetune = dir
		if page.Report, err = s.Measured(dir); err != nil {
			return nil, "", "", err
		}
	}
	return page, pretrain, finetune, nil
}

// measure evaluates the model on the lists or on drawn faces, and adds what the page shows of samples.
func (c *reportCmd) measure(out *console, page *report.Page, m *infer.Model, pretrain string, lists data.Lists) error {
	sets, sources, err := measuredOn(out, m, lists, c.Drawn, c.Quiet)
	if err != nil {
		return err
	}
	page.Facts = append(page.Facts, [2]string{"Measured on", samples(sources, "evaluation")})
	n := 0
	for _, d := range sets.All() {
		n += len(d.Items)
	}
	meter := newMeter(out, n, "measuring", c.Quiet)
	m.Counted = meter.Add
	page.Report, err = m.Evaluate(out.ctx, sets)
	meter.Finish()
	if err != nil {
		return err
	}
	readable := m.Skips.Readable(sets)
	if page.Centres, err = report.CentresOf(out.ctx, m, readable, int(c.Samples)); err != nil {
		return err
	}
	return fillPage(out, page, m, pretrain, readable, int(c.Samples))
}

// Samples shown on a page, for each modality.
const (
	shownReconstructions = 3
	shownPredictions     = 7
	shownAttention       = 2
	routedSamples        = 40 // of the demonstration
)

// fillPage adds what a page shows of single samples, and where so many of each set are routed. pretrain is the run folder of a masked
// autoencoder, or "".
func fillPage(out *console, page *report.Page, m *infer.Model, pretrain string, sets data.Sets, routed int) (err error) {
	page.Model = m
	if pretrain != "" {
		if page.Reconstructions, err = report.Reconstruct(out.ctx, pretrain, out.backend, sets, shownReconstructions); err != nil {
			return err
		}
	}
	if page.Attention, err = report.AttentionOf(out.ctx, m, sets, shownAttention); err != nil {
		return err
	}
	if page.Routing, err = report.RoutingOf(out.ctx, m, sets, routed); err != nil {
		return err
	}
	page.Examples, err = report.Examples(out.ctx, m, sets, shownPredictions)
	return err
}
