package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"

	"mien/data"
	"mien/report"
)

// folderFlags say what the pictures of a folder are.
type folderFlags struct {
	Each   bool `help:"Take each picture of a folder by itself." xor:"folder"`
	AsClip bool `help:"Take each folder as one video; without either flag, numbered pictures of one size are a video." xor:"folder"`
}

// input is what is predicted at once: a file or a folder.
type input struct {
	path   string
	readAs string // of a folder: "clip" or "each", as the flags are called
}

// inputs yields what the paths stand for, folders of several pictures one by one. Notes say how each folder is read, and why.
func (c *folderFlags) inputs(ctx context.Context, paths []string, notes io.Writer) iter.Seq2[input, error] {
	return func(yield func(input, error) bool) {
		for _, path := range paths {
			all, note, err := c.expand(ctx, path)
			if err != nil {
				all = []input{{path: path}}
			}
			if note != "" {
				fmt.Fprintf(notes, "mien: %s: %s\n", report.Printable(path), note)
			}
			for _, in := range all {
				if !yield(in, err) {
					return
				}
			}
		}
	}
}

func (c *folderFlags) expand(ctx context.Context, path string) (all []input, note string, err error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return []input{{path: path}}, "", nil // whose errors are those of opening it
	}
	folder, err := data.ReadFolder(path)
	if err != nil {
		return nil, "", err
	}
	clip, why := c.AsClip, fmt.Sprintf("%d pictures", len(folder.Pictures))
	if !c.AsClip && !c.Each {
		if clip, why, err = folder.IsVideo(ctx); err != nil {
			return nil, "", err
		}
	}
	if clip {
		return []input{{path, "clip"}}, why + ", read as one video (--each reads them one by one)", nil
	}
	for _, p := range folder.Pictures {
		all = append(all, input{p, "each"})
	}
	return all, why + ", read one by one (--as-clip reads them as a video)", nil
}
