package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"mien/data"
	"mien/engine"
	"mien/infer"
	"mien/modelfile"
)

type predictCmd struct {
	modelFlags
	folderFlags
	JSON   bool     `help:"Print one JSON object a line." xor:"format"`
	CSV    bool     `help:"Print CSV with a header." xor:"format"`
	Top    *uint    `help:"Print the K likeliest expressions, not only the first." placeholder:"K"`
	Out    string   `help:"Write the results to a file that does not exist yet; until they are complete it is called FILE.part." placeholder:"FILE"`
	List   string   `help:"Predict what a file lists: a path a line, or a list of labelled samples." placeholder:"FILE"`
	Root   string   `help:"Folder to which paths in lists are relative." placeholder:"DIR"`
	Labels []string `help:"Class names in head order, instead of the model's; for the head that has as many." placeholder:"NAME"`
	Head   string   `help:"The head that --labels is for, where both have as many classes: image or video." enum:",image,video" default:"" placeholder:"HEAD"`
	Paths  []string `arg:"" name:"path" optional:"" help:"Images, animated GIFs, folders of pictures, videos (through ffmpeg); - reads a list from standard input."`
}

func (c *predictCmd) Run(out *console) error {
	if err := within("top", c.Top, maxTop); err != nil {
		return err
	}
	paths, err := c.paths(out)
	if err != nil {
		return err
	}
	if c.Out == "" {
		return c.predict(out, paths, out.stdout, c.Quiet || isTerminal(out.stdout.Writer))
	}
	file, err := createPart("--out", c.Out)
	if err != nil {
		return err
	}
	err = c.predict(out, paths, file, c.Quiet)
	_, skipped := errors.AsType[*badInputs](err)
	return cmp.Or(file.finish(err == nil || skipped, out.stderr), err)
}

// paths returns all that is to be predicted: the paths on the command line and those that lists name.
func (c *predictCmd) paths(out *console) (paths []string, err error) {
	for _, path := range c.Paths {
		listed := []string{path}
		if path == "-" {
			if listed, err = readPaths(out.ctx, c.Root); err != nil {
				return nil, err
			}
		}
		paths = append(paths, listed...)
	}
	if c.List != "" {
		listed, err := data.ReadPathList(c.List, c.Root)
		if err != nil {
			return nil, err
		}
		paths = append(paths, listed...)
	}
	if len(paths) == 0 {
		return nil, usagef("nothing to predict: give paths, --list FILE, or - for a list on standard input")
	}
	return paths, nil
}

// readPaths reads a list from standard input, which an interruption ends.
func readPaths(ctx context.Context, root string) ([]string, error) {
	listed, failed := make(chan []string, 1), make(chan error, 1)
	go func() {
		paths, err := data.ReadPaths(os.Stdin, root)
		if err != nil {
			failed <- fmt.Errorf("standard input: %w", err)
			return
		}
		listed <- paths
	}()
	select {
	case paths := <-listed:
		return paths, nil
	case err := <-failed:
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// predict writes the results of all inputs to w, and shows progress unless it is to be quiet. An input that cannot be used is
// reported, and the others go on.
func (c *predictCmd) predict(out *console, paths []string, w io.Writer, quiet bool) error {
	m, err := c.open(out)
	if err != nil {
		return err
	}
	if err := c.rename(m); err != nil {
		return err
	}
	for _, note := range []string{modelfile.Chosen(c.Model), m.Trained.Caveat()} {
		if note != "" {
			c.note(out, note)
		}
	}
	inputs, err := c.inputs(out.ctx, paths, func(note string) {
		if !c.JSON { // which says it in its own words
			c.note(out, note)
		}
	})
	if err != nil {
		return err
	}
	results, meter, bad := c.results(w, m, inputs), newMeter(out, len(inputs), "predicting", quiet), 0
	defer meter.Finish()
	for _, in := range inputs {
		p, err := c.one(out, m, in)
		switch {
		case out.ctx.Err() != nil:
			return out.ctx.Err()
		case err == nil:
			err = results.add(p)
		case ofTheMachine(err):
			return err
		default:
			bad++
			meter.complain(err)
			err = results.failed(in.path, err)
		}
		if err != nil {
			return err
		}
		meter.Add(1)
	}
	if bad > 0 {
		return &badInputs{bad, len(inputs)}
	}
	return nil
}

// one predicts one input.
func (c *predictCmd) one(out *console, m *infer.Model, in input) (p infer.Prediction, err error) {
	size := m.Recipe.Model.ImageSize
	sample, modality, err := data.Open(out.ctx, in.path, data.OpenOptions{H: size, W: size})
	if err != nil {
		return p, err
	}
	p, err = m.Predict(out.ctx, in.path, sample, modality)
	p.ReadAs = in.readAs
	return p, err
}

// ofTheMachine tells an error of the machine, which the next input would meet, too, from one of an input.
func ofTheMachine(err error) bool {
	_, full := errors.AsType[*engine.AllocError](err)
	_, broken := errors.AsType[*engine.DeviceError](err)
	return full || broken
}

// rename renames the classes of one head: the head with as many classes, or the one given by --head.
func (c *predictCmd) rename(m *infer.Model) error {
	if len(c.Labels) == 0 {
		if c.Head != "" {
			return usagef("--head says which head --labels is for: give --labels, too")
		}
		return nil
	}
	var fitting []data.Modality
	for _, h := range []data.Modality{data.Image, data.Video} {
		if m.Net.Classes(h) == len(c.Labels) && (c.Head == "" || c.Head == string(h)) {
			fitting = append(fitting, h)
		}
	}
	switch len(fitting) {
	case 0:
		return fmt.Errorf("--labels names %d classes: the model's heads have %d (image) and %d (video)", len(c.Labels), m.Net.Classes(data.Image), m.Net.Classes(data.Video))
	case 2:
		return fmt.Errorf("--labels names %d classes, and both heads have as many: say which one with --head image or --head video", len(c.Labels))
	}
	m.Labels[fitting[0]] = c.Labels
	return nil
}
