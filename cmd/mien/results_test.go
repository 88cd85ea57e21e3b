package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/infer"
	"mien/modelfile"
)

// Windows that touch or overlap are one span; a frame left out between them parts them.
func TestSeen(t *testing.T) {
	window := func(stride int, ends ...int) (all []data.Window) {
		for i := 0; i < len(ends); i += 2 {
			all = append(all, data.Window{First: ends[i], Last: ends[i+1], Stride: stride})
		}
		return all
	}
	for want, windows := range map[string][]data.Window{
		"0":                      window(1, 0, 0),
		"0-3":                    window(1, 0, 3),
		"0-7":                    window(1, 0, 3, 4, 7),
		"0-3, 5-8":               window(1, 0, 3, 5, 8),
		"0-6 by 3":               window(3, 0, 6),
		"4":                      window(1, 4, 4),
		"0-1":                    window(1, 0, 1),
		"0-9 by 3":               window(3, 0, 3, 6, 9),
		"0-3, 7-10 by 3":         window(3, 0, 3, 7, 10),
		"2-9, 20-29, 40-49 by 2": window(2, 2, 9, 20, 26, 23, 29, 40, 46, 43, 49),
	} {
		require.Equal(t, want, seen(infer.Prediction{Windows: windows}))
	}
}

// prediction is one of a video whose second class is the likeliest.
func prediction(path string) infer.Prediction {
	return infer.Prediction{Path: path, Modality: data.Video, Frames: 30, Windows: []data.Window{{First: 0, Last: 8, Stride: 4}, {First: 20, Last: 28, Stride: 4}},
		Labels: []string{"calm", "überrascht sein"}, Probabilities: []float64{0.25, 0.75}}
}

// The widths of a table are those of the longest path, up to a limit, and of the longest name of a class, in characters.
func TestTableOfPredictions(t *testing.T) {
	m := &infer.Model{Description: modelfile.Description{Labels: map[data.Modality][]string{data.Image: {"calm"}, data.Video: {"calm", "überrascht sein"}}}}
	var b bytes.Buffer
	r := newTableResults(&b, 1, m, []input{{path: "a"}, {path: "ä/längere"}})
	require.NoError(t, r.add(prediction("a")))
	require.NoError(t, r.failed("b", errors.New("it is damaged")))
	require.NoError(t, r.add(prediction("ä/längere")))
	require.Equal(t, `path       modality  expression       probability  frames seen
a          video     überrascht sein       75.0 %  0-8, 20-28 by 4 of 30
ä/längere  video     überrascht sein       75.0 %  0-8, 20-28 by 4 of 30
`, b.String())

	b.Reset()
	long := strings.Repeat("x", longestPath+5)
	r = newTableResults(&b, 2, m, []input{{path: "a"}, {path: long}})
	require.NoError(t, r.add(prediction("a")))
	require.NoError(t, r.add(prediction(long)))
	space := strings.Repeat(" ", longestPath-len("path"))
	require.Equal(t, "path"+space+"  modality  expression       probability  expression 2     probability 2  frames seen\n"+
		"a   "+space+"  video     überrascht sein       75.0 %  calm                    25.0 %  0-8, 20-28 by 4 of 30\n"+
		long+"  video     überrascht sein       75.0 %  calm                    25.0 %  0-8, 20-28 by 4 of 30\n", b.String())
}

// Which frames were seen is said of every video, of a single frame, too, and of no image.
func TestFramesSeenOfOneFrame(t *testing.T) {
	m := &infer.Model{Description: modelfile.Description{Labels: map[data.Modality][]string{data.Image: {"calm"}, data.Video: {"calm"}}}}
	one := infer.Prediction{Path: "a", Frames: 1, Windows: []data.Window{{Stride: 1}}, Labels: []string{"calm"}, Probabilities: []float64{1}}
	for modality, want := range map[data.Modality]string{data.Image: "a     image     calm            100.0 %\n", data.Video: "a     video     calm            100.0 %  0 of 1\n"} {
		var b bytes.Buffer
		one.Modality = modality
		require.NoError(t, newTableResults(&b, 1, m, []input{{path: "a"}}).add(one))
		_, row, _ := strings.Cut(b.String(), "\n")
		require.Equal(t, strings.TrimSpace(want), strings.TrimSpace(row))
	}
}

// The header of CSV comes once, before the first row, also where that is of a failure.
func TestCSVOfPredictions(t *testing.T) {
	var b bytes.Buffer
	r := &csvResults{w: &b, top: 2}
	require.NoError(t, r.failed("b", errors.New("b: it is, well, damaged")))
	require.NoError(t, r.add(prediction("a")))
	require.Equal(t, `path,modality,label,probability,label_2,probability_2,frames,frames_seen,error
b,,,,,,,,"it is, well, damaged"
a,video,überrascht sein,0.75,calm,0.25,30,"0-8, 20-28 by 4",
`, b.String())
}
