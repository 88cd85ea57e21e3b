package main

import (
	"context"
	"fmt"

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

// inputs returns what the paths stand for, folders of several pictures one by one. Notes say how each folder is read, and why.
func (c *folderFlags) inputs(ctx context.Context, paths []string, note func(string)) (all []input, err error) {
	for _, path := range paths {
		folder, err := data.ReadFolder(path)
		if err != nil { // a file, or no folder of pictures: opening it will say so
			all = append(all, input{path: path})
			continue
		}
		clip, why := c.AsClip, fmt.Sprintf("%d pictures", len(folder.Pictures))
		if !c.AsClip && !c.Each {
			if clip, why, err = folder.IsVideo(ctx); err != nil {
				return nil, err
			}
		}
		how, read := "as one video (--each reads them one by one)", []input{{path, "clip"}}
		if !clip {
			how, read = "one by one (--as-clip reads them as a video)", nil
			for _, p := range folder.Pictures {
				read = append(read, input{p, "each"})
			}
		}
		note(report.Printable(fmt.Sprintf("%s: %s, read %s", path, why, how)))
		all = append(all, read...)
	}
	return all, nil
}
