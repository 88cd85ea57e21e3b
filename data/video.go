package data

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
)

// collect decodes the frames of a source, up to as many as there may be in memory; one alone, if that is the limit. Later frames must have
// the first one's size, unless all are resized.
func collect(ctx context.Context, source frameSource, opt OpenOptions, lim limits) ([]*Frames, error) {
	if animation, ok := source.(*gifSource); ok && lim.frames > 1 {
		if err := animation.fits(opt, lim); err != nil {
			return nil, err
		}
	}
	var frames []*Frames
	var size, work int64
	for {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		f, err := nextOf(source)
		switch {
		case err == io.EOF && len(frames) == 0:
			return nil, errNoFrames
		case err == io.EOF, errors.As(err, new(*CutError)) && len(frames) > 0:
			return frames, nil
		case err == nil, err == errConcealed:
		default:
			return nil, err
		}
		work += int64(f.H) * int64(f.W)
		f = opt.fit(f)
		size += int64(len(f.Pix))
		switch {
		case len(frames) >= lim.frames, size > lim.bytes, work > lim.work:
			return nil, lim.exceeded(f)
		case len(frames) > 0 && (f.H != frames[0].H || f.W != frames[0].W):
			return nil, fmt.Errorf("frame %d has %d×%d pixels, the first %d×%d", len(frames), f.W, f.H, frames[0].W, frames[0].H)
		}
		if frames = append(frames, f); lim.frames == 1 {
			return frames, nil
		}
	}
}

var errNoFrames = errors.New("no frames in this file")

func nextOf(source frameSource) (*Frames, error) {
	at, err := source.advance()
	if err != nil {
		return nil, err
	}
	f, err := source.decode()
	if err != nil && err != errConcealed && at.index > 0 {
		err = fmt.Errorf("frame %d: %w", at.index, err)
	}
	return f, err
}

// exceeded says that a video of such frames is too long.
func (lim limits) exceeded(f *Frames) error {
	return fmt.Errorf("the video is longer than the limit of %d frames, %d MiB of %d×%d pixels and %d million pixels in all: "+
		"cut it (ffmpeg -t), or make it smaller (ffmpeg -vf scale)", lim.frames, lim.bytes>>20, f.W, f.H, lim.work/1e6)
}

// readPPM reads a binary PPM image, as ffmpeg writes them.
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
