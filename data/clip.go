package data

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// memClip is a clip whose frames are all in memory.
type memClip struct {
	name   string
	h, w   int
	frames [][]uint8 // each h·w·3
}

// newMemClip joins single frames of one size.
func newMemClip(name string, frames []*Frames) *memClip {
	c := &memClip{name: name, h: frames[0].H, w: frames[0].W}
	for _, f := range frames {
		c.frames = append(c.frames, f.Pix)
	}
	return c
}

func (c *memClip) Len() int { return len(c.frames) }

func (c *memClip) Read(indices []int) (*Frames, error) {
	if err := checkRead(c.name, indices, c.Len(), c.h, c.w); err != nil {
		return nil, err
	}
	out := NewFrames(len(indices), c.h, c.w)
	for i, index := range indices {
		copy(out.Frame(i), c.frames[index])
	}
	return out, nil
}

// folderClip is a folder of pictures, decoded when read.
type folderClip struct {
	paths []string
	dir   string
	opt   OpenOptions
}

func openFolder(dir string, opt OpenOptions) (Clip, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, pathError(dir, err)
	}
	c := &folderClip{dir: dir, opt: opt}
	for _, e := range entries { // os.ReadDir sorts by name
		// A leading dot marks what systems leave behind (macOS's ._000.jpg), never a frame.
		hidden := strings.HasPrefix(e.Name(), ".")
		if !hidden && !e.IsDir() && slices.Contains(pictureExts, lowerExt(e.Name())) {
			c.paths = append(c.paths, filepath.Join(dir, e.Name()))
		}
	}
	if len(c.paths) == 0 {
		return nil, fmt.Errorf("%s: no pictures (*%s) in this folder", dir, strings.Join(pictureExts, ", *"))
	}
	return c, nil
}

func (c *folderClip) Len() int { return len(c.paths) }

func (c *folderClip) Read(indices []int) (*Frames, error) {
	if err := checkRead(c.dir, indices, c.Len(), 1, 1); err != nil {
		return nil, err
	}
	var out *Frames
	first := map[int]int{} // frame → where it already stands in out: padded windows repeat the last frame
	for i, index := range indices {
		if j, ok := first[index]; ok {
			copy(out.Frame(i), out.Frame(j))
			continue
		}
		first[index] = i
		f, err := OpenPicture(c.paths[index])
		if err != nil {
			return nil, err
		}
		f = c.opt.fit(f)
		if out == nil {
			if err := checkRead(c.dir, indices, c.Len(), f.H, f.W); err != nil {
				return nil, err
			}
			out = NewFrames(len(indices), f.H, f.W)
		}
		if f.H != out.H || f.W != out.W {
			return nil, fmt.Errorf("%s: %d×%d pixels, but the clip's other frames have %d×%d",
				c.paths[index], f.W, f.H, out.W, out.H)
		}
		copy(out.Frame(i), f.Pix)
	}
	return out, nil
}

// checkRead refuses frames that are not there and more bytes than a clip may have.
func checkRead(name string, indices []int, length, h, w int) error {
	if len(indices) == 0 {
		return fmt.Errorf("%s: no frame asked for", name)
	}
	for _, index := range indices {
		if index < 0 || index >= length {
			return fmt.Errorf("%s: frame %d asked for, but there are %d", name, index, length)
		}
	}
	if int64(len(indices))*int64(h)*int64(w)*3 > maxClipBytes {
		return fmt.Errorf("%s: %d frames of %d×%d pixels are more than the limit of %d MiB; read fewer or smaller ones",
			name, len(indices), w, h, maxClipBytes>>20)
	}
	return nil
}

// sized resizes what another clip hands out.
type sized struct {
	Clip
	opt OpenOptions
}

func (c sized) Read(indices []int) (*Frames, error) {
	f, err := c.Clip.Read(indices)
	if err != nil {
		return nil, err
	}
	return c.opt.fit(f), nil
}
