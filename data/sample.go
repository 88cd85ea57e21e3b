package data

import (
	"context"
	"fmt"
)

// sample is a Sample of frames that are decoded one by one.
type sample struct {
	name  string
	n     int
	frame func(ctx context.Context, i int) (*Frames, error) // frame i, which the caller must not change
	opt   OpenOptions
	paths []string // names of the frames in messages, nil if they have none
}

// NewSample returns a sample of n frames of one size, which frame decodes or draws one by one when they are read. frame must be
// safe for concurrent use.
func NewSample(name string, n int, opt OpenOptions, frame func(ctx context.Context, i int) (*Frames, error)) Sample {
	return &sample{name: name, n: n, frame: frame, opt: opt}
}

// inMemory returns a sample of single frames of one size.
func inMemory(name string, frames []*Frames) *sample {
	return &sample{name: name, n: len(frames), frame: func(_ context.Context, i int) (*Frames, error) { return frames[i], nil }}
}

func (s *sample) Len() int { return s.n }

// Read refuses missing frames and more bytes than a video may have.
func (s *sample) Read(ctx context.Context, indices []int) (*Frames, error) {
	if len(indices) == 0 {
		return nil, fmt.Errorf("%s: no frame asked for", s.name)
	}
	var out *Frames
	for i, index := range indices {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if index < 0 || index >= s.n {
			return nil, fmt.Errorf("%s: frame %d asked for, but there are %d", s.name, index, s.n)
		}
		if i > 0 && index == indices[i-1] { // padded windows repeat the last frame
			copy(out.Frame(i), out.Frame(i-1))
			continue
		}
		f, err := s.frame(ctx, index)
		if err != nil {
			return nil, err
		}
		f = s.opt.fit(f)
		if out == nil {
			if int64(len(indices))*int64(len(f.Pix)) > maxVideoBytes {
				return nil, fmt.Errorf("%s: %d frames of %d×%d pixels are more than the limit of %d MiB; read fewer or smaller ones",
					s.name, len(indices), f.W, f.H, maxVideoBytes>>20)
			}
			out = NewFrames(len(indices), f.H, f.W)
		}
		if f.H != out.H || f.W != out.W {
			return nil, fmt.Errorf("%s: %d×%d pixels, but the video's other frames have %d×%d", s.paths[index], f.W, f.H, out.W, out.H)
		}
		copy(out.Frame(i), f.Pix)
	}
	return out, nil
}
