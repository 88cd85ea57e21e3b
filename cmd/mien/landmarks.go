package main

import (
	"path/filepath"

	"mien/data"
	"mien/recipe"
	"mien/report"
	"mien/run"
)

// mien landmarks train: a landmark network, which models of system s2d and mien prepare read.

type landmarksCmd struct {
	Train landmarksTrainCmd `cmd:"" help:"Train a landmark network on drawn faces, which finetune takes as --landmarks for S2D, and prepare."`
}

type landmarksTrainCmd struct {
	Recipe string `help:"Name of an embedded recipe, or a TOML file; 'mien recipe' lists and prints them; landmarks-tiny if none is given." default:"landmarks-tiny" placeholder:"NAME|FILE"`
	runFlags
}

func (c *landmarksTrainCmd) Run(out *console) error {
	o, err := c.options(out, recipe.Landmarks, c.Recipe)
	if err != nil {
		return err
	}
	m, err := watch(out, o, "landmarks", c.goOn)
	if err != nil {
		return err
	}
	if m.Landmarks != nil {
		if err := drawLandmarks(out, c.Out); err != nil {
			return err
		}
	}
	return printRun(out, c.Out, m)
}

// Faces of landmarksPicture, of each modality.
const (
	landmarksPicture = "landmarks.png"
	locatedFaces     = 12
)

// drawLandmarks adds to a finished run folder a picture of drawn faces, of those that it was measured on, with the landmarks that its network
// finds.
func drawLandmarks(out *console, dir string) error {
	l, err := run.OpenLocator(dir, out.backend)
	if err != nil {
		return err
	}
	defer l.Close()
	sets, err := run.DrawnTest(l.Description)
	if err != nil {
		return err
	}
	var faces []run.LocatedFace
	for _, d := range sets.All() {
		for _, item := range d.Items[:min(locatedFaces, len(d.Items))] {
			face, err := l.Locate(out.ctx, item)
			if err != nil {
				return err
			}
			faces = append(faces, face)
		}
	}
	return report.SavePNG(filepath.Join(dir, landmarksPicture), report.Landmarks(faces))
}

// printLandmarks prints how far landmarks are from where they should be, in drawn faces of other people.
func printLandmarks(out *console, errors map[data.Modality]run.LandmarkError) {
	var rows [][]string
	for _, m := range []data.Modality{data.Image, data.Video} {
		if e, ok := errors[m]; ok {
			rows = append(rows, cells("%s\t%.2f\t%d", data.ByModality(m, "static", "dynamic"), e.NME, e.Frames))
		}
	}
	report.Table(out.stdout, []string{"set", "NME in %", "frames"}, rows)
}
