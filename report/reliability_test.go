package report

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/infer"
)

// calibrated is a score whose answers fall into three bins.
func calibrated() *infer.Score {
	answer := func(truth, class int, confidence float64) infer.Answer {
		p := []float64{1 - confidence, confidence}
		if class == 0 {
			p = []float64{confidence, 1 - confidence}
		}
		return infer.Answer{Truth: truth, Class: class, Probabilities: p}
	}
	return infer.NewScore([]string{"a", "<b>"}, []infer.Answer{answer(0, 0, 0.9), answer(1, 0, 0.9), answer(1, 1, 0.7), answer(1, 1, 0.55),
		answer(0, 1, 0.56), answer(0, 1, 0.58), answer(1, 1, 0.59)})
}

// The figure of a calibration has a bar for each bin that holds answers, as high as they are right, and a dot at their mean.
func TestReliabilityFigure(t *testing.T) {
	r := reliability{"Images", calibrated().Calibration}
	require.Equal(t, []bar{ // of bins 8, 10 and 13
		{"128.0", "110.0", "16.0", "110.0", "0.70", "136.8"},
		{"160.0", "0.0", "16.0", "220.0", "0.25", "168.0"},
		{"208.0", "110.0", "16.0", "110.0", "0.40", "216.0"},
	}, r.Bars())
	svg := figure(t, "reliability", r)
	wellFormed(t, svg)
	require.Contains(t, svg, `<rect x="128.0" y="110.0" width="16.0" height="110.0" rx="1" fill="var(--a)" fill-opacity="0.70"`)
	require.Contains(t, svg, `<circle cx="136.8" cy="110.0"`)
	require.Equal(t, 3, strings.Count(svg, "<rect"))
	require.Equal(t, []string{"0.0", "48.0", "240.0"}, []string{r.X(0), r.X(20), r.X(100)})
	require.Equal(t, []string{"220.0", "176.0", "0.0"}, []string{r.Y(0), r.Y(20), r.Y(100)})
	require.Empty(t, reliabilities([]infer.NamedScore{{Score: &infer.Score{}}}), "as earlier versions wrote it")
}

// Figures of an evaluation have the class names of its score, whichever head answered, and its calibration.
func TestFiguresOfAnEvaluation(t *testing.T) {
	dir := t.TempDir()
	names, err := (&Page{Model: &infer.Model{}, Report: &infer.Report{Static: calibrated()}}).SaveFigures(dir)
	require.NoError(t, err)
	require.Equal(t, []string{"confusion-static", "reliability-static"}, names)
	require.Subset(t, svgTexts(t, filepath.Join(dir, "confusion-static.svg")), []string{"a", "&lt;b&gt;"})
	require.Subset(t, svgTexts(t, filepath.Join(dir, "reliability-static.svg")), []string{"confidence [%]", "static: ECE 19.7 %"}, "(4·7 + 30 + 2·40) of 7")
	require.FileExists(t, filepath.Join(dir, "reliability-static.png"))
}
