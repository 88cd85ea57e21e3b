package serve

import (
	"bytes"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"slices"
	"sync"

	"mien/data"
)

// Small pictures of the frames of a job, for a page that shows each result on the very frame that was looked at, whether or not the
// browser can play the video.

const (
	previewSide  = 640
	previewBytes = 256 << 20 // of one job; the frames behind have none
)

// previews are in one file, one after another.
type previews struct {
	*spool
	mu    sync.Mutex
	index []int   // of frames in the video
	ends  []int64 // where in the file
}

func newPreviews(path string, of *lease) (*previews, error) {
	s, err := newSpool(path, of)
	return &previews{spool: s}, err
}

// add stores small pictures of frames. Of a frame that is damaged there is none.
func (p *previews) add(frames []data.Frame) error {
	for _, f := range frames {
		size, _, _ := p.length()
		if f.Frames == nil || size > previewBytes {
			continue
		}
		text, err := small(f.Frames)
		if err != nil {
			return err
		}
		if _, err := p.Write(text); err != nil {
			return err
		}
		p.mu.Lock()
		p.index, p.ends = append(p.index, f.Index), append(p.ends, size+int64(len(text)))
		p.mu.Unlock()
	}
	return nil
}

// get returns the picture of a frame.
func (p *previews) get(frame int) (io.Reader, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i, ok := slices.BinarySearch(p.index, frame)
	if !ok {
		return nil, newProblem(http.StatusNotFound, "no_such_frame", "there is no picture of frame %d", frame)
	}
	from := int64(0)
	if i > 0 {
		from = p.ends[i-1]
	}
	return p.part(from, p.ends[i]), nil
}

// small returns a frame as JPEG, reduced.
func small(f *data.Frames) ([]byte, error) {
	if longest := max(f.W, f.H); longest > previewSide {
		f = data.Resize(f, max(1, f.H*previewSide/longest), max(1, f.W*previewSide/longest))
	}
	m := image.NewRGBA(image.Rect(0, 0, f.W, f.H))
	for i, j := 0, 0; i < len(m.Pix); i, j = i+4, j+3 {
		m.Pix[i], m.Pix[i+1], m.Pix[i+2], m.Pix[i+3] = f.Pix[j], f.Pix[j+1], f.Pix[j+2], 255
	}
	var text bytes.Buffer
	err := jpeg.Encode(&text, m, &jpeg.Options{Quality: 80})
	return text.Bytes(), err
}
