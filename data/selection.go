package data

import (
	"errors"
	"math"
)

// Selection says which frames of a video are read. Those left out are not decoded where a format allows that.
type Selection struct {
	FPS        float64 // at most so many a second, evenly; 0 is all
	Every      int     // each n-th in the file; 0 and 1 are all
	Start, End float64 // seconds, without the end itself; End 0 is that of the video
}

// timed tells whether it depends on times.
func (s Selection) timed() bool { return s.FPS > 0 || s.Start > 0 || s.End > 0 }

func (s Selection) check() error {
	finite := func(v float64) bool { return v >= 0 && !math.IsInf(v, 0) }
	switch {
	case !finite(s.FPS) || !finite(s.Start) || !finite(s.End) || s.Every < 0:
		return errors.New("frames a second, the step, the start and the end of a selection are numbers from 0")
	case s.End > 0 && s.End <= s.Start:
		return errors.New("the end of a selection comes after its start")
	}
	return nil
}

// slack is how much earlier than its turn a frame may come, in turns: times are often rounded to milliseconds.
const slack = 0.1

// chooser applies a Selection. Of each 1/FPS seconds from the first frame it takes the first.
type chooser struct {
	Selection
	begun bool
	first float64 // time of the first that was taken
	turn  float64 // of the last
}

func (c *chooser) take(index int, time float64) bool {
	if c.Every > 1 && index%c.Every != 0 || time < c.Start {
		return false
	}
	if c.FPS == 0 {
		return true
	}
	if !c.begun {
		c.begun, c.first = true, time
		return true
	}
	turn := math.Floor((time-c.first)*c.FPS + slack)
	if turn <= c.turn {
		return false
	}
	c.turn = turn
	return true
}

// past tells whether nothing at this time or later is wanted.
func (c *chooser) past(time float64) bool { return c.End > 0 && time >= c.End }

// clock makes times that do not go back. They are counted from 0 where the first is negative; a frame whose time is missing, or before
// that of its predecessor, has the predecessor's.
type clock struct {
	begun  bool
	offset float64
	last   float64
}

// untimed is the time of the frames of a source that has none.
var untimed = math.Inf(-1)

func (c *clock) tick(time float64) float64 {
	if time == untimed {
		return math.NaN()
	}
	if !c.begun && time < 0 {
		c.offset = -time
	}
	c.begun = true
	if time += c.offset; time > c.last && !math.IsInf(time, 0) { // never where it is NaN
		c.last = time
	}
	return c.last
}
