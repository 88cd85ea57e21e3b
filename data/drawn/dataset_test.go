package drawn

import (
	"bytes"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

func read(t *testing.T, set *data.Dataset, i int, frames ...int) []uint8 {
	t.Helper()
	c, err := set.Items[i].Open(t.Context(), data.OpenOptions{})
	require.NoError(t, err)
	f, err := c.Read(t.Context(), frames)
	require.NoError(t, err)
	require.Equal(t, len(frames), f.T)
	return f.Pix
}

// same and differ compare pixels without printing them.
func same(t *testing.T, a, b []uint8) {
	t.Helper()
	require.True(t, bytes.Equal(a, b), "pixels differ")
}

func differ(t *testing.T, a, b []uint8) {
	t.Helper()
	require.False(t, bytes.Equal(a, b), "pixels are the same")
}

func TestSamplesDependOnSeedAndIndexOnly(t *testing.T) {
	a, b := Images(1, 50, 48), Images(1, 8, 48)
	for _, i := range []int{7, 0, 3} {
		same(t, read(t, a, i, 0), read(t, b, i, 0))
	}
	differ(t, read(t, a, 0, 0), read(t, a, 7, 0))
	differ(t, read(t, a, 0, 0), read(t, Images(2, 50, 48), 0, 0))
	c := Videos(1, 9, 16, 48)
	same(t, read(t, c, 4, 3, 9), read(t, Videos(1, 5, 16, 48), 4, 3, 9))
	differ(t, read(t, c, 4, 3), read(t, Videos(2, 9, 16, 48), 4, 3))
	differ(t, read(t, a, 0, 0), read(t, c, 2, 0))
}

func TestFramesDoNotDependOnWhatElseIsRead(t *testing.T) {
	c := Videos(3, 7, 12, 32)
	n := 32 * 32 * 3
	all := read(t, c, 5, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	some := read(t, c, 5, 11, 4, 4)
	same(t, all[11*n:12*n], some[:n])
	same(t, all[4*n:5*n], some[n:2*n])
	same(t, some[n:2*n], some[2*n:])
	differ(t, all[:n], all[n:2*n])
}

// A drawn sample that is opened at a size has frames of that size, as a file has: those drawn, resized.
func TestSizeThatIsAskedFor(t *testing.T) {
	for _, set := range []*data.Dataset{Images(4, 3, 48), Videos(4, 3, 8, 48)} {
		drawn := &data.Frames{T: 1, H: 48, W: 48, Pix: read(t, set, 2, 0)}
		c, err := set.Items[2].Open(t.Context(), data.OpenOptions{H: 20, W: 27})
		require.NoError(t, err)
		f, err := c.Read(t.Context(), []int{0})
		require.NoError(t, err)
		require.Equal(t, [3]int{1, 20, 27}, [3]int{f.T, f.H, f.W}, set.Modality)
		same(t, data.Resize(drawn, 20, 27).Pix, f.Pix)
	}
}

func TestLabelsAreBalanced(t *testing.T) {
	for _, set := range []*data.Dataset{Images(1, 70, 32), Videos(1, 70, 8, 32)} {
		count := make([]int, len(set.Classes))
		for i := range set.Items {
			count[set.Items[i].Label]++
		}
		for label, n := range count {
			require.Equal(t, 10, n)
			require.Contains(t, strings.ToLower(set.Items[label].Name), "-"+set.Classes[label])
		}
	}
	require.Equal(t, data.Image, Images(1, 1, 32).Modality)
	require.Equal(t, data.Video, Videos(1, 1, 8, 32).Modality)
	require.Equal(t, "drawn/image-1/00006-Anger", Images(1, 7, 32).Items[6].Name)
	require.Equal(t, "drawn/video-1/00006-Fear", Videos(1, 7, 8, 32).Items[6].Name)
}

func TestBadRequestsAreErrors(t *testing.T) {
	for _, c := range []struct {
		set  *data.Dataset
		want string
	}{
		{Images(1, 3, 15), "size 15 is outside"},
		{Videos(1, 3, 8, 5000), "size 5000 is outside"},
		{Videos(1, 3, 0, 32), "video of 0 frames"},
	} {
		_, err := c.set.Items[0].Open(t.Context(), data.OpenOptions{})
		require.ErrorContains(t, err, c.want)
	}
	require.Empty(t, Images(1, -3, 32).Items)
	for _, set := range []*data.Dataset{Images(1, 1, 32), Videos(1, 1, 4, 32)} {
		c, err := set.Items[0].Open(t.Context(), data.OpenOptions{})
		require.NoError(t, err)
		_, err = c.Read(t.Context(), []int{0, 4})
		require.ErrorContains(t, err, "frame 4 asked for")
		_, err = c.Read(t.Context(), []int{-1})
		require.ErrorContains(t, err, "frame -1 asked for")
	}
}

// Tests must not measure what was learned by heart: the two seeds that runs draw faces for training and for tests with
// share no person and no image, and neither do the images and the videos of either.
func TestSeedsShareNoFace(t *testing.T) {
	const train, test, n = 1, 1_000_003, 400
	people, images := map[Identity]string{}, map[string]string{}
	remember := func(s *set, i int) {
		c, err := s.open(i, data.OpenOptions{})
		require.NoError(t, err)
		f, err := c.Read(t.Context(), []int{0})
		require.NoError(t, err)
		face, _ := s.person(i)
		who := face.Identity
		require.Empty(t, people[who], "%s is the same person", s.name(i))
		require.Empty(t, images[string(f.Pix)], "%s is the same image", s.name(i))
		people[who], images[string(f.Pix)] = s.name(i), s.name(i)
	}
	for _, seed := range []uint64{train, test} {
		for _, s := range []*set{imageSet(seed, MinSize), videoSet(seed, 8, MinSize)} {
			for i := range n {
				remember(s, i)
			}
		}
	}
	// Nor does a large set reach, sample by sample, into that of another seed.
	const far = test - train
	remember(imageSet(train, MinSize), far)
	remember(videoSet(train, 8, MinSize), far)
}

// strength is how much expression a frame shows, without blinks.
func strength(a AUs) float64 {
	a[0][AU43], a[1][AU43] = 0, 0
	return a.Strength()
}

func TestVideosRiseFromRestAndFallBack(t *testing.T) {
	videos := videoSet(1, 16, MinSize)
	for _, n := range []int{16, 40, 64} {
		for i := range 140 {
			e := videos.class(i)
			m := Style{}.newMotion(source(uint64(i)), e, n)
			m.talk = wave{}
			first, peak, at := strength(m.action(0)), 0.0, 0
			for f := range n {
				if s := strength(m.action(f)); s > peak {
					peak, at = s, f
				}
			}
			require.Less(t, first, 0.7, "starts near neutral")
			if e == "neutral" {
				require.Less(t, peak, 0.9, "a neutral video stays at rest")
				continue
			}
			require.Greater(t, peak, 2.5*first)
			require.InDelta(t, strength(m.apex), peak, 0.2)
			require.True(t, float64(at) > m.onset && float64(at) < m.end)
			require.True(t, at > n/8 && at < 7*n/8, "peak %d of %d", at, n)
			require.Less(t, strength(m.action(n-1)), 0.9*peak, "lets go before the end")
		}
	}
}

func TestCurvesAreSmoothAndBlinksClose(t *testing.T) {
	m := Style{}.newMotion(source(5), "surprise", 60)
	previous := 0.0
	for i := range 600 {
		level := m.level(float64(i)/10, 0.1)
		require.InDelta(t, previous, level, 0.06)
		previous = level
	}
	m.blinks = []float64{30}
	blink, open := m.action(30), m.action(38)
	require.InDelta(t, 1, blink.both(AU43), 1e-9)
	require.Less(t, open.both(AU43), 0.5)
	for i := range 60 {
		c := m.conditions(Conditions{}, i)
		require.Less(t, math.Abs(c.Yaw), 0.1)
		require.Less(t, math.Abs(c.X), 0.02)
	}
}

// A blink takes the time that is set for it: halfway, the eyes are half closed.
func TestBlinksLast(t *testing.T) {
	m := motion{blink: 4, blinks: []float64{30}}
	for i, closed := range map[int]float64{26: 0, 28: 0.5, 30: 1, 32: 0.5, 34: 0} {
		a := m.action(i)
		require.InDelta(t, closed, a.both(AU43), 1e-9, "frame %d", i)
	}
}

// Talk opens the mouth, the jaw less than the lips, and little while the expression is shown.
func TestTalkYieldsToTheExpression(t *testing.T) {
	m := motion{talk: wave{0.5, 0, math.Pi / 2}, onset: 10, hold: 20, release: 30, end: 40}
	for i, open := range map[int]float64{5: 0.5, 25: 0.15, 45: 0.5} {
		a := m.action(i)
		require.InDelta(t, open, a.both(AU25), 1e-9, "frame %d", i)
		require.InDelta(t, 0.7*open, a.both(AU26), 1e-9, "frame %d", i)
	}
}

// Heads sway about each axis, and move, by waves of their own.
func TestHeadsSway(t *testing.T) {
	var m motion
	for i := range m.sway {
		m.sway[i] = wave{float64(i + 1), 0, math.Pi / 2}
	}
	c := m.conditions(Conditions{Roll: 10, Y: 10}, 0)
	require.Equal(t, []float64{11, 2, 3, 4, 15}, []float64{c.Roll, c.Yaw, c.Pitch, c.X, c.Y})
}

// The left corner of the mouth is that of the left half of the face.
func TestCornersOfTheMouth(t *testing.T) {
	m := mouth{y: 0.5, half: [2]float64{0.3, 0.2}, corner: [2]float64{-0.1, 0.05}}
	_, upper, lower, _ := m.lines()
	for _, line := range [][]point{upper, lower} {
		require.InDelta(t, -0.3, real(line[0]), 1e-9)
		require.InDelta(t, 0.4, imag(line[0]), 1e-9)
		require.InDelta(t, 0.5, imag(line[len(line)/2]), 1e-9)
		require.InDelta(t, 0.2, real(line[len(line)-1]), 1e-9)
		require.InDelta(t, 0.55, imag(line[len(line)-1]), 1e-9)
	}
}

// The gaze jumps once and stays; the camera's noise differs from frame to frame, and from video to video.
func TestConditionsOfFrames(t *testing.T) {
	m := motion{glance: 4.5, glanceX: 0.4}
	seeds := map[uint64]bool{}
	for i := range 8 {
		want := 0.1
		if i >= 5 {
			want = 0.5
		}
		c := m.conditions(Conditions{GazeX: 0.1, NoiseSeed: 1}, i)
		require.InDelta(t, want, c.GazeX, 1e-9, "frame %d", i)
		seeds[c.NoiseSeed], seeds[m.conditions(Conditions{NoiseSeed: 2}, i).NoiseSeed] = true, true
	}
	require.Len(t, seeds, 2*8)
	require.Equal(t, 1.0, m.conditions(Conditions{GazeX: 0.9}, 7).GazeX)
}

// A unit that lags begins to rise and to fall later than others, and is there and gone at the same time as they.
func TestUnitsLag(t *testing.T) {
	m := motion{onset: 10, hold: 20, release: 30, end: 40}
	for _, c := range []struct{ t, prompt, late float64 }{
		{10, 0, 0}, {12, smooth(0.2), 0}, {15, 0.5, smooth(0.375)}, {20, 1, 1},
		{30, 1, 1}, {32, 1 - smooth(0.2), 1}, {35, 0.5, 1 - smooth(0.375)}, {40, 0, 0},
	} {
		require.InDelta(t, c.prompt, m.level(c.t, 0), 1e-9, "at %g", c.t)
		require.InDelta(t, c.late, m.level(c.t, 0.25), 1e-9, "at %g", c.t)
	}
}

func TestConcurrentReadsAgree(t *testing.T) {
	set := Videos(8, 14, 8, 40)
	want := make([][]uint8, len(set.Items))
	for i := range want {
		want[i] = read(t, set, i, 0, 4)
	}
	got := make([][2][]uint8, len(set.Items))
	shared, err := set.Items[3].Open(t.Context(), data.OpenOptions{})
	require.NoError(t, err)
	var wait sync.WaitGroup
	for i := range got {
		for j := range 2 {
			wait.Go(func() {
				if c, err := set.Items[i].Open(t.Context(), data.OpenOptions{}); err == nil {
					if f, err := c.Read(t.Context(), []int{0, 4}); err == nil {
						got[i][j] = f.Pix
					}
				}
				_, _ = shared.Read(t.Context(), []int{i % 8})
			})
		}
	}
	wait.Wait()
	for i := range got {
		same(t, want[i], got[i][0])
		same(t, want[i], got[i][1])
	}
}
