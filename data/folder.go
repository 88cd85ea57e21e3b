package data

import (
	"context"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/maruel/natural"
)

// Folders of pictures, which are the frames of a video or have nothing to do with each other.

// Folder is a folder of pictures, beside which there may be videos.
type Folder struct {
	Path     string
	Pictures []string // their paths, numbers in names in the order of their values: 2 before 10
	Videos   []string // by their names, and GIFs; in the same order
}

// ReadFolder lists a folder that has pictures.
func ReadFolder(dir string) (Folder, error) {
	f, err := ListFolder(dir)
	if err == nil && len(f.Pictures) == 0 {
		return Folder{}, fmt.Errorf("%s: no images (*%s) in this folder", dir, strings.Join(imageExts, ", *"))
	}
	return f, err
}

// ListFolder lists the pictures and videos of a folder, which may have none.
func ListFolder(dir string) (Folder, error) {
	if _, err := stat(dir); err != nil {
		return Folder{}, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return Folder{}, pathError(dir, err)
	}
	f := Folder{Path: dir}
	for _, e := range entries {
		// A leading dot marks a file of the operating system (macOS's ._000.jpg), never a frame.
		if strings.HasPrefix(e.Name(), ".") || e.IsDir() {
			continue
		}
		switch path := filepath.Join(dir, e.Name()); {
		case slices.Contains(imageExts, lowerExt(path)):
			f.Pictures = append(f.Pictures, path)
		case HasExtension(path, Video):
			f.Videos = append(f.Videos, path)
		}
	}
	slices.SortStableFunc(f.Pictures, natural.Compare)
	slices.SortStableFunc(f.Videos, natural.Compare)
	return f, nil
}

// All returns pictures and videos in one order.
func (f Folder) All() []string {
	all := slices.Concat(f.Pictures, f.Videos)
	slices.SortStableFunc(all, natural.Compare)
	return all
}

// Video returns the pictures as the frames of a video, which are decoded when they are read.
func (f Folder) Video(opt OpenOptions) Sample {
	frame := func(ctx context.Context, i int) (*Frames, error) { return OpenImage(ctx, f.Pictures[i], opt) }
	return &sample{name: f.Path, n: len(f.Pictures), frame: frame, paths: f.Pictures}
}

// IsVideo says whether the pictures look like the frames of a video, and why: they are numbered and have one size. It reads
// their headers.
func (f Folder) IsVideo(ctx context.Context) (is bool, why string, err error) {
	n := len(f.Pictures)
	switch {
	case n == 1:
		return false, "a single picture", nil
	case !numbered(f.Pictures):
		return false, fmt.Sprintf("%d pictures without numbering", n), nil
	}
	var first image.Config
	for i, path := range f.Pictures {
		if ctx.Err() != nil {
			return false, "", ctx.Err()
		}
		config, k, err := readHeader(path)
		if i == 0 {
			first = config
		}
		switch {
		case err != nil:
			return false, fmt.Sprintf("%d pictures, one of them of unknown size (%v)", n, err), nil
		case k != kind{}:
			return false, fmt.Sprintf("%d pictures, one of them of unknown size (%s: %s)", n, path, k.name), nil
		case config.Width != first.Width || config.Height != first.Height:
			return false, fmt.Sprintf("%d pictures of several sizes", n), nil
		}
	}
	return true, fmt.Sprintf("%d numbered pictures of one size", n), nil
}

// numbered reports whether the names differ in a number at their end alone, as frame_1.png and frame_2.png do. In 001_03.jpg and
// 002_03.jpg, two persons in the same pose, they do not.
func numbered(paths []string) bool {
	seen := map[string]bool{}
	prefix := ""
	for i, path := range paths {
		stem := strings.TrimSuffix(path, filepath.Ext(path))
		name := strings.TrimRight(stem, "0123456789")
		number := strings.TrimLeft(stem[len(name):], "0")
		if i == 0 {
			prefix = name
		}
		if name != prefix || len(stem) == len(name) || seen[number] {
			return false
		}
		seen[number] = true
	}
	return true
}
