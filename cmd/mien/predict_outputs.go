package main

import (
	"io"
	"slices"

	"mien/data"
	"mien/infer"
	"mien/pipeline"
)

// output returns what writes in all formats of the flags, of which w takes what is printed.
func (c *predictCmd) output(w io.Writer, m *infer.Model, p *pipeline.Pipeline, inputs []input, files *partFiles) (output, error) {
	var texts outputs
	if c.JSON {
		texts = append(texts, &facesJSON{w, c.Model, string(p.Crop())})
	} else {
		labels := slices.Concat(m.Labels[data.Image], m.Labels[data.Video])
		texts = append(texts, newFacesTable(w, max(c.ranks(m), 1), labels, inputs))
	}
	if c.CSV != "" {
		file, err := files.create("--csv", c.CSV)
		if err != nil {
			return nil, err
		}
		rows, err := newFacesCSV(file, p.Labels())
		if err != nil {
			return nil, err
		}
		texts = append(texts, rows)
	}
	all := outputs{texts}
	if c.NoFace == noFaceSkip {
		all = outputs{withoutEmpty{texts}}
	}
	if c.Annotated != "" {
		drawn, err := newFacesAnnotated(c.Annotated, c.Blur, inputs, c.selection(), files.stderr)
		if err != nil {
			return nil, err
		}
		all = append(all, drawn)
	}
	if c.Plot != "" {
		plotted, err := newFacesPlot(c.Plot, p.Labels(), inputs)
		if err != nil {
			return nil, err
		}
		all = append(all, plotted)
	}
	return all, nil
}
