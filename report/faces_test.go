package report

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/pipeline"
)

// frameAt is a frame in which one face shows happiness so much.
func frameAt(index int, time float64, id int, happiness float64) pipeline.Frame {
	f := found(id, 0, 0, 1, 1)
	f.Probabilities = []float64{1 - happiness, happiness, 0, 0, 0, 0, 0}
	return pipeline.Frame{Index: index, Time: time, Faces: []pipeline.Face{f}}
}

// Two hours are as many moments as some minutes, and each is the mean of its frames.
func TestFaceTimelineIsBounded(t *testing.T) {
	l := NewFaceTimeline(sevenLabels)
	const frames = 216_000
	for i := range frames {
		l.Add(frameAt(i, float64(i)/30, 1+i%3, float64(i)/frames))
		require.LessOrEqual(t, l.count, maxMoments)
	}
	n, moments := 0, 0
	for id, track := range l.tracks {
		require.Equal(t, frames/3, track.frames)
		for _, m := range track.moments {
			n += m.n
			moments++
			mean := m.time / float64(m.n)
			require.InDelta(t, mean*30/frames, m.probabilities[1]/float64(m.n), 1e-9, id)
			require.InDelta(t, 1, (m.probabilities[0]+m.probabilities[1])/float64(m.n), 1e-9)
		}
	}
	require.Equal(t, frames, n)
	require.Equal(t, l.count, moments)
	require.Greater(t, moments, maxMoments/3)
	require.Equal(t, 64, l.width)
}

// Lines end where a face goes, and begin where it comes back.
func TestRunsOfAFace(t *testing.T) {
	l := NewFaceTimeline(sevenLabels)
	for i := range 100 {
		if i < 30 || i >= 60 {
			l.Add(frameAt(2*i, float64(i)/10, 7, 0.5))
		}
	}
	parts := runs(l.tracks[7].moments)
	require.Len(t, parts, 2)
	require.Equal(t, []int{30, 40}, []int{len(parts[0]), len(parts[1])})
	require.Len(t, runs(l.tracks[7].moments[:1]), 1)

	l = NewFaceTimeline(sevenLabels)
	l.Add(frameAt(0, 0, 0, 0.5)) // no track
	silent := frameAt(1, 1, 3, 0.5)
	silent.Faces[0].Reading = pipeline.Reading{}
	l.Add(silent)
	require.Empty(t, l.tracks)
}

func TestLongestFaces(t *testing.T) {
	l := NewFaceTimeline(sevenLabels)
	for id := 1; id <= 2*maxPanels; id++ {
		for i := range 1 + id%4 {
			l.Add(frameAt(i, math.NaN(), id, 0.5))
		}
	}
	var ids []int
	for _, track := range l.longest() {
		ids = append(ids, track.id)
	}
	require.Equal(t, []int{2, 3, 6, 7, 10, 11, 14, 15, 18, 19}, ids, "of three and four frames")
	path := filepath.Join(t.TempDir(), "a.svg")
	require.NoError(t, l.Save(path, "a crowd"))
	svg, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, want := range append(sevenLabels, "a crowd (the longest 10 of 20 faces): #2", "#19", ">frame<") {
		require.Contains(t, string(svg), want)
	}
	require.Equal(t, 1, strings.Count(string(svg), "surprise"), "one legend")
}

func TestSavingOfFaces(t *testing.T) {
	l := NewFaceTimeline(sevenLabels)
	dir := t.TempDir()
	require.EqualError(t, l.Save("a.pdf", ""), "a.pdf: a plot is .png or .svg")
	for _, name := range []string{"empty.png", "one.PNG", "one.svg"} {
		require.NoError(t, l.Save(filepath.Join(dir, name), "video.mp4"))
		l.Add(frameAt(3, 4, 1, 0.7))
	}
	svg, err := os.ReadFile(filepath.Join(dir, "one.svg"))
	require.NoError(t, err)
	require.Contains(t, string(svg), ">time<")
}

func TestClockTicks(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      string
	}{
		{0, 2.9, "0:00.00 0:00.50 0:01.00 0:01.50 0:02.00 0:02.50"}, {0, 45, "0:00 0:10 0:20 0:30 0:40"}, {58, 65, "0:58 0:59 1:00 1:01 1:02 1:03 1:04 1:05"},
		{100, 7300, "15:00 30:00 45:00 1:00:00 1:15:00 1:30:00 1:45:00 2:00:00"}, {5, 5, "0:05.00"},
	} {
		var got []string
		for _, mark := range (clockTicks{}).Ticks(c.low, c.high) {
			got = append(got, mark.Label)
		}
		require.Equal(t, c.want, strings.Join(got, " "), fmt.Sprint(c.low, c.high))
	}
	require.Less(t, len((clockTicks{}).Ticks(0, 1e7)), 12)
}
