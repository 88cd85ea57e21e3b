package pipeline

import (
	"maps"
	"slices"

	"mien/data"
	"mien/engine"
	"mien/face"
)

// Videos, chunk by chunk. What stays in memory between two chunks is the faces that are followed, of each as many crops as a window has.

// Results are what a chunk of a video adds: all of its frames, the clips that ended in it, and the faces that are gone.
type Results struct {
	Frames    []Frame
	Clips     []Clip
	Summaries []Summary
}

// Follower reads one video.
type Follower struct {
	p            *Pipeline
	tracker      *face.Tracker
	tracks       map[int]*track
	image, video *batch // nil without the head
}

// Follow begins a video.
func (p *Pipeline) Follow() *Follower {
	return &Follower{p: p, tracker: face.NewTracker(face.DefaultTrackOptions), tracks: map[int]*track{},
		image: p.batch(data.Image), video: p.batch(data.Video)}
}

// Add reads the next frames. However a video is divided into chunks, the results are the same; longer ones are faster.
func (f *Follower) Add(frames []data.Frame) (r Results, err error) {
	defer engine.Catch(&err)
	in, err := f.find(frames)
	if err != nil {
		return r, err
	}
	c := &chunk{Follower: f}
	for i, frame := range frames {
		if err := c.add(frame, in[i]); err != nil {
			return r, err
		}
	}
	return c.results()
}

// Finish ends the video, and with it the windows that are begun.
func (f *Follower) Finish() (r Results, err error) {
	defer engine.Catch(&err)
	c := &chunk{Follower: f}
	for _, id := range slices.Sorted(maps.Keys(f.tracks)) {
		if err := c.end(id); err != nil {
			return r, err
		}
	}
	return c.results()
}

// find returns the faces of each frame. Neighbours of one size are looked at together.
func (f *Follower) find(frames []data.Frame) (all []found, err error) {
	for len(frames) > 0 {
		n := 1
		for n < len(frames) && alike(frames[0], frames[n]) {
			n++
		}
		some := make([]found, n)
		if frames[0].Frames != nil {
			if some, err = f.p.find(stack(frames[:n])); err != nil {
				return nil, err
			}
		}
		all, frames = append(all, some...), frames[n:]
	}
	return all, nil
}

// alike tells whether two frames are of one size, or both damaged.
func alike(a, b data.Frame) bool {
	if a.Frames == nil || b.Frames == nil {
		return a.Frames == b.Frames
	}
	return a.H == b.H && a.W == b.W
}

// stack returns frames of one size as one.
func stack(frames []data.Frame) *data.Frames {
	if len(frames) == 1 {
		return frames[0].Frames
	}
	all := data.NewFrames(len(frames), frames[0].H, frames[0].W)
	for i, f := range frames {
		copy(all.Frame(i), f.Pix)
	}
	return all
}
