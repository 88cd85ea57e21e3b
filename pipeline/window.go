package pipeline

import "mien/data"

// window is the latest part of a track, as much as the video head sees at once: windows follow one another, and the last one ends with the
// track.
type window struct {
	most, stride int // frames of a window, and frames of the video from one to the next

	seen  []glimpse // the latest, at most so many
	fresh int       // of them that were in no window yet
	due   int       // the frame from which on the next may be seen
}

// glimpse is a face in one frame.
type glimpse struct {
	index int
	time  float64
	view  data.View
}

// add tells whether a window is full with this frame. Frames nearer than the stride are left out.
func (w *window) add(in data.Frame, view data.View) (full bool) {
	if in.Index < w.due {
		return false
	}
	w.due = in.Index + w.stride
	if len(w.seen) == w.most {
		w.seen = append(w.seen[:0], w.seen[1:]...)
	}
	w.seen = append(w.seen, glimpse{in.Index, in.Time, view})
	w.fresh++
	return w.fresh == w.most
}

// take returns the window as the model's input, in which the last frame of a short track is repeated. What is in it is fresh no more.
func (w *window) take() (first, last glimpse, view data.View) {
	w.fresh = 0
	first, last = w.seen[0], w.seen[len(w.seen)-1]
	view = data.View{T: w.most, H: last.view.H, W: last.view.W}
	for i := range w.most {
		view.Bytes = append(view.Bytes, w.seen[min(i, len(w.seen)-1)].view.Bytes...)
	}
	return first, last, view
}
