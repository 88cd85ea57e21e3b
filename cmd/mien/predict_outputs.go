package main

import (
	"io"
	"slices"

	"mien/data"
	"mien/infer"
	"mien/pipeline"
)

// output returns what writes in all formats of the flags, of which w takes what is printed.
func (c *predictCmd) output(w io.Writer, m *infer.Model, p *pipeline.Pipeline, inputs []input, drawn outputs,
	files *partFiles) (output, error) {
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
	return append(all, drawn...), nil
}

// drawn returns what draws. It comes before files are begun, which may be in the same folder.
func (c *predictCmd) drawn(out *console, p *pipeline.Pipeline, inputs []input) (all outputs, err error) {
	if c.Annotated != "" {
		drawn, err := newFacesAnnotated(c.Annotated, c.Blur, inputs, c.selection(), out)
		if err != nil {
			return nil, err
		}
		all = append(all, drawn)
	}
	if c.Plot != "" {
		plotted, err := newFacesPlot(c.Plot, p.Labels(), inputs, out.stderr, func(text string) { c.note(out, text) })
		if err != nil {
			return nil, err
		}
		all = append(all, plotted)
	}
	return all, nil
}
