package main

import (
	"cmp"
	"errors"
	"io"
	"path/filepath"

	"mien/engine"
	"mien/infer"
	"mien/modelfile"
)

type predictCmd struct {
	modelFlags
	folderFlags
	JSON   bool     `help:"Print JSON objects, one a line."`
	CSV    string   `help:"Write a CSV file that does not exist yet, too: a row for each face in each frame; with --face none, for each input." placeholder:"FILE"`
	Top    *uint    `help:"Print the K likeliest expressions, not only the first." placeholder:"K"`
	Out    string   `help:"Write what would be printed to a file that does not exist yet; until it is complete it is called FILE.part." placeholder:"FILE"`
	List   string   `help:"Predict what a file lists: a path a line, or a list of labelled samples." placeholder:"FILE"`
	Root   string   `help:"Folder to which paths in lists are relative." placeholder:"DIR"`
	Labels []string `help:"Class names in head order, instead of the model's; for the head that has as many." placeholder:"NAME"`
	Head   string   `help:"The head that --labels is for, where both have as many classes: image or video." enum:",image,video" default:"" placeholder:"HEAD"`
	faceFlags
	Paths []string `arg:"" name:"path" optional:"" help:"Pictures, animated GIFs, folders of pictures, videos (MJPEG in AVI and Y4M; others through ffmpeg); - is standard input: a picture, a video or a list."`
}

func (c *predictCmd) Run(out *console) error {
	if err := cmp.Or(within("top", c.Top, maxTop), c.files(), c.check()); err != nil {
		return err
	}
	inputs, err := c.gather(out)
	if err != nil {
		return err
	}
	files := &partFiles{stderr: out.stderr}
	if c.Face == wholeInputs {
		err = c.predict(out, inputs, files)
	} else {
		err = c.find(out, inputs, files)
	}
	_, skipped := errors.AsType[*badInputs](err)
	return cmp.Or(files.finish(err == nil || skipped), err)
}

// files refuses names of no file, and of one that is written already.
func (c *predictCmd) files() error {
	switch {
	case c.CSV == "-" || c.Out == "-":
		return usagef("--csv and --out take a file's name, and - is none: without --out, results are on standard output")
	case c.CSV != "" && filepath.Clean(c.CSV) == filepath.Clean(c.Out):
		return usagef("--csv and --out are the same file, %s: give two", c.CSV)
	}
	return nil
}

// printed is where results go that are printed, and whether progress would be among them.
func (c *predictCmd) printed(out *console, files *partFiles) (w io.Writer, quiet bool, err error) {
	if c.Out == "" {
		return out.stdout, c.Quiet || isTerminal(out.stdout.Writer), nil
	}
	w, err = files.create("--out", c.Out)
	return w, c.Quiet, err
}

// model opens the model, with the names that its classes are to have.
func (c *predictCmd) model(out *console) (*infer.Model, error) {
	m, err := c.open(out)
	if err != nil {
		return nil, err
	}
	if err := c.rename(m); err != nil {
		return nil, err
	}
	for _, note := range []string{modelfile.Chosen(c.Model), m.Trained.Caveat()} {
		if note != "" {
			c.note(out, note)
		}
	}
	return m, nil
}

// ofTheMachine tells an error of the machine, which the next input would meet, too, from one of an input.
func ofTheMachine(err error) bool {
	_, full := errors.AsType[*engine.AllocError](err)
	_, broken := errors.AsType[*engine.DeviceError](err)
	return full || broken
}
