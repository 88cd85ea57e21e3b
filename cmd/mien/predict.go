package main

import (
	"context"
	"fmt"
	"strings"

	"mien/data"
	"mien/experiment"
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
	for _, path := range c.Paths {
		var p experiment.Prediction
		if p, err = predictFile(out.ctx, m, path); err != nil {
			break
		}
		if c.JSON {
			if err := printJSON(out.stdout, p); err != nil {
				return err
			}
			continue
		}
		rows = append(rows, []string{path, string(p.Modality), p.Label, fmt.Sprintf("%.1f %%", 100*p.Probabilities[p.Class])})
	}
	if len(rows) > 0 { // also the answers before an error
		report.Table(out.stdout, []string{"path", "modality", "expression", "probability"}, rows)
	}
	return err
}

func predictFile(ctx context.Context, m *experiment.Model, path string) (experiment.Prediction, error) {
	size := m.Recipe.Model.ImageSize
	clip, modality, err := data.Open(path, data.OpenOptions{H: size, W: size})
	if err != nil {
		return experiment.Prediction{}, err
	}
	return m.Predict(ctx, path, clip, modality)
}

func joinInts(v []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(v), " ", ", "), "[]")
}
