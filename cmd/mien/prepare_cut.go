package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"mien/data"
	"mien/face"
	"mien/report"
	"mien/run"
)

// How mien prepare cuts a sample: find the face, place its crops, write them.

// cutter finds and cuts faces, for several goroutines, of which one at a time uses the networks.
type cutter struct {
	networks sync.Mutex
	detector *face.Detector
	locator  *run.Locator // nil without --landmarks
	crop     face.Crop
	size     int
	steady   bool
	folder   string // to write to
}

func (c *cutter) close() {
	c.detector.Close()
	if c.locator != nil {
		c.locator.Close()
	}
}

// each returns a function that cuts sample i. What is wrong with a sample is part of its row; an error is of the machine.
func (c *cutter) each(all []cuttable) func(context.Context, int) (preparedRow, error) {
	return func(ctx context.Context, i int) (preparedRow, error) {
		row := preparedRow{path: all[i].Name}
		err := c.cut(ctx, all[i], &row)
		if bad, ok := err.(*sampleError); ok && ctx.Err() == nil {
			row.reason, err = withoutName(bad, all[i].Name), nil
		}
		return row, cmp.Or(ctx.Err(), err)
	}
}

// withoutName is what is wrong with the file of a sample: its name is said anyway.
func withoutName(err error, name string) string {
	path, what, found := strings.Cut(err.Error(), ": ")
	if found && strings.HasSuffix(path, filepath.FromSlash(name)) {
		return what
	}
	return err.Error()
}

const (
	// Frames of a video in which its face is looked for, at equal distances, if all of its crops are alike.
	lookedAt = 8
	// Frames that are read at once.
	readAtOnce = 16
	// The times of frames, of which a folder of pictures says nothing, by which faces are followed.
	framesASecond = 25.
)

// cut writes the crops of a sample.
func (c *cutter) cut(ctx context.Context, a cuttable, row *preparedRow) error {
	sample, err := a.Open(ctx, data.OpenOptions{})
	if err != nil {
		return &sampleError{err}
	}
	row.frames = data.ByModality(a.modality, 1, sample.Len())
	look := c.indices(row.frames)
	row.looked = len(look)
	places, err := c.places(ctx, sample, look, row)
	if err != nil {
		return err
	}
	path := filepath.Join(c.folder, a.path)
	if a.modality == data.Image {
		return c.write(ctx, sample, places, func(int) string { return path })
	}
	part := path + ".part" // a folder of frames appears whole
	if err := cmp.Or(os.RemoveAll(part), os.RemoveAll(path)); err != nil {
		return err
	}
	if err := c.write(ctx, sample, places, func(t int) string { return filepath.Join(part, fmt.Sprintf("%05d.png", t)) }); err != nil {
		return cmp.Or(os.RemoveAll(part), err)
	}
	return os.Rename(part, path)
}

// indices are the frames in which the face is looked for.
func (c *cutter) indices(frames int) []int {
	n := frames
	if !c.steady {
		n = min(n, lookedAt)
	}
	all := make([]int, n)
	for i := range all {
		all[i] = (2*i + 1) * frames / (2 * n)
	}
	return all
}

// places returns where the crop of each frame is.
func (c *cutter) places(ctx context.Context, sample data.Sample, look []int, row *preparedRow) ([]data.Placement, error) {
	found, times := make([]*data.Placement, len(look)), make([]float64, len(look))
	faces, frames, err := c.look(ctx, sample, look)
	if err != nil {
		return nil, err
	}
	for i, t := range look {
		times[i] = float64(t) / framesASecond
	}
	for i, f := range face.Main(faces, times) {
		if f == nil {
			continue
		}
		if p, err := c.crop.Place(*f, frames.H, frames.W); err == nil {
			found[i] = &p
			row.found++
		}
	}
	switch {
	case c.locator != nil:
		a, err := c.align(frames)
		return slices.Repeat([]data.Placement{a.Placement}, row.frames), err
	case row.found == 0:
		return nil, &sampleError{errors.New("no face is found")}
	case c.steady:
		return face.SteadyPlacements(found, times), nil
	}
	return slices.Repeat([]data.Placement{face.MeanPlacement(found)}, row.frames), nil
}

// look finds the faces of frames, looking twice at the largest of each, and returns the frames that it read last: all of a few.
func (c *cutter) look(ctx context.Context, sample data.Sample, indices []int) (faces [][]face.Face, frames *data.Frames, err error) {
	for some := range slices.Chunk(indices, readAtOnce) {
		if frames, err = sample.Read(ctx, some); err != nil {
			return nil, nil, &sampleError{err}
		}
		found, err := c.detect(frames)
		if err != nil {
			return nil, nil, err
		}
		faces = append(faces, found...)
	}
	return faces, frames, nil
}

func (c *cutter) detect(frames *data.Frames) ([][]face.Face, error) {
	c.networks.Lock()
	defer c.networks.Unlock()
	found, err := c.detector.Detect(frames, face.DefaultOptions)
	for t, faces := range found {
		if len(faces) == 0 {
			continue
		}
		i := face.Largest(faces)
		picture := &data.Frames{T: 1, H: frames.H, W: frames.W, Pix: frames.Frame(t)}
		if faces[i], err = c.detector.Closer(picture, faces[i]); err != nil {
			return nil, err
		}
	}
	return found, err
}

func (c *cutter) align(frames *data.Frames) (data.Alignment, error) {
	c.networks.Lock()
	defer c.networks.Unlock()
	a, err := c.locator.Align(frames, c.detector, c.size)
	if err != nil {
		err = &sampleError{err}
	}
	return a, err
}

// write writes the crops of all frames, to files called by their numbers.
func (c *cutter) write(ctx context.Context, sample data.Sample, places []data.Placement, name func(t int) string) error {
	if err := os.MkdirAll(filepath.Dir(name(0)), 0o777); err != nil {
		return err
	}
	for t, p := range places {
		frame, err := sample.Read(ctx, []int{t})
		if err != nil {
			return &sampleError{err}
		}
		if err := report.SavePNG(name(t), report.Picture(p.Frames(frame, c.size), 0)); err != nil {
			return err
		}
	}
	return nil
}
