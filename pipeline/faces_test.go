package pipeline

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// Every face of a picture is found, cut out and read; a picture without one has its place, too.
func TestFaces(t *testing.T) {
	p := of(t, model(t, "s4d-tiny"), Options{})
	classroom, empty := picture(t, "classroom"), data.NewFrames(1, 50, 70)
	frames := faces(t, p, classroom, empty)
	require.Equal(t, OK, frames[0].Status)
	require.Equal(t, []int{classroom.W, classroom.H}, []int{frames[0].Width, frames[0].Height})
	require.True(t, math.IsNaN(frames[0].Time))
	require.Len(t, frames[0].Faces, 4)
	said := map[float64]bool{}
	for _, f := range frames[0].Faces {
		require.Zero(t, f.ID)
		require.Equal(t, Detected, f.Crop)
		require.Equal(t, data.Image, f.Head)
		require.Equal(t, data.AffectNet7, f.Labels)
		require.Len(t, f.Probabilities, 7)
		require.InDelta(t, 1, sum(f.Probabilities), 1e-9)
		require.Contains(t, f.Labels, f.Label)
		said[f.Probabilities[0]] = true
	}
	require.Len(t, said, 4, "each face is another one")
	require.Equal(t, NoFace, frames[1].Status)
	require.Empty(t, frames[1].Faces)
}

func sum(p []float64) (s float64) {
	for _, v := range p {
		s += v
	}
	return s
}

// What is said of a picture does not depend on the pictures beside it.
func TestBatches(t *testing.T) {
	p := of(t, model(t, "s4d-tiny"), Options{Whole: true})
	pictures := []*data.Frames{picture(t, "classroom"), data.NewFrames(1, 40, 40), picture(t, "portrait"), picture(t, "classroom"), picture(t, "two")}
	together := faces(t, p, pictures...)
	total := 0
	for i, one := range pictures {
		alone := faces(t, p, one)[0]
		require.Equal(t, alone.Faces, together[i].Faces)
		total += len(alone.Faces)
	}
	require.Greater(t, total, batchSizes[data.Image])
}

// A picture without a face is read whole if asked for, and says so.
func TestWhole(t *testing.T) {
	m, empty := model(t, "s4d-tiny"), data.NewFrames(1, 50, 70)
	frame := faces(t, of(t, m, Options{Whole: true}), empty)[0]
	require.Equal(t, NoFace, frame.Status)
	require.Len(t, frame.Faces, 1)
	f := frame.Faces[0]
	require.Equal(t, Whole, f.Crop)
	require.Equal(t, []float64{0, 0, 70, 50}, []float64{f.X, f.Y, f.Width, f.Height})
	want, err := m.Classify(data.Image, []data.View{m.View(empty)})
	require.NoError(t, err)
	require.Equal(t, want[0], f.Probabilities)
}

// Faces are the best ones, and none that is too small.
func TestFewerFaces(t *testing.T) {
	m := model(t, "s4d-tiny")
	all := faces(t, of(t, m, Options{}), picture(t, "classroom"))[0].Faces
	best := faces(t, of(t, m, Options{MaxFaces: 2}), picture(t, "classroom"))[0].Faces
	require.Equal(t, all[:2], best)
	others := faces(t, of(t, m, Options{MaxFaces: 2}), picture(t, "classroom"))[0].Others
	require.Len(t, others, 2)
	require.Equal(t, all[2].Box, others[0].Box)
	least := all[0].Width
	for _, f := range all {
		least = min(least, f.Width)
	}
	frame := faces(t, of(t, m, Options{MinFace: least + 0.5}), picture(t, "classroom"))[0]
	large := frame.Faces
	require.Len(t, frame.Others, 4-len(large))
	require.NotEmpty(t, large)
	require.Less(t, len(large), 4)
	for _, f := range large {
		require.Greater(t, f.Width, least+0.5)
	}
}

// A model with one head works: pictures need the one for images.
func TestHeads(t *testing.T) {
	p := of(t, model(t, "image-tiny"), Options{})
	require.Equal(t, data.Image, p.Head())
	require.Equal(t, data.AffectNet7, p.Labels())
	require.Len(t, faces(t, p, picture(t, "portrait"))[0].Faces[0].Probabilities, 7)
	p = of(t, model(t, "feadapter-tiny"), Options{})
	require.Equal(t, data.Video, p.Head())
	require.Equal(t, data.DFEW, p.Labels())
	_, err := p.Faces(t.Context(), []*data.Frames{picture(t, "portrait")})
	require.EqualError(t, err, "the model has no head for images")
}

// Faces of pictures have the points of a second look.
func TestSecondLook(t *testing.T) {
	p, portrait := of(t, model(t, "s4d-tiny"), Options{}), picture(t, "portrait")
	first, err := p.find(portrait)
	require.NoError(t, err)
	second, err := p.detector.Closer(portrait, first[0].faces[0])
	require.NoError(t, err)
	require.NotEqual(t, first[0].faces[0].Points, second.Points)
	require.Equal(t, second, faces(t, p, portrait)[0].Faces[0].Face)
}

// Faces of videos have the first look's points, but their own eyes.
func TestEyesOfVideos(t *testing.T) {
	p, portrait := of(t, model(t, "s4d-tiny"), Options{}), picture(t, "portrait")
	first, err := p.find(portrait)
	require.NoError(t, err)
	want, err := p.detector.Eyes(portrait, first[0].faces[0])
	require.NoError(t, err)
	require.True(t, want.Middle)
	require.NotEqual(t, first[0].faces[0].Points, want.Points)
	all := follow(t, p, []data.Frame{{Frames: portrait}, {Index: 1, Time: 0.04, Frames: portrait}}, 1)
	for _, frame := range all.Frames {
		require.Equal(t, want, frame.Faces[0].Face)
	}
}
