package main

import (
	"io"
	"iter"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"mien/data"
)

// Frames of a video are decoded while those before them are read.

// Limits of the frames that are read together: more are hardly faster, but take memory, and an interruption waits for them.
const (
	mostTogether   = 16
	pixelsTogether = 4 << 20
	longTogether   = 400 * time.Millisecond
)

// pace is how many frames are to be read together.
type pace struct{ frames atomic.Int64 }

func newPace() *pace {
	p := &pace{}
	p.frames.Store(mostTogether / 4)
	return p
}

// took sets the pace by how long some frames took: to a power of two, as each number of frames takes memory of its own.
func (p *pace) took(frames int, d time.Duration) {
	if frames == 0 {
		return
	}
	n := int64(longTogether) * int64(frames) / max(int64(d), 1)
	p.frames.Store(1 << (bits.Len64(uint64(min(max(n, 1), mostTogether))) - 1))
}

// readAhead yields the frames of an input, some at a time, and with the last of them, if any, the error that ends it too early.
func readAhead(o *opened, p *pace) iter.Seq2[[]data.Frame, error] {
	type part struct {
		frames []data.Frame
		err    error
	}
	return func(yield func([]data.Frame, error) bool) {
		parts, left := make(chan part), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			defer close(parts)
			for {
				frames, err := o.some(p)
				select {
				case parts <- part{frames, err}:
				case <-left:
					return
				}
				if err != nil {
					return
				}
			}
		})
		defer wg.Wait()
		defer o.stop()
		defer close(left)
		for got := range parts {
			if got.err == io.EOF {
				got.err = nil
			}
			if !yield(got.frames, got.err) {
				return
			}
		}
	}
}

// some returns the next frames.
func (o *opened) some(p *pace) (frames []data.Frame, err error) {
	most, pixels := int(p.frames.Load()), 0
	for len(frames) < most && pixels < pixelsTogether {
		f, err := o.Next()
		if err != nil {
			return frames, err
		}
		if f.Frames != nil {
			pixels += f.H * f.W
		}
		frames = append(frames, f)
	}
	return frames, nil
}
