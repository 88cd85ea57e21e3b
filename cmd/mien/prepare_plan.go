package main

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"mien/data"
)

// What mien prepare cuts, and where it goes.

// cuttable is a sample, and the path of its crop below the folder that is written: a PNG for an image, a folder for a video.
type cuttable struct {
	data.Item
	modality data.Modality
	path     string
}

// plan returns all samples of lists and folders, or an error for what can't be.
func (c *prepareCmd) plan() (all []cuttable, err error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	sets, err := openUnlabelled(data.Lists(c.dataFlags), "")
	if err != nil {
		return nil, err
	}
	for _, in := range []struct {
		folder string
		m      data.Modality
	}{{c.Images, data.Image}, {c.Videos, data.Video}} {
		if in.folder == "" {
			continue
		}
		d, err := walk(in.folder, in.m)
		if err != nil {
			return nil, err
		}
		sets = append(sets, d)
	}
	type source struct {
		set  int
		name string
	}
	taken := map[string]source{}
	for i, d := range sets {
		for _, item := range d.Items {
			path, err := target(item, d.Modality)
			if err != nil {
				return nil, err
			}
			other, again := taken[path]
			switch {
			case again && other != source{i, item.Name}:
				return nil, fmt.Errorf("%s: it would be written to %s, as %s: rename one of them", item.Place(), path, other.name)
			case !again: // or it is listed twice
				all = append(all, cuttable{item, d.Modality, path})
			}
			taken[path] = source{i, item.Name}
		}
	}
	if len(all) == 0 {
		return nil, usagef("nothing to prepare: give --static-list, --dynamic-list, --images or --videos")
	}
	return all, checkEmpty("--out", c.Out)
}

// cropsFolder is where the crops of a modality are, below --out.
func cropsFolder(m data.Modality) string { return data.ByModality(m, "images", "videos") }

// target returns where a list's name leads from the new root.
func target(item data.Item, m data.Modality) (string, error) {
	name := filepath.FromSlash(item.Name)
	if !filepath.IsLocal(name) {
		return "", fmt.Errorf("%s: the name leads out of the list's folder, and would out of --out: give a list whose names are relative to its root",
			item.Place())
	}
	if m == data.Image {
		name = strings.TrimSuffix(name, filepath.Ext(name)) + ".png"
	}
	return filepath.Join(cropsFolder(m), name), nil
}

// walk returns the images or the videos in a folder and in those below it. A folder of pictures is a video, and what is below that is not
// looked at. Names with a leading dot are files of the operating system.
func walk(folder string, m data.Modality) (*data.Dataset, error) {
	d := &data.Dataset{Modality: m}
	root, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(e.Name(), ".") && path != root
		switch {
		case hidden && e.IsDir():
			return filepath.SkipDir
		case hidden || e.IsDir() && m == data.Image:
			return nil
		}
		framed := e.IsDir()
		if framed {
			if _, err := data.ReadFolder(path); err != nil {
				return nil // no folder of pictures
			}
		} else if !data.HasExtension(path, m) {
			return nil
		}
		name, err := filepath.Rel(root, path)
		d.Items = append(d.Items, walked(filepath.ToSlash(name), path))
		if framed && err == nil {
			err = filepath.SkipDir
		}
		return err
	})
	if err == nil && len(d.Items) == 0 {
		err = fmt.Errorf("%s: no %ss in this folder or below it", folder, m)
	}
	return d, err
}

// walked is a sample in a file or folder.
func walked(name, path string) data.Item {
	return data.Item{Name: name, Label: data.Unlabelled, Open: func(ctx context.Context, opt data.OpenOptions) (data.Sample, error) {
		sample, _, err := data.Open(ctx, path, opt)
		return sample, err
	}}
}
