package main

import (
	"errors"
	"fmt"

	"mien/data"
	"mien/infer"
	"mien/report"
)

type predictCmd struct {
	modelFlags
	JSON   bool     `help:"Print one JSON object a line."`
	Labels []string `help:"Class names in head order, instead of the model's; for the head that has as many." placeholder:"NAME,..."`
	Head   string   `help:"The head that --labels is for, where both have as many classes: image or video." enum:",image,video" default:"" placeholder:"HEAD"`
	Paths  []string `arg:"" name:"path" help:"Images, animated GIFs, folders of frames, videos (through ffmpeg)."`
}

func (c *predictCmd) Run(out *console) error {
	m, err := c.open(out)
	if err != nil {
		return err
	}
	if err := c.rename(m); err != nil {
		return err
	}
	if caveat := m.Trained.Caveat(); caveat != "" {
		fmt.Fprintf(out.stderr, "mien: %s\n", caveat)
	}
	var rows [][]string
	defer func() {
		if len(rows) > 0 { // including results before an error
			report.Table(out.stdout, []string{"path", "modality", "expression", "probability"}, rows)
		}
	}()
	for _, path := range c.Paths {
		sample, modality, err := data.Open(out.ctx, path, data.OpenOptions{H: m.Recipe.Model.ImageSize, W: m.Recipe.Model.ImageSize})
		if err != nil {
			return err
		}
		p, err := m.Predict(out.ctx, path, sample, modality)
		if err != nil {
			return err
		}
		if !c.JSON {
			rows = append(rows, cells("%s\t%s\t%s\t%.1f %%", path, p.Modality, p.Label, 100*p.Probabilities[p.Class]))
		} else if err := out.print(true, p, nil); err != nil {
			return err
		}
	}
	return nil
}

// rename renames the classes of one head: the head with as many classes, or the one given by --head.
func (c *predictCmd) rename(m *infer.Model) error {
	if len(c.Labels) == 0 {
		if c.Head != "" {
			return errors.New("--head says which head --labels is for: give --labels, too")
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
