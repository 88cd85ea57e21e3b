package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"mien/data"
	"mien/infer"
	"mien/pipeline"
)

// predict --face auto and detect: the faces in inputs are found, followed and read.

// find writes the faces of all inputs. One that cannot be used is reported, and the others go on.
func (c *predictCmd) find(out *console, paths []input, files *partFiles) error {
	m, err := c.model(out)
	if err != nil {
		return err
	}
	detector, err := c.detectorFlags.open(out.backend)
	if err != nil {
		return err
	}
	defer detector.Close()
	p, err := pipeline.New(m, detector, c.options())
	if err != nil {
		return err
	}
	inputs, err := c.inputs(out.ctx, paths, func(note string) { c.note(out, note) })
	if err != nil {
		return err
	}
	c.notes(out, m, p, inputs)
	drawn, err := c.drawn(out, p, inputs)
	if err != nil {
		return err
	}
	w, quiet, err := c.printed(out, files)
	if err != nil {
		return err
	}
	to, err := c.output(w, m, p, inputs, drawn, files)
	if err != nil {
		return err
	}
	s := &search{console: out, p: p, selection: c.selection(), refuse: c.NoFace == noFaceError, to: to, quiet: quiet,
		meter: newMeter(out, len(inputs), "predicting", quiet)}
	defer s.meter.Finish()
	return s.all(inputs)
}

// notes says what the user should know of how the model sees faces.
func (c *predictCmd) notes(out *console, m *infer.Model, p *pipeline.Pipeline, inputs []input) {
	note := func(text string) { c.note(out, text) }
	if p.Head() == data.Video {
		note("the model has no head for images: frames have the expression of the latest clip")
	}
	switch learned := m.Recipe.Data.Crop; {
	case learned == "" && c.Crop == "":
		note(fmt.Sprintf("the model does not say how the faces were cut out that it has learned from: they are by %s, or by --crop", p.Crop()))
	case learned != "" && learned != string(p.Crop()):
		note(fmt.Sprintf("faces are cut out by %s, and the model learned from %s: expect worse answers", p.Crop(), learned))
	}
	noteCrops(note, m.Recipe, pathsOf(inputs)...)
}

// search reads inputs one by one.
type search struct {
	*console
	p         *pipeline.Pipeline
	selection data.Selection
	refuse    bool // what has no face
	to        output
	meter     meter
	quiet     bool

	failed, damaged int // inputs
}

// all reads all inputs, each of which is opened while the one before is read.
func (s *search) all(inputs []input) error {
	waiting := make([]*opened, len(inputs))
	defer func() {
		for _, o := range waiting {
			o.close()
		}
	}()
	at := 0
	for o, err := range data.Ordered(s.ctx, len(inputs), 1, 1, func(ctx context.Context, i int) (*opened, error) {
		o, err := s.open(ctx, inputs[i])
		waiting[i] = o
		return o, err
	}) {
		if err := s.one(inputs[at], o, err); err != nil {
			return err
		}
		o.close()
		waiting[at] = nil
		at++
		s.meter.Add(1)
	}
	if s.failed+s.damaged > 0 {
		return &badInputs{bad: s.failed, damaged: s.damaged, all: len(inputs)}
	}
	return nil
}

// opened is an input that is being read.
type opened struct {
	*data.FrameReader
	stop context.CancelFunc // ends what the reader waits for
}

func (s *search) open(ctx context.Context, in input) (*opened, error) {
	ctx, stop := context.WithCancel(ctx)
	r, err := in.open(ctx, s.selection)
	if err != nil {
		stop()
		return nil, err
	}
	return &opened{r, stop}, nil
}

// open begins to read the frames of an input.
func (in input) open(ctx context.Context, selection data.Selection) (*data.FrameReader, error) {
	if in.stream != nil {
		return data.ReadFrames(ctx, in.path, in.stream, selection)
	}
	return data.OpenFrames(ctx, in.path, selection)
}

func (o *opened) close() {
	if o != nil {
		o.stop()
		o.Close()
	}
}

// Why an input is refused, and why it is not complete.
var (
	errNoFace      = errors.New("no face was found")
	errInterrupted = errors.New("interrupted")
)

// one reads an input and reports what is wrong with it. It returns an error after which nothing more is tried.
func (s *search) one(in input, o *opened, err error) error {
	a := &account{to: s.to, source: source{input: in}}
	if err == nil {
		a.FrameInfo = o.Info()
		if err = s.read(a, o); err != nil && s.ctx.Err() != nil {
			err = errInterrupted
		}
		if ended := a.end(err); !unfinished(err) {
			err = cmp.Or(ended, err)
		}
	}
	fatal, ends := errors.AsType[writeError](err)
	switch {
	case ends:
		return fatal.error
	case s.ctx.Err() != nil:
		return s.ctx.Err()
	case ofTheMachine(err):
		return err
	}
	return s.judge(a, err)
}

// judge counts and reports an input that failed, or of which a part is missing.
func (s *search) judge(a *account, err error) error {
	if err == nil && a.Damaged > 0 {
		err = a.damage()
	}
	if err == nil {
		return nil
	}
	s.meter.complain(about(a.path, err))
	if _, cut := errors.AsType[*data.CutError](err); a.Damaged > 0 || cut && a.begun {
		s.damaged++
		return nil
	}
	if s.failed++; a.begun {
		return nil
	}
	return s.to.failed(a.path, err)
}

// about begins an error with the input that it is of, once.
func about(path string, err error) error { return fmt.Errorf("%s: %s", path, reason(path, err)) }

// read reads the faces of an input.
func (s *search) read(a *account, o *opened) error {
	if !a.Still {
		return s.follow(a, o)
	}
	in, err := o.Next()
	if err == nil && in.Frames == nil {
		err = in.Err
	}
	if err != nil {
		return err
	}
	frames, err := s.p.Faces(s.ctx, []*data.Frames{in.Frames})
	if err != nil {
		return err
	}
	if s.refuse && frames[0].Status == pipeline.NoFace {
		return errNoFace
	}
	frames[0].Err = in.Err
	return a.add(pipeline.Results{Frames: frames}, []data.Frame{in})
}

// follow reads a video to its end or, where it is cut off, as far as there is something.
func (s *search) follow(a *account, o *opened) error {
	f, progress, pace := s.p.Follow(), s.progress(a.source), newPace()
	defer progress.Finish()
	var began time.Time
	var cut error
	for frames, ended := range readAhead(o, pace) {
		began, cut = time.Now(), ended
		results, err := f.Add(frames)
		if err != nil {
			return err
		}
		if err := a.add(results, frames); err != nil {
			return err
		}
		pace.took(len(frames), time.Since(began))
		progress.Add(len(frames))
	}
	results, err := f.Finish()
	if err != nil {
		return err
	}
	if err := a.add(results, nil); err != nil {
		return err
	}
	if cut == nil && s.refuse && a.Frames == a.NoFace+a.Damaged {
		return errNoFace
	}
	return cut
}

// progress shows how far a video has come.
func (s *search) progress(of source) meter {
	m := newMeter(s.console, frames(of.FrameInfo, s.selection), of.path, s.quiet)
	if m.Progress != nil {
		m.Unit("frames")
	}
	return m
}

// frames is about how many frames are selected, 0 if that is not known.
func frames(of data.FrameInfo, s data.Selection) int {
	n, seconds := float64(of.Frames), of.Duration
	if seconds > 0 {
		span := seconds
		if s.End > 0 {
			span = min(span, s.End)
		}
		span = max(span-s.Start, 0)
		n *= span / seconds
		if s.FPS > 0 && s.FPS*span < n {
			n = s.FPS * span
		}
	}
	return int(math.Ceil(n / float64(max(s.Every, 1))))
}
