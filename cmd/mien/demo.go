package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"mien/data"
	"mien/infer"
	"mien/recipe"
	"mien/report"
	"mien/run"
)

type demoCmd struct {
	Out  string `help:"Folder to write: two run folders and index.html. An interrupted demo in it goes on where it was." default:"mien-demo" placeholder:"DIR"`
	Seed uint64 `help:"Seed of the run." default:"0"`
}

func (c *demoCmd) Run(out *console) error {
	began := time.Now()
	pretrain, finetune := filepath.Join(c.Out, "pretrain"), filepath.Join(c.Out, "finetune")
	page := &report.Page{
		Title: "mien: a demonstration on drawn faces",
		Intro: "A small S4D model was pre-trained by hiding most of each image and video and guessing the rest, then fine-tuned " +
			"jointly on drawn images and videos with a mixture of adapter experts, and measured on drawn faces of people it had never seen.",
	}
	var metrics *run.Metrics
	for _, s := range []struct{ title, kind, recipe, init, out string }{
		{"Pre-training", recipe.Pretrain, "s4d-demo-pretrain", "", pretrain},
		{"Fine-tuning", recipe.Finetune, "s4d-demo", pretrain, finetune},
	} {
		var err error
		flags := trainFlags{Recipe: s.recipe, Init: s.init, Out: s.out, Resume: run.Begun(s.out), Seed: &c.Seed}
		hint := func(int) string { return "the same command continues the demo" }
		if metrics, err = flags.watch(out, s.kind, strings.ToLower(s.title), data.Lists{}, hint); err != nil {
			return err
		}
		curves, err := run.Curves(s.out)
		if err != nil {
			return err
		}
		page.Runs = append(page.Runs, report.Run{Title: s.title, Curves: curves})
	}
	if err := fillPage(out, page, pretrain, finetune); err != nil {
		return err
	}
	took := time.Since(began).Round(time.Second)
	page.Report, page.Facts = metrics.Final, [][2]string{
		{"Version", metrics.Environment.Version}, {"Backend", metrics.Environment.Backend},
		{"Seed", fmt.Sprint(metrics.Environment.Seed)}, {"Parameters", fmt.Sprint(metrics.Parameters)}, {"Time", took.String()},
	}
	path := filepath.Join(c.Out, "index.html")
	if err := page.Write(path); err != nil {
		return err
	}
	printReport(out, metrics.Final)
	invite(out, took, path, finetune, page.Model)
	return nil
}

// invite ends the demonstration with what its model can be tried on, and what it cannot judge.
func invite(out *console, took time.Duration, page, model string, m *infer.Model) {
	fmt.Fprintf(out.stdout, "took %s; look at %s, and try\n  mien eval --model %s --drawn\n", took, page, model)
	fmt.Fprintln(out.stdout, m.Trained.Caveat())
}

// Samples shown on the page, for each modality.
const (
	shownReconstructions = 3
	shownPredictions     = 7
	routedSamples        = 40
)

// fillPage adds what a page shows of single samples.
func fillPage(out *console, page *report.Page, pretrain, finetune string) error {
	m, err := infer.Open(finetune, out.backend, nil)
	if err != nil {
		return err
	}
	defer m.Close()
	page.Model = m
	sets, err := run.DrawnTest(m.Description)
	if err != nil {
		return err
	}
	if page.Reconstructions, err = report.Reconstruct(out.ctx, pretrain, out.backend, sets, shownReconstructions); err != nil {
		return err
	}
	if page.Routing, err = report.RoutingOf(out.ctx, m, sets, routedSamples); err != nil {
		return err
	}
	page.Examples, err = report.Examples(out.ctx, m, sets, shownPredictions)
	return err
}
