package data

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Samples whose frames are in memory, and folders of images that are decoded on demand.

// memSample is a sample whose frames are all in memory.
type memSample struct {
	name   string
	h, w   int
	frames [][]uint8 // each h·w·3
}

// newMemSample joins single frames of one size.
func newMemSample(name string, frames []*Frames) *memSample {
	s := &memSample{name: name, h: frames[0].H, w: frames[0].W}
	for _, f := range frames {
		s.frames = append(s.frames, f.Pix)
	}
	return s
}

func (s *memSample) Len() int { return len(s.frames) }

func (s *memSample) Read(indices []int) (*Frames, error) {
	if err := checkRead(s.name, indices, s.Len(), s.h, s.w); err != nil {
		return nil, err
	}
	out := NewFrames(len(indices), s.h, s.w)
	for i, index := range indices {
		copy(out.Frame(i), s.frames[index])
	}
	return out, nil
}

// folderSample is a folder of images, decoded when read.
type folderSample struct {
	paths []string
	dir   string
	opt   OpenOptions
}

func openFolder(dir string, opt OpenOptions) (Sample, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, pathError(dir, err)
	}
	s := &folderSample{dir: dir, opt: opt}
	for _, e := range entries { // os.ReadDir sorts by name
		// A leading dot marks a file of the operating system (macOS's ._000.jpg), never a frame.
		hidden := strings.HasPrefix(e.Name(), ".")
		if !hidden && !e.IsDir() && slices.Contains(imageExts, lowerExt(e.Name())) {
			s.paths = append(s.paths, filepath.Join(dir, e.Name()))
		}
	}
	if len(s.paths) == 0 {
		return nil, fmt.Errorf("%s: no images (*%s) in this folder", dir, strings.Join(imageExts, ", *"))
	}
	return s, nil
}

func (s *folderSample) Len() int { return len(s.paths) }

func (s *folderSample) Read(indices []int) (*Frames, error) {
	if err := checkRead(s.dir, indices, s.Len(), 1, 1); err != nil {
		return nil, err
	}
	var out *Frames
	for i, index := range indices {
		if i > 0 && index == indices[i-1] { // padded windows repeat the last frame
			copy(out.Frame(i), out.Frame(i-1))
			continue
		}
		f, err := OpenImage(s.paths[index])
		if err != nil {
			return nil, err
		}
		f = s.opt.fit(f)
		if out == nil {
			if err := checkRead(s.dir, indices, s.Len(), f.H, f.W); err != nil {
				return nil, err
			}
			out = NewFrames(len(indices), f.H, f.W)
		}
		if f.H != out.H || f.W != out.W {
			return nil, fmt.Errorf("%s: %d×%d pixels, but the video's other frames have %d×%d",
				s.paths[index], f.W, f.H, out.W, out.H)
		}
		copy(out.Frame(i), f.Pix)
	}
	return out, nil
}

// checkRead refuses missing frames and more bytes than a video may have.
func checkRead(name string, indices []int, length, h, w int) error {
	if len(indices) == 0 {
		return fmt.Errorf("%s: no frame asked for", name)
	}
	for _, index := range indices {
		if index < 0 || index >= length {
			return fmt.Errorf("%s: frame %d asked for, but there are %d", name, index, length)
		}
	}
	if int64(len(indices))*int64(h)*int64(w)*3 > maxVideoBytes {
		return fmt.Errorf("%s: %d frames of %d×%d pixels are more than the limit of %d MiB; read fewer or smaller ones",
			name, len(indices), w, h, maxVideoBytes>>20)
	}
	return nil
}

// sized resizes the frames of another sample.
type sized struct {
	Sample
	opt OpenOptions
}

func (s sized) Read(indices []int) (*Frames, error) {
	f, err := s.Sample.Read(indices)
	if err != nil {
		return nil, err
	}
	return s.opt.fit(f), nil
}
