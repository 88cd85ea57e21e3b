package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"mien/data"
	"mien/report"
)

// folderFlags say what the pictures of a folder are.
type folderFlags struct {
	Each   bool `help:"Take each picture and video of a folder by itself." xor:"folder"`
	AsClip bool `help:"Take the pictures of each folder as one video; without either flag, numbered pictures of one size are a video." xor:"folder"`
}

// input is what is predicted at once: a file or a folder.
type input struct {
	path   string
	readAs string    // of a folder: "clip" or "each", as the flags are called
	stream io.Reader // of a picture or a video on standard input
}

// gather returns all that is to be predicted: what the command line names, and what lists name.
func (c *predictCmd) gather(out *console) (all []input, err error) {
	if first := slices.Index(c.Paths, "-"); first >= 0 && slices.Contains(c.Paths[first+1:], "-") {
		return nil, usagef("-: standard input can be read once: give it once")
	}
	for _, path := range c.Paths {
		if path != "-" {
			all = append(all, input{path: path})
			continue
		}
		from, err := waitFor(out.ctx, c.standardInput)
		if err != nil {
			return nil, err
		}
		all = append(all, from...)
	}
	if c.List != "" {
		listed, err := data.ReadPathList(c.List, c.Root)
		if err != nil {
			return nil, err
		}
		all = append(all, named(listed)...)
	}
	if len(all) == 0 {
		return nil, usagef("nothing to predict: give paths, --list FILE, or - for standard input")
	}
	return all, nil
}

// standardInput is a picture or a video, by its first bytes, or else a list of paths. Whole inputs come in lists alone.
func (c *predictCmd) standardInput() ([]input, error) {
	in := bufio.NewReader(os.Stdin)
	if head, _ := in.Peek(512); c.Face != wholeInputs && data.Recognised(head) {
		return []input{{path: "-", stream: in}}, nil
	}
	paths, err := data.ReadPaths(in, c.Root)
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	return named(paths), nil
}

func named(paths []string) (all []input) {
	for _, path := range paths {
		all = append(all, input{path: path})
	}
	return all
}

// waitFor returns what a function does that reads standard input. An interruption ends the wait.
func waitFor[T any](ctx context.Context, read func() (T, error)) (v T, err error) {
	done := make(chan func() (T, error), 1)
	go func() {
		v, err := read()
		done <- func() (T, error) { return v, err }
	}()
	select {
	case result := <-done:
		return result()
	case <-ctx.Done():
		return v, ctx.Err()
	}
}

// inputs returns what the paths stand for, folders that are no video one by one. Notes say how each folder is read, and why.
func (c *folderFlags) inputs(ctx context.Context, given []input, note func(string)) (all []input, err error) {
	for _, in := range given {
		folder, err := data.ListFolder(in.path)
		if in.stream != nil || err != nil || len(folder.Pictures) == 0 && (c.AsClip || len(folder.Videos) == 0) {
			all = append(all, in) // a file, or no folder of pictures: opening it will say so
			continue
		}
		read, how, err := c.folder(ctx, folder)
		if err != nil {
			return nil, err
		}
		note(report.Printable(fmt.Sprintf("%s: %s", in.path, how)))
		all = append(all, read...)
	}
	return all, nil
}

// folder returns the pictures and videos of a folder, or the video that its pictures are, and says how it is read.
func (c *folderFlags) folder(ctx context.Context, folder data.Folder) (all []input, how string, err error) {
	clip, why := c.AsClip, counted(len(folder.Pictures), "picture")
	videos := counted(len(folder.Videos), "video")
	if !c.AsClip && !c.Each && len(folder.Pictures) > 0 {
		if clip, why, err = folder.IsVideo(ctx); err != nil {
			return nil, "", err
		}
	}
	if clip {
		if how = why + ", read as one video"; len(folder.Videos) > 0 {
			how += ", without " + videos + " beside them"
		}
		return []input{{path: folder.Path, readAs: "clip"}}, how + " (--each reads them one by one)", nil
	}
	for _, path := range folder.All() {
		all = append(all, input{path: path, readAs: "each"})
	}
	switch {
	case len(folder.Pictures) == 0:
		return all, videos + ", read one by one", nil
	case len(folder.Videos) > 0:
		return all, why + " and " + videos + ", read one by one (--as-clip reads the pictures as a video)", nil
	}
	return all, why + ", read one by one (--as-clip reads them as a video)", nil
}
