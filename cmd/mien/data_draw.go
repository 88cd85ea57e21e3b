package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"mien/atomicfile"
	"mien/data"
	"mien/data/drawn"
	"mien/report"
)

// mien data draw: drawn faces as files with lists, to try commands on.

type dataDrawCmd struct {
	Out      string `help:"Folder to write: images, videos as folders of frames, and their lists, static.txt and dynamic.csv." required:"" placeholder:"DIR"`
	Images   uint   `help:"Images to draw, each of another person." default:"70" placeholder:"N"`
	Videos   uint   `help:"Videos to draw likewise." default:"14" placeholder:"N"`
	Frames   uint   `help:"Frames of a video." default:"20" placeholder:"N"`
	Reversed bool   `help:"Draw videos in pairs, each the frames of the other in reverse. Their classes are onset and offset, instead of expressions."`
	Size     uint   `help:"Pixels, height and width." default:"160" placeholder:"N"`
	Seed     uint64 `help:"Whom to draw. Recipes learn from the faces of seed 1 and test on those of 1000003." default:"0" placeholder:"N"`
	Quiet    bool   `help:"Show no progress, only errors."`
}

// Most that data draw takes.
const (
	maxDrawn  = 100_000
	maxFrames = 10_000
)

func (c *dataDrawCmd) Run(out *console) error {
	if err := c.check(); err != nil {
		return err
	}
	videos := drawn.Videos
	if c.Reversed {
		videos = drawn.Reversed
	}
	sets := []struct {
		*data.Dataset
		folder, list, header, separator string
	}{
		{drawn.Images(c.Seed, int(c.Images), int(c.Size)), "images", "static.txt", "", " "},
		{videos(c.Seed, int(c.Videos), int(c.Frames), int(c.Size)), "videos", "dynamic.csv", "video_name,label\n", ","},
	}
	meter := newMeter(out, int(c.Images+c.Videos), "drawing", c.Quiet)
	defer meter.Finish()
	for _, s := range sets {
		list := s.header
		for _, item := range s.Items {
			name := s.folder + "/" + filepath.Base(item.Name)
			if s.Modality == data.Image {
				name += ".png"
			}
			sample, err := item.Open(out.ctx, data.OpenOptions{})
			if err != nil {
				return err
			}
			same := func(f *data.Frames) *data.Frames { return f }
			if err := save(out, sample, filepath.Join(c.Out, name), s.Modality, same); err != nil {
				return err
			}
			list += name + s.separator + s.Classes[item.Label] + "\n"
			meter.Add(1)
		}
		if len(s.Items) == 0 {
			continue
		}
		if err := atomicfile.WriteBytes(filepath.Join(c.Out, s.list), []byte(list)); err != nil {
			return err
		}
	}
	meter.Finish()
	fmt.Fprintf(out.stdout, "%s: %s; the folder is the root of both lists\n", report.Printable(c.Out), c.written())
	return nil
}

// check returns an error for what can't be drawn, or would mix with other files.
func (c *dataDrawCmd) check() error {
	for _, n := range []struct {
		flag         string
		value        uint
		lowest, most uint
	}{{"images", c.Images, 0, maxDrawn}, {"videos", c.Videos, 0, maxDrawn}, {"frames", c.Frames, 1, maxFrames}, {"size", c.Size, drawn.MinSize, drawn.MaxSize}} {
		if n.value < n.lowest || n.value > n.most {
			return usagef("--%s %d: it must be from %d to %d", n.flag, n.value, n.lowest, n.most)
		}
	}
	if c.Images+c.Videos == 0 {
		return usagef("nothing to draw: --images and --videos are both 0")
	}
	return checkEmpty("--out", c.Out)
}

// written names the lists.
func (c *dataDrawCmd) written() string {
	var parts []string
	if c.Images > 0 {
		parts = append(parts, fmt.Sprintf("static.txt lists %d images", c.Images))
	}
	if c.Videos > 0 {
		parts = append(parts, fmt.Sprintf("dynamic.csv lists %d videos", c.Videos))
	}
	return strings.Join(parts, ", ")
}
