package main

import (
	"cmp"
	"errors"
	"fmt"

	"mien/data"
	"mien/pipeline"
)

// What is told of an input, and where to.

// output takes the results of inputs, one input after the other.
type output interface {
	begin(source) error
	// add takes what a part of an input adds, and the frames of that part.
	add(source, pipeline.Results, []data.Frame) error
	// end takes what there was in all, and why the rest is missing, if it is.
	end(source, tally, error) error
	// failed takes an input that cannot be used at all.
	failed(path string, cause error) error
}

// source is an input that can be read.
type source struct {
	input
	data.FrameInfo
}

// tally counts what is in an input.
type tally struct {
	Frames  int `json:"frames"`
	NoFace  int `json:"no_face"`
	Damaged int `json:"damaged"`
	Faces   int `json:"faces"`
}

func (t *tally) count(r pipeline.Results) {
	for _, f := range r.Frames {
		t.Frames++
		if f.Status == pipeline.NoFace {
			t.NoFace++
		}
		if f.Err != nil {
			t.Damaged++
		}
		for _, face := range f.Faces {
			if face.ID == 0 && face.Crop != pipeline.Whole { // in a picture
				t.Faces++
			}
		}
	}
	for _, s := range r.Summaries {
		t.Faces += min(s.Face, 1)
	}
}

// damage says how much of an input is missing.
func (t tally) damage() error { return fmt.Errorf("%d of %d frames are damaged", t.Damaged, t.Frames) }

// account tells of one input.
type account struct {
	to output
	source
	tally
	begun bool
}

// add tells what a part of the input adds.
func (a *account) add(r pipeline.Results, frames []data.Frame) error {
	if err := a.begin(); err != nil {
		return err
	}
	a.count(r)
	return written(a.to.add(a.source, r, frames))
}

func (a *account) begin() error {
	if a.begun {
		return nil
	}
	err := a.to.begin(a.source)
	a.begun = err == nil
	return written(err)
}

// end tells that there is no more, and why that is. What has no face is complete.
func (a *account) end(cause error) error {
	if !a.begun {
		return nil
	}
	if errors.Is(cause, errNoFace) {
		cause = nil
	}
	return written(a.to.end(a.source, a.tally, cause))
}

// writeError is that of an output: no input is at fault.
type writeError struct{ error }

func written(err error) error {
	if err != nil {
		return writeError{err}
	}
	return nil
}

// unfinished tells whether more of an input should come than its outputs have: the command ends, and the input is not why.
func unfinished(cause error) bool {
	_, full := errors.AsType[writeError](cause)
	return full || errors.Is(cause, errInterrupted) || ofTheMachine(cause)
}

// outputs are several.
type outputs []output

func (all outputs) begin(s source) error {
	return all.each(func(o output) error { return o.begin(s) })
}

func (all outputs) add(s source, r pipeline.Results, frames []data.Frame) error {
	return all.each(func(o output) error { return o.add(s, r, frames) })
}

// end calls all of them, whatever fails: each has something to close.
func (all outputs) end(s source, t tally, cause error) (err error) {
	for _, o := range all {
		err = cmp.Or(err, o.end(s, t, cause))
	}
	return err
}

func (all outputs) failed(path string, cause error) error {
	return all.each(func(o output) error { return o.failed(path, cause) })
}

// each calls all of them, up to the first error.
func (all outputs) each(call func(output) error) error {
	for _, o := range all {
		if err := call(o); err != nil {
			return err
		}
	}
	return nil
}

// withoutEmpty is an output that hears nothing of frames without a face.
type withoutEmpty struct{ output }

func (w withoutEmpty) add(s source, r pipeline.Results, frames []data.Frame) error {
	var kept []pipeline.Frame
	for _, f := range r.Frames {
		if f.Status != pipeline.NoFace {
			kept = append(kept, f)
		}
	}
	r.Frames = kept
	return w.output.add(s, r, frames)
}
