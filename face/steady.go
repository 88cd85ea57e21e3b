package face

import (
	"math"
	"math/cmplx"

	"mien/data"
)

// Steady keeps the crop of a face calm from frame to frame: what a detector says shakes, and to a model of videos that is motion. It is for
// one track. Its zero value is ready for the first frame.
type Steady struct {
	last data.Placement
	at   float64
	any  bool
}

const (
	// A crop is the mean of those of about this time in seconds, the last ones first.
	calm = 0.3
	// But it is never farther behind a moving face than this share of its side: the detector's points shake by less.
	behind = 0.05
)

// Next returns the steadied placement of the next frame, from where the face was found in it and when, in seconds of Tracker.Now.
func (s *Steady) Next(now float64, found data.Placement) data.Placement {
	part := complex(1-math.Exp(-(now-s.at)/calm), 0)
	if !s.any {
		part, s.any = 1, true
	}
	back := data.Placement{ // from where it is to where it is shown
		Middle: (1 - part) * (s.last.Middle - found.Middle),
		Right:  (1 - part) * (s.last.Right - found.Right),
		Down:   (1 - part) * (s.last.Down - found.Down),
	}
	far := cmplx.Abs(back.Middle) + cmplx.Abs(back.Right) + cmplx.Abs(back.Down) // at most, of any point of the crop
	if limit := behind * 2 * cmplx.Abs(found.Right); far > limit {
		shorter := complex(limit/far, 0)
		back = data.Placement{Middle: back.Middle * shorter, Right: back.Right * shorter, Down: back.Down * shorter}
	}
	s.last = data.Placement{Middle: found.Middle + back.Middle, Right: found.Right + back.Right, Down: found.Down + back.Down}
	s.at = now
	return s.last
}
