package face

import (
	"cmp"
	"math"
	"slices"
)

// Following faces from frame to frame of a video. A face is known by its place alone: where it was, and how it moved.

// TrackOptions say when a face that was not found for a while is another one. DefaultTrackOptions suit videos.
type TrackOptions struct {
	Patience float64 // seconds for which a lost face is waited for, and at least until it is missing from a second frame
}

// DefaultTrackOptions bridge a second: a hand before a face, a glance to the side.
var DefaultTrackOptions = TrackOptions{Patience: 1}

// Distances and times of tracking. Distances are in widths of a face, so that near and far people are followed alike.
const (
	// A face is looked for around the place to which it would have moved: within nearby for what a detector is off, and the farther the
	// longer it was not seen, as it turns and stops. The head of somebody who walks across goes 8 widths a second, that of somebody who sits
	// hardly 1; people sit 3 apart.
	nearby, faster, farthest = 0.5, 4.0, 2.0
	// A lost face comes second to one that was just seen, if both may be meant, unless it is nearer by this. While two faces pass each other
	// only the one in front is found, and goes over the place of the other.
	lostBehind = 0.15
	// Velocity is a mean over about this time in seconds: boxes jitter.
	steadied = 0.25
	// The interval of frames in seconds where times do not say.
	usualInterval = 1. / 25
)

// Tracker gives faces numbers that stay the same throughout a video. A face has its number from the first frame in which it is found:
// numbers count from 1 in the order of appearance, none is left out, and none is used again.
type Tracker struct {
	opt      TrackOptions
	tracks   []*track // in the order of their numbers
	last     int      // number given
	now      float64  // seconds: a clock that never stands still or goes back
	at       float64  // time of the last frame
	interval float64  // of the last two frames
	ended    []int
}

// track is what is known of one face.
type track struct {
	id     int
	box    Box     // where it was seen last
	vx, vy float64 // pixels a second
	seen   float64 // when
	missed int     // frames since
}

// NewTracker begins a video.
func NewTracker(opt TrackOptions) *Tracker {
	return &Tracker{opt: opt, at: math.NaN(), interval: usualInterval}
}

// Next returns the number of each face of the next frame. Where the time, in seconds, is NaN or not after that of the frame before, the
// frame counts as one interval later.
func (t *Tracker) Next(time float64, found []Face) (ids []int) {
	t.tick(time)
	ids = make([]int, len(found))
	for _, p := range t.pairs(found) {
		if ids[p.found] == 0 && p.track.seen < t.now {
			p.track.see(found[p.found].Box, t.now)
			ids[p.found] = p.track.id
		}
	}
	t.end()
	for i := range found {
		if ids[i] == 0 {
			t.last++
			ids[i] = t.last
			t.tracks = append(t.tracks, &track{id: t.last, box: found[i].Box, seen: t.now})
		}
	}
	return ids
}

// Now is the time of the last frame on a clock that goes on with every frame, whatever their times say: for Steady.
func (t *Tracker) Now() float64 { return t.now }

// Ended returns the numbers of the faces that the last frame showed to be gone for good, until the next one. What was kept for them is of no
// more use.
func (t *Tracker) Ended() []int { return t.ended }

// tick moves the clock to the next frame.
func (t *Tracker) tick(time float64) {
	if d := time - t.at; d > 0 && !math.IsInf(d, 0) {
		t.interval = d
	}
	if !math.IsNaN(time) {
		t.at = time
	}
	t.now += t.interval
}

// pair is a track and a face that may be its.
type pair struct {
	track *track
	found int
	apart float64
}

// pairs returns all that are within reach, nearest first.
func (t *Tracker) pairs(found []Face) (all []pair) {
	for _, k := range t.tracks {
		dt := t.now - k.seen
		reach, apart := min(nearby+faster*dt, farthest), 0.0
		if k.missed > 0 {
			apart = lostBehind
		}
		for i, f := range found {
			if d := k.predict(dt).apart(f.Box); d <= reach {
				all = append(all, pair{k, i, apart + d})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b pair) int { return cmp.Compare(a.apart, b.apart) })
	return all
}

// end drops the tracks whose patience is over.
func (t *Tracker) end() {
	t.ended = t.ended[:0]
	t.tracks = slices.DeleteFunc(t.tracks, func(k *track) bool {
		if k.seen == t.now {
			return false
		}
		k.missed++
		if k.missed < 2 || t.now-k.seen <= t.opt.Patience {
			return false
		}
		t.ended = append(t.ended, k.id)
		return true
	})
}

// predict returns where a face is after a time at constant velocity.
func (k *track) predict(dt float64) Box {
	b := k.box
	b.X, b.Y = b.X+k.vx*dt, b.Y+k.vy*dt
	return b
}

// see notes where a face is now. Its velocity takes as much of the new one as a mean over the time would.
func (k *track) see(b Box, now float64) {
	dt := now - k.seen
	part := 1 - math.Exp(-dt/steadied)
	x, y := b.centre()
	fromX, fromY := k.box.centre()
	k.vx += part * ((x-fromX)/dt - k.vx)
	k.vy += part * ((y-fromY)/dt - k.vy)
	k.box, k.seen, k.missed = b, now, 0
}

func (b Box) centre() (x, y float64) { return b.X + b.Width/2, b.Y + b.Height/2 }

// apart is the distance of two boxes: of their centres in mean widths, and of the logarithms of their areas. Unlike their overlap it tells
// near from far also where they do not meet.
func (b Box) apart(other Box) float64 {
	x, y := b.centre()
	toX, toY := other.centre()
	width := (b.Width + other.Width) / 2
	return math.Hypot(toX-x, toY-y)/width + math.Abs(math.Log(b.Width*b.Height/(other.Width*other.Height)))/2
}
