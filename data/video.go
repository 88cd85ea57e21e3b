package data

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// readPPMs reads binary PPM images, as ffmpeg writes them, up to the end of the stream. Later frames must have the first one's size,
// unless all are resized.
func readPPMs(r *bufio.Reader, opt OpenOptions, lim limits) ([]*Frames, error) {
	var frames []*Frames
	var size, work int64
	for {
		if _, err := r.Peek(1); err == io.EOF {
			return frames, nil
		}
		f, err := readPPM(r, lim)
		if err != nil {
			return frames, err
		}
		work += int64(f.H) * int64(f.W)
		f = opt.fit(f)
		size += int64(len(f.Pix))
		if len(frames) >= lim.frames || size > lim.bytes || work > lim.work {
			return frames, fmt.Errorf("the video is longer than the limit of %d frames, %d MiB of %d×%d pixels and %d million pixels in all: "+
				"cut it (ffmpeg -t), or make it smaller (ffmpeg -vf scale)", lim.frames, lim.bytes>>20, f.W, f.H, lim.work/1e6)
		}
		if len(frames) > 0 && (f.H != frames[0].H || f.W != frames[0].W) {
			return frames, fmt.Errorf("frame %d has %d×%d pixels, the first %d×%d", len(frames), f.W, f.H, frames[0].W, frames[0].H)
		}
		frames = append(frames, f)
	}
}

func readPPM(r *bufio.Reader, lim limits) (*Frames, error) {
	var w, h, depth int
	if _, err := fmt.Fscanf(r, "P6\n%d %d\n%d\n", &w, &h, &depth); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return nil, io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("unexpected output of ffmpeg: %w", err)
	}
	if w <= 0 || h <= 0 || depth != 255 || w > lim.pixels/h {
		return nil, fmt.Errorf("frames of %d×%d pixels (%d levels); the limit is %d pixels of 255 levels", w, h, depth, lim.pixels)
	}
	if w*h < lim.least {
		return nil, ffmpegError(fmt.Sprintf("it decodes a part of %d×%d pixels alone", w, h))
	}
	f := NewFrames(1, h, w)
	if _, err := io.ReadFull(r, f.Pix); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return f, nil
}
