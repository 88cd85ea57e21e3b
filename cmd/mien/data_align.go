package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mien/data"
	"mien/report"
	"mien/run"
)

// mien data align: the samples of lists, turned, scaled and moved so that faces are at the same place in all.

type dataAlignCmd struct {
	dataFlags `set:"images=List of images: a path a line, with or without a label, or a CSV." set:"videos=List of videos likewise."`
	Landmarks string `help:"Landmark network that finds the faces' eyes and noses: a run of landmarks train, or MobileFaceNet's .pth.tar or OpenVINO .xml." required:"" placeholder:"FILE|RUN"`
	Out       string `help:"Folder to write: images/ takes the place of --static-root, and videos/, with a folder of frames for each, that of --dynamic-root." required:"" placeholder:"DIR"`
	Size      uint   `help:"Pixels of an aligned face, height and width." default:"112"`
	Quiet     bool   `help:"Show no progress, only errors and the result."`
}

// Pixels of an aligned face.
const minAligned, maxAligned = 16, 4096

func (c *dataAlignCmd) Run(out *console) error {
	part := filepath.Clean(c.Out) + ".part" // which becomes c.Out when it is whole
	all, err := c.plan(part)
	if err != nil {
		return err
	}
	net, err := run.OpenLocator(c.Landmarks, out.backend)
	if err != nil {
		return err
	}
	defer net.Close()
	defer os.RemoveAll(part)
	if err := cmp.Or(os.RemoveAll(part), os.MkdirAll(part, 0o777)); err != nil {
		return err
	}
	bad, err := c.alignAll(out, net, all)
	if err != nil {
		return err
	}
	if bad == len(all) {
		return &badInputs{bad: bad, all: bad}
	}
	if err := cmp.Or(removeEmpty(c.Out), os.Rename(part, c.Out)); err != nil {
		return err
	}
	fmt.Fprintf(out.stdout, "%d of %d samples are aligned: %s\n", len(all)-bad, len(all), c.roots())
	if bad > 0 {
		return &badInputs{bad: bad, all: len(all)}
	}
	return nil
}

// alignable is a sample, and where its aligned face goes.
type alignable struct {
	data.Item
	modality data.Modality
	path     string
}

// plan opens the lists and returns what is written below a folder, or an error for what can't be.
func (c *dataAlignCmd) plan(folder string) (all []alignable, err error) {
	if c.Size < minAligned || c.Size > maxAligned {
		return nil, usagef("--size %d: it must be from %d to %d", c.Size, minAligned, maxAligned)
	}
	sets, err := openUnlabelled(data.Lists(c.dataFlags), "")
	if err != nil {
		return nil, err
	}
	for _, d := range sets {
		files, err := targets(folder, d)
		if err != nil {
			return nil, err
		}
		for i, item := range d.Items {
			all = append(all, alignable{item, d.Modality, files[i]})
		}
	}
	if len(all) == 0 {
		return nil, usagef("nothing to align: give --static-list or --dynamic-list")
	}
	return all, checkEmpty(c.Out)
}

// alignAll writes the aligned faces of all samples and counts those that can't be used, of which it complains.
func (c *dataAlignCmd) alignAll(out *console, net *run.Locator, all []alignable) (bad int, err error) {
	meter := newMeter(out, len(all), "aligning", c.Quiet)
	defer meter.Finish()
	for _, a := range all {
		err := c.align(out, net, a)
		if out.ctx.Err() != nil {
			return bad, out.ctx.Err()
		}
		if _, ok := errors.AsType[*sampleError](err); ok {
			meter.complain(fmt.Errorf("%s: %w", a.Place(), err))
			bad++
		} else if err != nil {
			return bad, err
		}
		meter.Add(1)
	}
	return bad, nil
}

// removeEmpty removes an empty folder, if there is one.
func removeEmpty(folder string) error {
	if err := os.Remove(folder); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// alignedFolder is where the samples of a modality are, below --out.
func alignedFolder(m data.Modality) string { return data.ByModality(m, "images", "videos") }

// roots says what the lists are used with now.
func (c *dataAlignCmd) roots() string {
	var parts []string
	for _, l := range []struct {
		list string
		m    data.Modality
	}{{c.StaticList, data.Image}, {c.DynamicList, data.Video}} {
		if l.list != "" {
			root := report.Printable(filepath.Join(c.Out, alignedFolder(l.m)))
			parts = append(parts, fmt.Sprintf("--%s-root is now %s", data.ByModality(l.m, "static", "dynamic"), root))
		}
	}
	return strings.Join(parts, ", ")
}

// targets returns what is written below a folder of each sample: a PNG for an image, a folder for a video, where the list's name leads from
// the new root.
func targets(folder string, d *data.Dataset) ([]string, error) {
	all, taken := make([]string, len(d.Items)), map[string]string{}
	for i, item := range d.Items {
		name := filepath.FromSlash(item.Name)
		if !filepath.IsLocal(name) {
			return nil, fmt.Errorf("%s: the name leads out of the list's folder, and would out of --out: give a list whose names are relative to its root",
				item.Place())
		}
		if d.Modality == data.Image {
			name = strings.TrimSuffix(name, filepath.Ext(name)) + ".png"
		}
		if other, ok := taken[name]; ok && other != item.Name {
			return nil, fmt.Errorf("%s: it would be written to %s, as %s: rename one of them", item.Place(), filepath.Join(alignedFolder(d.Modality), name), other)
		}
		all[i], taken[name] = filepath.Join(folder, alignedFolder(d.Modality), name), item.Name
	}
	return all, nil
}

// Frames of a video in which its face is looked for, at equal distances.
const alignedBy = 8

// align writes the aligned face of a sample: all frames of a video alike, by the mean landmarks of some.
func (c *dataAlignCmd) align(out *console, net *run.Locator, a alignable) error {
	sample, err := a.Open(out.ctx, data.OpenOptions{})
	if err != nil {
		return &sampleError{err}
	}
	n := min(sample.Len(), alignedBy)
	indices := make([]int, n)
	for i := range indices {
		indices[i] = (2*i + 1) * sample.Len() / (2 * n)
	}
	frames, err := sample.Read(out.ctx, indices)
	if err != nil {
		return &sampleError{err}
	}
	face, err := net.Align(frames, int(c.Size))
	if err != nil {
		return &sampleError{err}
	}
	return save(out, sample, a.path, a.modality, face.Frames)
}
