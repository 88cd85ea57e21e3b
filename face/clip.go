package face

import (
	"cmp"
	"slices"

	"mien/data"
)

// A whole clip at once, where a face may be chosen after all frames are seen.

// Main returns, in each frame of a clip, the face of the one person whom it shows: in most frames, and of several the largest. It is nil where
// that face is not found, and nobody where no frame has one. Times are in seconds, as of Tracker.Next.
func Main(frames [][]Face, times []float64) []*Face {
	type person struct {
		frames int
		width  float64 // sum of all frames
		id     int
	}
	tracker, ids, people := NewTracker(DefaultTrackOptions), make([][]int, len(frames)), []person(nil)
	for t, found := range frames {
		ids[t] = tracker.Next(times[t], found)
		for i, id := range ids[t] {
			if id > len(people) {
				people = append(people, person{id: id})
			}
			people[id-1].frames++
			people[id-1].width += found[i].Width
		}
	}
	shown := make([]*Face, len(frames))
	if len(people) == 0 {
		return shown
	}
	main := slices.MaxFunc(people, func(a, b person) int { return cmp.Or(a.frames-b.frames, cmp.Compare(a.width, b.width)) })
	for t := range frames {
		if i := slices.Index(ids[t], main.id); i >= 0 {
			shown[t] = &frames[t][i]
		}
	}
	return shown
}

// MeanPlacement is the one in the middle of those that are known: nil is unknown, but not all are.
func MeanPlacement(found []*data.Placement) (mean data.Placement) {
	n := complex(0, 0)
	for _, p := range found {
		if p != nil {
			n++
			mean.Middle, mean.Right, mean.Down = mean.Middle+p.Middle, mean.Right+p.Right, mean.Down+p.Down
		}
	}
	return data.Placement{Middle: mean.Middle / n, Right: mean.Right / n, Down: mean.Down / n}
}

// SteadyPlacements returns the steadied placement of each frame, as Steady has it. Where one is unknown it lies between the next known ones
// before and after; at least one is known.
func SteadyPlacements(found []*data.Placement, times []float64) []data.Placement {
	var steady Steady
	all, before := make([]data.Placement, len(found)), -1
	for t := range found {
		after := t
		for after < len(found) && found[after] == nil {
			after++
		}
		var p data.Placement
		switch {
		case after == len(found):
			p = *found[before]
		case before < 0 || after == t:
			p = *found[after]
		default:
			p = between(*found[before], *found[after], (times[t]-times[before])/(times[after]-times[before]))
		}
		if after == t {
			before = t
		}
		all[t] = steady.Next(times[t], p)
	}
	return all
}

// between is a placement on the way from one to another, by a share from 0 to 1.
func between(from, to data.Placement, share float64) data.Placement {
	s := complex(share, 0)
	return data.Placement{
		Middle: from.Middle + s*(to.Middle-from.Middle), Right: from.Right + s*(to.Right-from.Right), Down: from.Down + s*(to.Down-from.Down),
	}
}
