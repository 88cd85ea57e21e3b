package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"mien/infer"
	"mien/recipe"
	"mien/report"
	"mien/run"
)

type demoCmd struct {
	Out  string `help:"Folder to write: two run folders and index.html. An interrupted demo in it goes on where it was." default:"mien-demo" placeholder:"DIR"`
	Seed uint64 `help:"Seed of the run." default:"0"`
	Tiny bool   `help:"Train tiny models for seconds, which learn next to nothing: to see that all works."`
	precisionFlag
}

func (c *demoCmd) Run(out *console) error {
	began := time.Now()
	size := "demo"
	if c.Tiny {
		size = "tiny"
	}
	page, err := c.train(out, "s4d-"+size+"-pretrain", "s4d-"+size)
	if err != nil {
		return err
	}
	return c.show(out, page, time.Since(began).Round(time.Second))
}

// show writes the page, and prints how good the model is and what it can be tried on.
func (c *demoCmd) show(out *console, page *report.Page, took time.Duration) error {
	page.Facts = append(page.Facts, [2]string{"Time", took.String()})
	path := filepath.Join(c.Out, "index.html")
	if err := page.Write(path); err != nil {
		return err
	}
	printReport(out, page.Report)
	invite(out, took, path, c.folder(recipe.Finetune), page.Model)
	return nil
}

// folder returns the run folder of a kind of run.
func (c *demoCmd) folder(kind string) string { return filepath.Join(c.Out, kind) }

// train carries out both runs, by recipes of these names, and returns the page about them.
func (c *demoCmd) train(out *console, pretrain, finetune string) (*report.Page, error) {
	page := &report.Page{
		Title: "mien: a demonstration on drawn faces",
		Intro: "A small S4D model was pre-trained by hiding most of each image and video and guessing the rest, then fine-tuned " +
			"jointly on drawn images and videos with a mixture of adapter experts, and measured on drawn faces of people it had never seen.",
	}
	var metrics *run.Metrics
	for _, s := range []struct{ title, kind, recipe, init string }{
		{"Pre-training", recipe.Pretrain, pretrain, ""},
		{"Fine-tuning", recipe.Finetune, finetune, c.folder(recipe.Pretrain)},
	} {
		var err error
		folder := c.folder(s.kind)
		flags := trainFlags{Recipe: s.recipe, runFlags: runFlags{Init: s.init, Out: folder, Resume: run.Begun(folder), Seed: &c.Seed,
			precisionFlag: c.precisionFlag}}
		hint := func(int) string { return "the same command continues the demo" }
		if metrics, err = flags.watch(out, s.kind, strings.ToLower(s.title), finetuneFlags{}, hint); err != nil {
			return nil, err
		}
		curves, err := run.Curves(folder)
		if err != nil {
			return nil, err
		}
		page.Runs = append(page.Runs, report.Run{Title: s.title, Curves: curves})
	}
	page.Report, page.Facts = metrics.Final, [][2]string{
		{"Version", metrics.Environment.Version}, {"Backend", metrics.Environment.Backend},
		{"Seed", fmt.Sprint(metrics.Environment.Seed)}, {"Parameters", fmt.Sprint(metrics.Parameters)},
	}
	m, err := infer.Open(c.folder(recipe.Finetune), out.backend, nil)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	sets, err := run.DrawnTest(m.Description)
	if err != nil {
		return nil, err
	}
	return page, fillPage(out, page, m, c.folder(recipe.Pretrain), sets, routedSamples)
}

// invite ends the demonstration with what its model can be tried on, and what it cannot judge.
func invite(out *console, took time.Duration, page, model string, m *infer.Model) {
	fmt.Fprintf(out.stdout, "took %s; look at %s, and try\n  mien eval --model %s --drawn\n", took, page, model)
	fmt.Fprintln(out.stdout, m.Trained.Caveat())
}
