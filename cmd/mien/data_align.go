package main

import (
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
	dataFlags
	Landmarks string `help:"Landmark network that finds the faces' eyes and noses: a run of landmarks train, or MobileFaceNet's .pth.tar or OpenVINO .xml." required:"" placeholder:"FILE|RUN"`
	Out       string `help:"Folder to write: images/ takes the place of --static-root, and videos/, with a folder of frames for each, that of --dynamic-root." required:"" placeholder:"DIR"`
	Size      uint   `help:"Pixels of an aligned face, height and width." default:"112" placeholder:"N"`
	Quiet     bool   `help:"Show no progress, only errors and the result."`
}

// Pixels of an aligned face.
const minAligned, maxAligned = 16, 4096

func (c *dataAlignCmd) Run(out *console) error {
	if c.Size < minAligned || c.Size > maxAligned {
		return fmt.Errorf("--size %d: it must be from %d to %d", c.Size, minAligned, maxAligned)
	}
	sets, err := openUnlabelled(data.Lists(c.dataFlags), "")
	if err != nil {
		return err
	}
	if len(sets) == 0 {
		return errors.New("nothing to align: give --static-list or --dynamic-list")
	}
	files, total := make([][]string, len(sets)), 0
	for i, d := range sets {
		if files[i], err = c.files(d); err != nil {
			return err
		}
		total += len(d.Items)
	}
	if err := checkEmpty(c.Out); err != nil {
		return err
	}
	net, err := run.OpenLocator(c.Landmarks, out.backend)
	if err != nil {
		return fmt.Errorf("--landmarks %s: %w", c.Landmarks, err)
	}
	defer net.Close()
	meter, bad := newMeter(out, total, "aligning", c.Quiet), 0
	defer meter.Finish()
	for i, d := range sets {
		for k, item := range d.Items {
			err := c.align(out, net, item, files[i][k], d.Modality)
			if out.ctx.Err() != nil {
				return out.ctx.Err()
			}
			if err != nil {
				meter.complain(fmt.Errorf("%s: %w", item.Place(), err))
				bad++
			}
			meter.Add(1)
		}
	}
	meter.Finish()
	fmt.Fprintf(out.stdout, "%s: %d of %d samples are aligned; %s\n", report.Printable(c.Out), total-bad, total, roots(sets))
	if bad > 0 {
		return &badInputs{bad, total}
	}
	return nil
}

// roots says what the lists are used with now.
func roots(sets []*data.Dataset) string {
	var parts []string
	for _, d := range sets {
		parts = append(parts, data.ByModality(d.Modality, "images is the root of the static list", "videos that of the dynamic one"))
	}
	return strings.Join(parts, ", ")
}

// files returns what is written of each sample: a PNG for an image, a folder for a video, where the list's name leads from the new root.
func (c *dataAlignCmd) files(d *data.Dataset) ([]string, error) {
	all, taken := make([]string, len(d.Items)), map[string]string{}
	for i, item := range d.Items {
		name := filepath.FromSlash(item.Name)
		if !filepath.IsLocal(name) {
			return nil, fmt.Errorf("%s: the name leads out of the list's folder, and would out of --out: give a list whose names are relative to its root",
				item.Place())
		}
		path := filepath.Join(c.Out, "videos", name)
		if d.Modality == data.Image {
			path = filepath.Join(c.Out, "images", strings.TrimSuffix(name, filepath.Ext(name))+".png")
		}
		if other, ok := taken[path]; ok && other != item.Name {
			return nil, fmt.Errorf("%s: it would be written to %s, as %s: rename one of them", item.Place(), path, other)
		}
		all[i], taken[path] = path, item.Name
	}
	return all, nil
}

// align writes the aligned face of a sample: of a video, of all frames by their mean landmarks.
func (c *dataAlignCmd) align(out *console, net *run.Locator, item data.Item, path string, m data.Modality) error {
	sample, err := item.Open(out.ctx, data.OpenOptions{})
	if err != nil {
		return err
	}
	marks := make([]data.Landmarks, sample.Len())
	for t := range marks {
		frame, err := sample.Read(out.ctx, []int{t})
		if err != nil {
			return err
		}
		found, err := net.Landmarks(frame)
		if err != nil {
			return err
		}
		marks[t] = found[0]
	}
	face := data.MeanLandmarks(marks)
	return save(out, sample, path, m, func(frame *data.Frames) (*data.Frames, error) { return data.Align(frame, face, int(c.Size)) })
}

// save writes what is made of each frame of a sample: of an image to path, of a video into a folder of that name.
func save(out *console, sample data.Sample, path string, m data.Modality, of func(*data.Frames) (*data.Frames, error)) error {
	if err := os.MkdirAll(data.ByModality(m, filepath.Dir(path), path), 0o777); err != nil {
		return err
	}
	for t := range sample.Len() {
		frame, err := sample.Read(out.ctx, []int{t})
		if err != nil {
			return err
		}
		if frame, err = of(frame); err != nil {
			return err
		}
		file := path
		if m == data.Video {
			file = filepath.Join(path, fmt.Sprintf("%05d.png", t))
		}
		if err := report.SavePNG(file, report.Picture(frame, 0)); err != nil {
			return err
		}
	}
	return out.ctx.Err()
}

// checkEmpty returns an error for a folder that holds something already.
func checkEmpty(folder string) error {
	entries, err := os.ReadDir(folder)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("--out %s: %w", folder, err)
	case len(entries) > 0:
		return fmt.Errorf("--out %s: the folder is not empty: give another", folder)
	}
	return nil
}
