package report

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/face"
	"mien/pipeline"
)

var sevenLabels = []string{"neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger"}

// found is a face at a place, which shows happiness.
func found(id int, x, y, w, h float64) pipeline.Face {
	return pipeline.Face{ID: id, Face: face.Face{Box: face.Box{X: x, Y: y, Width: w, Height: h}}, Reading: pipeline.Reading{
		Label: "happiness", Labels: sevenLabels, Probabilities: []float64{0.02, 0.87, 0.03, 0.02, 0.02, 0.02, 0.02},
	}}
}

func noise(h, w int) *data.Frames {
	f, rng := data.NewFrames(1, h, w), rand.New(rand.NewPCG(1, 2))
	for i := range f.Pix {
		f.Pix[i] = uint8(rng.IntN(200))
	}
	return f
}

// changed is the smallest rectangle in which a picture differs from its frame.
func changed(m *image.RGBA, f *data.Frames) (r image.Rectangle) {
	for y := range f.H {
		for x := range f.W {
			p := f.Pix[(y*f.W+x)*3:]
			if m.RGBAAt(x, y) != (color.RGBA{p[0], p[1], p[2], 255}) {
				r = r.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return r
}

func TestAnnotate(t *testing.T) {
	f := noise(360, 640)
	nothing := pipeline.Frame{Time: math.NaN()}
	require.Equal(t, image.Rectangle{}, changed(Annotate(f, nothing, Style{}), f), "a picture without faces and time")
	require.Equal(t, image.Rectangle{}, changed(Annotate(f, pipeline.Frame{Time: 0}, Style{}), f).Intersect(image.Rect(0, 0, 640, 300)))
	require.Equal(t, image.Pt(0, 360), func() image.Point {
		r := changed(Annotate(f, pipeline.Frame{Time: 3723.4567}, Style{}), f)
		return image.Pt(r.Min.X, r.Max.Y)
	}(), "the time is in the lower left corner")

	one := pipeline.Frame{Time: math.NaN(), Faces: []pipeline.Face{found(2, 200, 100, 150, 160)}}
	m := Annotate(f, one, Style{NoBars: true})
	c := trackColor(2, 0)
	for _, corner := range []image.Point{{200, 100}, {349, 100}, {200, 259}, {349, 259}, {203, 95}} {
		require.Equal(t, c, m.RGBAAt(corner.X, corner.Y), corner)
	}
	r := changed(m, f)
	require.Equal(t, []int{200, 350, 260}, []int{r.Min.X, r.Max.X, r.Max.Y}, "plate and box")
	require.True(t, r.Min.Y < 90 && r.Min.Y > 70)
	require.Equal(t, f.Pix[(200*640+280)*3], m.RGBAAt(280, 200).R, "the face itself is as it was")
	require.Greater(t, changed(Annotate(f, one, Style{}), f).Max.X, 400, "bars at the right")
	one.Faces[0].X = 450
	require.Less(t, changed(Annotate(f, one, Style{}), f).Min.X, 400, "or at the left")

	// Wherever a face is, all of its plate is in the frame; a face that says nothing has none.
	for _, x := range []float64{-100, 0, 560, 630, 800} {
		for _, y := range []float64{-100, 0, 300, 350, 400} {
			at := changed(Annotate(f, pipeline.Frame{Time: math.NaN(), Faces: []pipeline.Face{found(12, x, y, 60, 60)}}, Style{NoBars: true}), f)
			require.True(t, at.Dx() > 100 && at.Dy() >= 15, "%v %v %v", x, y, at)
		}
	}
	silent := found(0, 200, 100, 150, 160)
	silent.Reading = pipeline.Reading{}
	require.Equal(t, image.Rect(200, 100, 350, 260), changed(Annotate(f, pipeline.Frame{Time: math.NaN(), Faces: []pipeline.Face{silent}}, Style{}), f))
}

// A plate hides no other face where there is another place.
func TestPlatesDoNotHideFaces(t *testing.T) {
	f := noise(360, 640)
	faces := []pipeline.Face{found(1, 200, 150, 40, 40), found(2, 230, 105, 40, 40)}
	m := Annotate(f, pipeline.Frame{Time: math.NaN(), Faces: faces}, Style{})
	inside := image.Rect(235, 110, 265, 140)
	for y := inside.Min.Y; y < inside.Max.Y; y++ {
		for x := inside.Min.X; x < inside.Max.X; x++ {
			require.Equal(t, f.Pix[(y*640+x)*3], m.RGBAAt(x, y).R)
		}
	}
	require.Equal(t, trackColor(1, 0), m.RGBAAt(202, 192), "below")
}

func TestHiddenFaces(t *testing.T) {
	f := noise(200, 300)
	faces := []pipeline.Face{found(1, 20, 60, 50, 50), found(2, 180, 100, 60, 70)}
	hide := func(f pipeline.Face) bool { return f.ID == 2 }
	m := Annotate(f, pipeline.Frame{Time: math.NaN(), Faces: faces}, Style{Hide: hide, NoBars: true})
	seen := map[color.RGBA]bool{}
	for y := 100; y < 170; y++ {
		for x := 180; x < 240; x++ {
			seen[m.RGBAAt(x, y)] = true
		}
	}
	require.LessOrEqual(t, len(seen), (blocks+2)*(blocks+2))
	require.Greater(t, len(seen), 9)
	var before, after int
	for y := 100; y < 170; y++ {
		for x := 180; x < 240; x++ {
			before += int(f.Pix[(y*300+x)*3])
			after += int(m.RGBAAt(x, y).R)
		}
	}
	require.Equal(t, m.RGBAAt(172, 92), m.RGBAAt(173, 93), "hair and ears, too")
	require.InDelta(t, before, after, float64(before)/20, "of the same brightness")
	edge := found(2, -20, 170, 60, 70) // partly outside
	require.NotPanics(t, func() { Annotate(f, pipeline.Frame{Faces: []pipeline.Face{edge}}, Style{Hide: hide}) })
}

func TestPlate(t *testing.T) {
	require.Equal(t, "#2 happiness 0.87", plate(found(2, 0, 0, 1, 1)))
	require.Equal(t, "happiness 0.87", plate(found(0, 0, 0, 1, 1)))
	require.Equal(t, "#3 ", plate(pipeline.Face{ID: 3}))
	for seconds, want := range map[float64]string{0: "00:00:00.000", 3723.4567: "01:02:03.457", 59.9996: "00:01:00.000", 360_000: "100:00:00.000"} {
		require.Equal(t, want, timeCode(seconds))
	}
	near := map[color.RGBA]bool{}
	for id := range 20 {
		near[trackColor(id+1, 0)] = true
	}
	require.Len(t, near, 20)
	require.Equal(t, trackColor(3, 0), trackColor(0, 2), "the third in a picture")
	require.Equal(t, color.Black, ink(color.RGBA{255, 255, 0, 255}))
	require.Equal(t, color.White, ink(color.RGBA{60, 30, 200, 255}))
}
