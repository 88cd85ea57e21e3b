package pipeline

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/face"
	"mien/internal/formats"
)

var reading = Reading{data.Image, "b", []string{"z", "b"}, []float64{0.25, 0.75}}

func aFace(id int, cut Cut, r Reading) Face {
	points := [5]face.Point{{X: 1, Y: 2}, {X: 3, Y: 4}, {X: 5, Y: 6}, {X: 7, Y: 8}, {X: 9, Y: 10}}
	return Face{id, face.Face{Box: face.Box{X: 1.5, Y: -2, Width: 30, Height: 40}, Score: 0.9, Points: points}, cut, r}
}

const read = `"head":"image","label":"b","probability":0.75,"probabilities":{"z":0.25,"b":0.75}`

func TestJSON(t *testing.T) {
	const box = `"box":{"x":1.5,"y":-2,"width":30,"height":40}`
	for want, v := range map[string]any{
		`{"index":3,"time":0.5,"width":70,"height":50,"status":"no_face","faces":[]}`: Frame{Index: 3, Time: 0.5, Width: 70, Height: 50, Status: NoFace},
		`{"index":0,"time":null,"width":0,"height":0,"status":"damaged","faces":[],"error":"cut"}`: Frame{Time: math.NaN(), Status: Damaged,
			Err: errors.New("cut")},
		`{"id":7,` + box + `,"score":0.9,"landmarks":{"left_eye":[1,2],"right_eye":[3,4],"nose":[5,6],"mouth_left":[7,8],"mouth_right":[9,10]},` +
			`"crop":"detected",` + read + `}`: aFace(7, Detected, reading),
		`{"id":null,` + box + `,"score":null,"landmarks":null,"crop":"whole","head":null,"label":null,"probability":null,"probabilities":null}`: aFace(0, Whole, Reading{}),
		`{"face":2,"first":4,"last":9,"start":0.5,"end":null,` + read + `}`:                                                                     Clip{2, 4, 9, 0.5, math.NaN(), reading},
		`{"face":2,"frames":5,"first":4,"last":9,"start":0.5,"end":0.75,` + read + `}`:                                                          Summary{2, 5, 4, 9, 0.5, 0.75, reading},
	} {
		text, err := json.Marshal(v)
		require.NoError(t, err)
		require.Equal(t, want, string(text))
	}
}

func TestRows(t *testing.T) {
	labels := []string{"z", "b"}
	require.Equal(t, []string{"source", "frame", "time", "face", "status", "x", "y", "width", "height", "score", "label", "probability", "p_z", "p_b"}, Columns(labels))
	video := Frame{Index: 3, Time: 0.1, Status: OK, Faces: []Face{aFace(7, Detected, reading), aFace(4, Detected, Reading{})}}
	require.Equal(t, [][]string{
		{"v", "3", "0.1", "7", "ok", "1.5", "-2", "30", "40", "0.9", "b", "0.75", "0.25", "0.75"},
		{"v", "3", "0.1", "4", "ok", "1.5", "-2", "30", "40", "0.9", "", "", "", ""},
	}, video.Rows("v", labels))
	whole := Frame{Time: math.NaN(), Status: NoFace, Faces: []Face{aFace(0, Whole, reading)}}
	require.Equal(t, [][]string{{"p", "0", "", "1", "no_face", "1.5", "-2", "30", "40", "", "b", "0.75", "0.25", "0.75"}}, whole.Rows("p", labels))
	require.Equal(t, [][]string{{"p", "0", "0", "", "damaged", "", "", "", "", "", "", "", "", ""}}, Frame{Status: Damaged}.Rows("p", labels))
}

func TestFormats(t *testing.T) {
	formats.Check(t, "faces: frame", FrameJSON{}, FaceJSON{})
	formats.Check(t, "faces: face", FaceJSON{})
	formats.Check(t, "faces: clip", ClipJSON{})
	formats.Check(t, "faces: summary", SummaryJSON{})
}
