package main

import (
	"fmt"
	"path/filepath"
	"time"

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
	if _, err := c.stage(out, recipe.Pretrain, "s4d-demo-pretrain", "pre-training", "", pretrain); err != nil {
		return err
	}
	metrics, err := c.stage(out, recipe.Finetune, "s4d-demo", "fine-tuning", pretrain, finetune)
	if err != nil {
		return err
	}
	page, err := demoPage(out, pretrain, finetune, metrics)
	if err != nil {
		return err
	}
	page.Facts = append(page.Facts, [2]string{"Time", time.Since(began).Round(time.Second).String()})
	path := filepath.Join(c.Out, "index.html")
	if err := page.Write(path); err != nil {
		return err
	}
	printReport(out, metrics.Final)
	fmt.Fprintf(out.stdout, "took %s; look at %s, and try\n  mien predict --model %s PATH…\n",
		time.Since(began).Round(time.Second), path, finetune)
	return nil
}

// stage runs one of the two recipes, or resumes it.
func (c *demoCmd) stage(out *console, kind, name, description, init, dir string) (*run.Metrics, error) {
	o, err := trainFlags{Recipe: name, Init: init, Out: dir, Resume: true, Seed: &c.Seed}.options(out, kind)
	if err != nil {
		return nil, err
	}
	return watched(out, description, o)
}

// Samples shown on the page, for each modality.
const (
	shownReconstructions = 3
	shownPredictions     = 7
	routedSamples        = 40
)

func demoPage(out *console, pretrain, finetune string, metrics *run.Metrics) (*report.Page, error) {
	m, err := infer.Open(finetune, out.backend, nil)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	sets, err := run.DrawnTest(m.Recipe, m.Labels)
	if err != nil {
		return nil, err
	}
	page := &report.Page{
		Title: "mien: a demonstration on drawn faces",
		Intro: "A small S4D model was pre-trained by hiding most of each image and video and guessing the rest, then fine-tuned " +
			"jointly on drawn images and videos with a mixture of adapter experts, and measured on drawn faces of people it had never seen.",
		Model: m, Report: metrics.Final,
		Facts: [][2]string{
			{"Version", metrics.Environment.Version}, {"Backend", metrics.Environment.Backend},
			{"Seed", fmt.Sprint(metrics.Environment.Seed)}, {"Parameters", fmt.Sprint(metrics.Parameters)},
		},
	}
	for _, r := range []struct{ title, dir string }{{"Pre-training", pretrain}, {"Fine-tuning", finetune}} {
		curves, err := run.Curves(r.dir)
		if err != nil {
			return nil, err
		}
		page.Runs = append(page.Runs, report.Run{Title: r.title, Curves: curves})
	}
	if page.Reconstructions, err = report.Reconstruct(out.ctx, pretrain, out.backend, sets, shownReconstructions); err != nil {
		return nil, err
	}
	if page.Routing, err = report.RoutingOf(out.ctx, m, sets, routedSamples); err != nil {
		return nil, err
	}
	page.Examples, err = report.Examples(out.ctx, m, sets, shownPredictions)
	return page, err
}
