package data

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Frames one by one, of whatever has some: memory is that of a few of them, whatever the length. Go on with source.go.

// Frame is one frame of a video, or a picture.
type Frame struct {
	*Frames         // T = 1, upright; nil where nothing could be decoded
	Index   int     // in the file, from 0, of all frames there are
	Time    float64 // of presentation, in seconds from the beginning; NaN of pictures
	Err     error   // what is damaged of it, if anything; reading goes on behind it
}

// FrameInfo is what is known before all frames are read.
type FrameInfo struct {
	Format        string
	Still         bool    // one picture, not a video
	Width, Height int     // of the first frame that could be decoded
	Frames        int     // in the file, before a selection; 0 where unknown
	Duration      float64 // in seconds; 0 where unknown
	FPS           float64 // as the file says, which may be a mean; 0 where unknown
}

// CutError is how a video ends that was read as far as possible: it is cut off, or its decoder has met damage.
type CutError struct {
	Frames int     // that are before the place
	Time   float64 // of the frame that is cut, or of the last before
	Cause  error
}

func (e *CutError) Error() string {
	if e.Frames == 0 {
		return e.Cause.Error()
	}
	return fmt.Sprintf("damaged after %d frames, at %.3f s: %v", e.Frames, e.Time, e.Cause)
}

func (e *CutError) Unwrap() error { return e.Cause }

// FrameReader reads the frames of a picture, a folder or a video one by one. It is for one goroutine.
type FrameReader struct {
	ctx    context.Context
	name   string
	source frameSource
	clock  clock
	chosen chooser
	first  *Frame // read ahead, for FrameInfo
	info   FrameInfo
	read   int     // frames that the source had
	last   float64 // time of the last of them
	end    error   // of Next from now on
}

// OpenFrames opens a picture, a GIF, a Motion JPEG in AVI, a Y4M or a folder of pictures; videos of other formats through ffmpeg. What a file
// is, its content says. The first frame is read already, so that errors of a file that cannot be read come from here.
func OpenFrames(ctx context.Context, path string, sel Selection) (*FrameReader, error) {
	if err := sel.check(); err != nil {
		return nil, err
	}
	source, left, err := openSource(ctx, path, sel, standard)
	if err != nil {
		return nil, err
	}
	return newFrameReader(ctx, path, source, left)
}

// ReadFrames does the same with what a reader holds, which name stands for in messages: pictures and videos, no folder. An end of ctx ends
// a read under way, though r itself is left waiting.
func ReadFrames(ctx context.Context, name string, r io.Reader, sel Selection) (*FrameReader, error) {
	if err := sel.check(); err != nil {
		return nil, err
	}
	source, left, err := readSource(ctx, r, sel, standard)
	if err != nil {
		return nil, pathError(name, err)
	}
	return newFrameReader(ctx, name, source, left)
}

func newFrameReader(ctx context.Context, name string, source frameSource, sel Selection) (*FrameReader, error) {
	r := &FrameReader{ctx: ctx, name: name, source: source, chosen: chooser{Selection: sel}}
	first, err := r.next()
	switch {
	case err == io.EOF && r.read > 0:
		err = fmt.Errorf("nothing is in the selection: of %d frames, the last is at %.3f s", r.read, r.last)
	case err == io.EOF:
		err = errNoFrames
	}
	if err != nil {
		r.Close()
		return nil, pathError(name, err)
	}
	r.first, r.info = &first, source.info()
	if first.Frames != nil {
		r.info.Width, r.info.Height = first.W, first.H
	}
	return r, nil
}

// Info is of what was opened.
func (r *FrameReader) Info() FrameInfo { return r.info }

// Next returns the next frame that was selected, and io.EOF behind the last. A frame that is damaged has Err, and the next call goes on
// behind it; a video that is damaged for good ends with a CutError.
func (r *FrameReader) Next() (Frame, error) {
	if f := r.first; f != nil {
		r.first = nil
		return *f, nil
	}
	if r.end != nil {
		return Frame{}, r.end
	}
	f, err := r.next()
	if err != nil {
		if r.end = err; err != io.EOF {
			r.end = pathError(r.name, err)
		}
		r.source.close()
	}
	return f, r.end
}

func (r *FrameReader) next() (Frame, error) {
	for {
		if r.ctx.Err() != nil {
			return Frame{}, context.Cause(r.ctx)
		}
		at, err := r.source.advance()
		if err != nil {
			return Frame{}, err
		}
		time := r.clock.tick(at.time)
		r.read, r.last = at.index+1, time
		if r.chosen.past(time) {
			return Frame{}, io.EOF
		}
		if !r.chosen.take(at.index, time) {
			continue
		}
		frames, err := r.source.decode()
		if r.ctx.Err() != nil {
			return Frame{}, context.Cause(r.ctx)
		}
		if errors.As(err, new(*CutError)) {
			return Frame{}, err
		}
		return Frame{Frames: frames, Index: at.index, Time: time, Err: err}, nil
	}
}

// Close ends what is under way, and is safe to call again. It must be called.
func (r *FrameReader) Close() error {
	if r.end == nil {
		r.end = io.EOF
	}
	r.first = nil
	r.source.close()
	return nil
}
