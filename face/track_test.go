package face

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// at is a face around a place.
func at(x, y, width float64) Face {
	return Face{Box: Box{x - width/2, y - 0.6*width, width, 1.2 * width}, Score: 0.9}
}

// follow returns the numbers of each frame's faces, at so many frames a second.
func follow(t *Tracker, fps float64, frames [][]Face) (all [][]int) {
	for i, faces := range frames {
		all = append(all, t.Next(float64(i)/fps, faces))
	}
	return all
}

// rates are frames a second at which videos are looked at.
var rates = []float64{2, 5, 12, 25, 30, 60}

// Faces keep their numbers while they sit, walk and shake, in whatever order they are found, at any rate.
func TestTrack(t *testing.T) {
	for _, fps := range rates {
		rng := rand.New(rand.NewPCG(1, 2))
		tracker := NewTracker(DefaultTrackOptions)
		for i := range int(12 * fps) {
			s := float64(i) / fps
			faces := []Face{
				at(100+2*rng.NormFloat64(), 100+2*rng.NormFloat64(), 50), // sits
				at(175+3*math.Sin(2*s), 105, 48+2*math.Sin(9*s)),         // sits beside, nods
				at(60*s, 300, 30), // walks, 2 widths a second
				at(400+120*math.Cos(s), 500+120*math.Sin(s), 40*math.Exp(0.05*s)), // goes round, comes nearer
				at(20+12*3*s, 20, 12), // small and as fast
			}
			order := rng.Perm(len(faces))
			if i == 0 {
				order = []int{0, 1, 2, 3, 4}
			}
			var found []Face
			for _, k := range order {
				found = append(found, faces[k])
			}
			for j, id := range tracker.Next(s, found) {
				require.Equal(t, order[j]+1, id, "%g frames a second, second %g", fps, s)
			}
			require.Empty(t, tracker.Ended())
		}
	}
}

// Two faces that pass each other keep their numbers, whichever covers the other, and so does one that passes one that stays.
func TestTrackCrossing(t *testing.T) {
	for _, fps := range rates[1:] {
		for name, speeds := range map[string][2]float64{"both walk": {60, -60}, "one stays": {80, 0}, "one overtakes": {90, 30}} {
			for front := range 2 {
				tracker := NewTracker(DefaultTrackOptions)
				hidden, rng := 0, rand.New(rand.NewPCG(3, 4))
				for i := range int(6 * fps) {
					s := float64(i)/fps - 3
					faces := []Face{at(300+speeds[0]*s, 200+rng.NormFloat64(), 50), at(300+speeds[1]*s, 200+rng.NormFloat64(), 49)}
					want := []int{1, 2}
					if faces[0].Overlap(faces[1].Box) > DefaultOptions.Overlap {
						faces, want = faces[front:front+1], want[front:front+1]
						hidden++
					}
					require.Equal(t, want, tracker.Next(s, faces), "%s, %d in front, %g frames a second, second %g", name, front, fps, s)
				}
				require.NotZero(t, hidden)
			}
		}
	}
}

// A face that is lost for less than the patience keeps its number, also where it goes on; after more it is another.
func TestTrackPatience(t *testing.T) {
	for _, fps := range rates {
		for _, lost := range []float64{1 / fps, 0.5, 0.9, 1.6, 3} {
			for _, speed := range []float64{0, 70} {
				tracker := NewTracker(DefaultTrackOptions)
				want, ended := 1, []int(nil)
				for i := range int(10 * fps) {
					s := float64(i) / fps
					if s >= 4-1e-9 && s < 4+lost-1e-9 {
						require.Empty(t, tracker.Next(s, nil))
						ended = append(ended, tracker.Ended()...)
						continue
					}
					if s >= 4+lost-1e-9 && lost > 1+1/fps {
						want = 2
					}
					require.Equal(t, []int{want}, tracker.Next(s, []Face{at(100+speed*s, 100, 50)}), "%g frames a second, lost for %g s, second %g", fps, lost, s)
					ended = append(ended, tracker.Ended()...)
				}
				if want == 2 {
					require.Equal(t, []int{1}, ended)
				} else {
					require.Empty(t, ended)
				}
			}
		}
	}
	patient := NewTracker(TrackOptions{Patience: 5})
	require.Equal(t, []int{1}, patient.Next(0, []Face{at(100, 100, 50)}))
	for s := 0.5; s < 5; s += 0.5 {
		patient.Next(s, nil)
	}
	require.Equal(t, []int{1}, patient.Next(5, []Face{at(105, 100, 50)}))
}

// Where a face is expected after a loss does not hang on how its box shook last.
func TestTrackShaken(t *testing.T) {
	tracker := NewTracker(DefaultTrackOptions)
	for i := range 40 {
		require.Equal(t, []int{1}, tracker.Next(float64(i)/30, []Face{at(100+4*float64(i%2), 100, 50)}))
	}
	require.Equal(t, []int{1}, tracker.Next(39./30+0.9, []Face{at(102, 100, 50)}))
}

// Frames far apart are followed too: no patience is over before a face is missing from two.
func TestTrackSparse(t *testing.T) {
	tracker := NewTracker(DefaultTrackOptions)
	for i := range 20 {
		require.Equal(t, []int{1, 2}, tracker.Next(10*float64(i), []Face{at(100+float64(i%3), 100, 50), at(300, 100-float64(i%5), 50)}))
	}
	require.Equal(t, []int{1}, tracker.Next(200, []Face{at(100, 100, 50)}))
	require.Equal(t, []int{1, 2}, tracker.Next(210, []Face{at(100, 100, 50), at(300, 100, 50)}))
	require.Equal(t, []int{1}, tracker.Next(220, []Face{at(100, 100, 50)}), "the frames that it missed are counted anew")
	require.Equal(t, []int{1, 2}, tracker.Next(230, []Face{at(100, 100, 50), at(300, 100, 50)}))
}

// A face that was lost and is back counts as seen: of two it takes what is nearer to it.
func TestTrackBack(t *testing.T) {
	require.Equal(t, [][]int{{1, 2}, {2}, {1, 2}, {1}}, follow(NewTracker(DefaultTrackOptions), 25, [][]Face{
		{at(100, 100, 50), at(150, 100, 50)},
		{at(150, 100, 50)},
		{at(100, 100, 50), at(150, 100, 50)},
		{at(123, 100, 50)},
	}))
}

// Numbers count from 1 and are neither left out nor used again. A face elsewhere, or of another size, is another.
func TestTrackNumbers(t *testing.T) {
	tracker := NewTracker(DefaultTrackOptions)
	require.Equal(t, [][]int{{1, 2}, {2}, {2, 3}, {2, 3, 4}, {4, 5}, {4, 5, 6, 7}}, follow(tracker, 25, [][]Face{
		{at(100, 100, 50), at(300, 100, 50)},
		{at(300, 100, 50)},
		{at(301, 100, 50), at(500, 100, 50)},
		{at(301, 100, 50), at(500, 100, 50), at(100, 400, 50)},
		{at(101, 400, 50), at(500, 100, 8)},
		{at(101, 400, 50), at(500, 100, 8), at(520, 100, 8), at(110, 400, 50)},
	}))
	require.Equal(t, [][]int{{1}, {2}}, follow(NewTracker(DefaultTrackOptions), 25, [][]Face{{at(100, 100, 12)}, {at(120, 100, 12)}}))
	require.Empty(t, tracker.Next(1, nil))
	require.Empty(t, tracker.Ended(), "patience is not over")
	tracker.Next(9, nil)
	require.Equal(t, []int{1, 2, 3, 4, 5, 6, 7}, tracker.Ended())
	require.Equal(t, []int{8}, tracker.Next(9.04, []Face{at(100, 100, 50)}))
	require.Empty(t, tracker.Ended())
}

// Times that are unknown, repeated, going back or without end count as the interval before.
func TestTrackTimes(t *testing.T) {
	nan := math.NaN()
	for name, times := range map[string][]float64{
		"unknown": {nan, nan, nan, nan, nan, nan}, "repeated": {0, 0, 0, 0.04, 0.04, 0.04}, "back": {5, 5.04, 0, 0.04, 0.08, -7},
		"infinite": {0, math.Inf(1), math.Inf(-1), 0, 0.04, 0.08},
	} {
		tracker := NewTracker(DefaultTrackOptions)
		for i, s := range times {
			require.Equal(t, []int{1}, tracker.Next(s, []Face{at(100+10*float64(i), 100, 50)}), name)
		}
		for range 24 {
			tracker.Next(nan, nil)
			require.Empty(t, tracker.Ended(), name)
		}
		var ended []int
		for range 3 {
			tracker.Next(nan, nil)
			ended = append(ended, tracker.Ended()...)
		}
		require.Equal(t, []int{1}, ended, name)
	}
}
