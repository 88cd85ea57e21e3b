package main

import (
	"fmt"
	"strings"

	"mien/data"
	"mien/report"
)

type predictCmd struct {
	modelFlags
	JSON   bool     `help:"Print one JSON object a line."`
	Labels []string `help:"Class names in head order, instead of the model's; for the head that has as many." placeholder:"NAME,..."`
	Paths  []string `arg:"" name:"path" help:"Pictures, animated GIFs, folders of frames, videos (through ffmpeg)."`
}

func (c *predictCmd) Run(out *console) error {
	m, err := c.open()
	if err != nil {
		return err
	}
	if len(c.Labels) > 0 {
		fits := false
		for _, h := range []data.Modality{data.Image, data.Video} {
			if m.Net.Classes(h) == len(c.Labels) {
				m.Labels[h], fits = c.Labels, true
			}
		}
		if !fits {
			return fmt.Errorf("--labels names %d classes: the model's heads have %d (image) and %d (video)", len(c.Labels), m.Net.Classes(data.Image), m.Net.Classes(data.Video))
		}
	}
	var rows [][]string
	size := m.Recipe.Model.ImageSize
	for _, path := range c.Paths {
		clip, modality, err := data.Open(path, data.OpenOptions{H: size, W: size})
		if err != nil {
			return err
		}
		p, err := m.Predict(out.ctx, path, clip, modality)
		if err != nil {
			return err
		}
		if c.JSON {
			if err := printJSON(out.stdout, p); err != nil {
				return err
			}
			continue
		}
		rows = append(rows, []string{path, string(modality), p.Label, fmt.Sprintf("%.1f %%", 100*p.Probabilities[p.Class])})
	}
	if !c.JSON {
		report.Table(out.stdout, []string{"path", "modality", "expression", "probability"}, rows)
	}
	return nil
}

func joinInts(v []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(v), " ", ", "), "[]")
}
