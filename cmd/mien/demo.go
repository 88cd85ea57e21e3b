package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"mien/asm"
	"mien/data"
	"mien/experiment"
	"mien/recipe"
	"mien/report"
)

type demoCmd struct {
	Out  string `help:"Folder to write: two run folders and index.html. An interrupted demo in it goes on where it was." default:"mien-demo" placeholder:"DIR"`
	Seed int64  `help:"Seed of the run." default:"0"`
}

func (c *demoCmd) Run(out *console) error {
	if c.Seed < 0 {
		return errors.New("--seed must not be negative")
	}
	began := time.Now()
	pretrain, finetune := filepath.Join(c.Out, "pretrain"), filepath.Join(c.Out, "finetune")
	if _, err := c.stage(out, "s4d-demo-pretrain", "pre-training", "", pretrain); err != nil {
		return err
	}
	metrics, err := c.stage(out, "s4d-demo", "fine-tuning", pretrain, finetune)
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
	fmt.Fprintf(out.stdout, "took %s; look at %s, and try\n  mien predict --model %s PICTURE…\n",
		time.Since(began).Round(time.Second), path, finetune)
	return nil
}

// stage runs one of the two recipes, or what is left of it from an earlier call.
func (c *demoCmd) stage(out *console, name, description, init, dir string) (*experiment.Metrics, error) {
	r, err := recipe.Load(name)
	if err != nil {
		return nil, err
	}
	r.Seed = uint64(c.Seed)
	w := newWatcher(out, description)
	defer w.stop()
	o := experiment.Options{Recipe: r, Init: init, Out: dir, Resume: true, Watch: w}
	if r.Kind == recipe.Pretrain {
		return experiment.Pretrain(out.ctx, o)
	}
	return experiment.Finetune(out.ctx, o)
}

// Samples shown on the page, for each modality.
const (
	shownReconstructions = 3
	shownPredictions     = 7
	routedSamples        = 40
)

func demoPage(out *console, pretrain, finetune string, metrics *experiment.Metrics) (*report.Page, error) {
	m, err := experiment.OpenModel(finetune, nil)
	if err != nil {
		return nil, err
	}
	sets, err := m.TestSets(experiment.Lists{})
	if err != nil {
		return nil, err
	}
	page := &report.Page{
		Title: "mien: a demonstration on drawn faces",
		Intro: "A small S4D model was pre-trained by hiding most of each picture and clip and guessing the rest, then fine-tuned " +
			"jointly on drawn pictures and clips with a mixture of adapter experts, and measured on drawn faces of people it had never seen.",
		Facts: [][2]string{
			{"Version", metrics.Environment.Version}, {"Kernels", asm.F32().Name},
			{"Seed", fmt.Sprint(metrics.Environment.Seed)}, {"Parameters", fmt.Sprint(metrics.Parameters)},
		},
	}
	for _, s := range []struct {
		name     string
		modality data.Modality
		score    *experiment.Score
	}{{"Pictures", data.Image, metrics.Final.Static}, {"Clips", data.Video, metrics.Final.Dynamic}} {
		page.Results = append(page.Results, report.Result{Name: s.name, UAR: s.score.UAR, WAR: s.score.WAR, N: s.score.N})
		page.Confusions = append(page.Confusions, report.Confusion{Title: s.name, Labels: m.Labels[s.modality], Matrix: s.score.Confusion})
	}
	for _, run := range [][2]string{{"Pre-training", pretrain}, {"Fine-tuning", finetune}} {
		curves, err := experiment.Curves(run[1])
		if err != nil {
			return nil, err
		}
		figure := report.Curves{Title: run[0], XLabel: "step", YLabel: "loss"}
		for _, c := range curves {
			figure.Series = append(figure.Series, report.Series{Name: string(c.Modality), X: c.Steps, Y: c.Loss})
		}
		page.Curves = append(page.Curves, figure)
	}
	return page, addSamples(out, page, m, sets, pretrain)
}

// addSamples adds what the models make of some samples.
func addSamples(out *console, page *report.Page, m *experiment.Model, sets experiment.Sets, pretrain string) error {
	reconstructions, err := experiment.Reconstruct(out.ctx, pretrain, sets, shownReconstructions)
	if err != nil {
		return err
	}
	for _, r := range reconstructions {
		page.Reconstructions = append(page.Reconstructions, report.Triptych{Caption: r.Name, Input: r.Input, Masked: r.Masked, Output: r.Output})
	}
	routing, err := m.RoutingOf(out.ctx, sets, routedSamples)
	if err != nil {
		return err
	}
	page.Routing = &report.Routing{Title: "Tokens of each expert", Blocks: routing.Blocks, Image: routing.Image, Video: routing.Video}
	examples, err := m.Examples(out.ctx, sets, shownPredictions)
	for _, e := range examples {
		page.Predictions = append(page.Predictions, report.Prediction{Frames: e.Frames, Truth: e.Truth,
			Labels: e.Prediction.Labels, Probabilities: e.Prediction.Probabilities})
	}
	return err
}
