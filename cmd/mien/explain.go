package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mien/data"
	"mien/infer"
	"mien/modelfile"
	"mien/recipe"
	"mien/report"
)

// mien explain: pictures of what a model looks at, and a page of them all.

type explainCmd struct {
	Model  string   `help:"Fine-tuned weights: a file, a run folder, or builtin, the small model within mien." default:"builtin" placeholder:"FILE|RUN"`
	Beside string   `help:"Another model, whose attention is shown below that of the first." placeholder:"FILE|RUN"`
	Out    string   `help:"Folder to write: index.html, and for each input pictures as PNG and charts as PNG and SVG." required:"" placeholder:"DIR"`
	Paths  []string `arg:"" name:"path" help:"Images, GIFs, videos or folders."`
	Quiet  bool     `help:"Show no progress and no notes, only errors."`
	folderFlags
}

// timelineWindows is the most windows of a video that are classified for the chart of its probabilities over time.
const timelineWindows = 64

func (c *explainCmd) Run(out *console) error {
	models, err := c.open(out)
	defer func() {
		for _, m := range models {
			m.model.Close()
		}
	}()
	if err != nil {
		return err
	}
	note := func(text string) { out.note(c.Quiet, text) }
	inputs, err := c.inputs(out.ctx, named(c.Paths), note)
	if err != nil {
		return err
	}
	for _, m := range models {
		noteCrops(note, m.model.Recipe, pathsOf(inputs)...)
	}
	if err := os.MkdirAll(c.Out, 0o777); err != nil {
		return err
	}
	page, bad := &report.Explanations{Model: c.Model, Beside: c.Beside}, 0
	meter := newMeter(out, len(inputs), "explaining", c.Quiet)
	defer meter.Finish()
	for i, in := range inputs {
		e, err := c.explain(out, models, in, fmt.Sprintf("%03d-%s", i+1, fileName(in.path)))
		switch {
		case out.ctx.Err() != nil:
			return out.ctx.Err()
		case ofTheMachine(err):
			return err
		case err != nil:
			bad++
			meter.complain(err)
		default:
			page.Inputs = append(page.Inputs, e)
		}
		meter.Add(1)
	}
	if bad == len(inputs) {
		return &badInputs{bad: bad, all: len(inputs)}
	}
	index := filepath.Join(c.Out, "index.html")
	if err := page.Write(index); err != nil {
		return err
	}
	meter.Finish()
	fmt.Fprintf(out.stdout, "%d explained: look at %s\n", len(page.Inputs), report.Printable(index))
	if bad > 0 {
		return &badInputs{bad: bad, all: len(inputs)}
	}
	return nil
}

// namedModel is a model and what pictures call it, nothing if it is the only one.
type namedModel struct {
	name  string
	model *infer.Model
}

func (c *explainCmd) open(out *console) (models []namedModel, err error) {
	paths := []string{c.Model}
	if c.Beside != "" {
		paths = append(paths, c.Beside)
	}
	for i, path := range paths {
		m, err := infer.Open(path, out.backend, nil)
		if err != nil {
			return models, err
		}
		if note := modelfile.Chosen(path); note != "" {
			out.note(c.Quiet, note)
		}
		models = append(models, namedModel{model: m})
		if len(paths) > 1 {
			models[i].name = fileName(path)
		}
	}
	if len(models) == 2 && sees(models[0].model.Recipe) != sees(models[1].model.Recipe) {
		return models, errors.New("--beside needs a model that sees the same of a sample: frames, stride, size, and patches")
	}
	return models, nil
}

// sees returns what a model of a recipe sees of a sample: frames, every how many of them, pixels, and the extents of a patch.
func sees(r recipe.Recipe) [5]int {
	m := r.Model
	return [5]int{m.Frames, r.Data.Stride, m.ImageSize, m.PatchSize, m.Tubelet}
}

// fileName makes the last part of a path, without its extension, the beginning of a file's name.
func fileName(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>| `, r) || r < ' ' {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
}

// explain writes the pictures of one input, whose names begin with stem.
func (c *explainCmd) explain(out *console, models []namedModel, in input, stem string) (e report.Explanation, err error) {
	size := models[0].model.Recipe.Model.ImageSize
	sample, modality, err := data.Open(out.ctx, in.path, data.OpenOptions{H: size, W: size})
	if err != nil {
		return e, err
	}
	e = report.Explanation{Name: in.path, Modality: modality}
	var traces []report.ModelTrace
	for _, m := range models {
		views, err := m.model.Views(out.ctx, sample, modality)
		if err != nil {
			return e, err
		}
		trace, err := m.model.Trace(out.ctx, views[0], modality)
		if err != nil {
			return e, fmt.Errorf("%s: %w", in.path, err)
		}
		traces = append(traces, report.ModelTrace{Model: m.name, Experts: m.model.Recipe.Model.Experts, Trace: trace})
	}
	e.Labels, e.Probabilities = models[0].model.Labels[modality], traces[0].Probabilities
	e.Picture = stem + ".png"
	if err := report.SavePNG(filepath.Join(c.Out, e.Picture), report.AttentionMaps(traces)); err != nil || modality == data.Image {
		return e, err
	}
	moments, err := models[0].model.Timeline(out.ctx, sample, timelineWindows)
	if err != nil {
		return e, err
	}
	e.Timeline = stem + "-probabilities"
	return e, report.SaveTimeline(filepath.Join(c.Out, e.Timeline), filepath.Base(in.path), e.Labels, moments)
}
