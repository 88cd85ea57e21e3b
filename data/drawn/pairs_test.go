package drawn

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// An offset has the frames of the onset before it, from the last to the first, down to their noise.
func TestOffsetIsOnsetReversed(t *testing.T) {
	const frames, size = 7, 20
	set, n := Reversed(3, 5, frames, size), size*size*3
	for k := range 2 {
		onset := read(t, set, 2*k, 0, 1, 2, 3, 4, 5, 6)
		for i := range frames {
			same(t, onset[i*n:(i+1)*n], read(t, set, 2*k+1, frames-1-i))
		}
		differ(t, onset[:n], onset[(frames-1)*n:])
		differ(t, onset[:n], read(t, set, 2*k+2, 0))
	}
	same(t, read(t, set, 2, 1, 4), read(t, Reversed(3, 3, frames, size), 2, 1, 4))
	differ(t, read(t, set, 2, 1), read(t, Reversed(4, 3, frames, size), 2, 1))
}

// The classes take turns, and each expression has both.
func TestClassesOfPairs(t *testing.T) {
	set := Reversed(1, 25, 4, MinSize)
	require.Equal(t, data.Video, set.Modality)
	require.Equal(t, []string{"onset", "offset"}, set.Classes)
	for i, item := range set.Items {
		require.Equal(t, i%2, item.Label)
	}
	require.Equal(t, []string{"drawn/video-1/00004-Onset", "drawn/video-1/00005-Offset"}, []string{set.Items[4].Name, set.Items[5].Name})
	require.Equal(t, []string{"happiness", "sadness", "anger", "surprise", "disgust", "fear"}, expressions)
	require.Empty(t, Reversed(1, -2, 4, MinSize).Items)
	for want, set := range map[string]*data.Dataset{"video of 0 frames": Reversed(1, 1, 0, 32), "size 7 is outside": Reversed(1, 1, 4, 7)} {
		_, err := set.Items[0].Open(t.Context(), data.OpenOptions{})
		require.ErrorContains(t, err, want)
	}
}

// An onset goes from rest to an expression, and stays there; an offset goes back.
func TestOnsetsRise(t *testing.T) {
	for _, frames := range []int{2, 9, 40} {
		set := pairSet(5, frames, MinSize)
		for i := range 48 {
			opened, err := set.open(i, data.OpenOptions{})
			require.NoError(t, err)
			s := opened.(*Sample)
			m := s.motion
			m.talk, m.blinks = wave{}, nil
			first, last := m.action(0), m.action(frames-1)
			require.Equal(t, m.rest, first)
			require.InDelta(t, strength(m.apex), strength(last), 1e-9)
			require.Greater(t, strength(last), 2*strength(first))
			for _, p := range prototypes[expressions[i/2%6]] {
				require.True(t, !p.core || last.both(p.unit) > 0.3*p.level, "sample %d shows what its pair is to show", i)
			}
			for u := range m.lag {
				require.Equal(t, 1.0, m.level(0.76*float64(frames-1), m.lag[u]), "complete in the last quarter")
			}
			_, shown := s.moment(0)
			for u := range Unit(AU43) {
				if u != AU25 && u != AU26 { // which talk moves
					require.Equal(t, []float64{first[1][u], last[1][u]}[i%2], shown[1][u], "sample %d begins", i)
				}
			}
		}
	}
}

// Both of a pair are one person, who is in no other pair, and in no other set of the seed.
func TestPeopleOfPairs(t *testing.T) {
	people, pairs := map[Identity]bool{}, pairSet(6, 4, MinSize)
	for i := range 60 {
		a, _ := pairs.person(2 * i)
		b, _ := pairs.person(2*i + 1)
		require.Equal(t, a, b)
		c, _ := videoSet(6, 4, MinSize).person(i)
		d, _ := imageSet(6, MinSize).person(i)
		people[a.Identity], people[c.Identity], people[d.Identity] = true, true, true
	}
	require.Len(t, people, 3*60)
}
