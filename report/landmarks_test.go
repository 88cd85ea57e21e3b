package report

import (
	"image"
	"image/color"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/run"
)

// Seven faces are drawn in two rows, each with its middle frame; what was found lies over what is true.
func TestLandmarksPicture(t *testing.T) {
	corner := data.Point{X: 0.9, Y: 0.9} // of all landmarks but one
	var faces []run.LocatedFace
	for i := range 7 {
		f := run.LocatedFace{Frames: data.NewFrames(3, 20, 20), Found: make([]data.Landmarks, 3), Truth: make([]data.Landmarks, 3)}
		for k := range f.Frame(1) {
			f.Frame(1)[k] = uint8(100 + 10*i)
		}
		for k := range data.NumLandmarks {
			f.Found[1][k], f.Truth[1][k] = corner, corner
		}
		f.Found[1][3], f.Truth[1][3] = data.Point{X: 0.25, Y: 0.5}, data.Point{X: 0.5, Y: 0.25}
		faces = append(faces, f)
	}
	faces[6].Found[1][3] = data.Point{X: -1, Y: 0.5} // outside of its frame, and not in another's
	m := Landmarks(faces)
	require.Equal(t, image.Rect(0, 0, 6*162, 2*162), m.Bounds())
	at := func(x, y int) color.Color { return m.At(x, y) }
	for i := range 7 {
		x, y := i%6*162, i/6*162
		grey := uint8(100 + 10*i)
		require.Equal(t, color.RGBA{grey, grey, grey, 255}, at(x+10, y+10), "face %d", i)
		require.Equal(t, truthColor, at(x+80, y+40))
		require.Equal(t, foundColor, at(x+144, y+144), "found over true")
		require.Equal(t, i < 6, at(x+40, y+80) == foundColor)
		require.Equal(t, color.RGBA{255, 255, 255, 255}, at(x+161, y+80))
	}
	require.Equal(t, color.RGBA{255, 255, 255, 255}, at(300, 200), "there are no more faces")
	for n, size := range map[int][2]int{1: {1, 1}, 5: {5, 1}, 6: {6, 1}} {
		require.Equal(t, image.Rect(0, 0, size[0]*162, size[1]*162), Landmarks(faces[:n]).Bounds(), "%d faces", n)
	}
	faces[0].Truth[1][3] = data.Point{X: 0.5, Y: 1} // at the edge of its frame, and not in the gap below
	for y := 160; y < 162; y++ {
		require.Equal(t, color.RGBA{255, 255, 255, 255}, Landmarks(faces).At(80, y))
	}
}
