package report

import (
	"os"
	"path/filepath"
	"regexp"
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

// Figures as files stand alone: their colours are values, not variables of a page.
func TestWriteFigures(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "figures")
	require.NoError(t, WriteFigures(dir, &infer.Report{Static: calibrated()}))
	require.NoError(t, WriteFigures(dir, &infer.Report{Dynamic: calibrated()}))
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		require.NoError(t, err)
		wellFormed(t, string(text))
		require.NotContains(t, string(text), "var(")
		require.NotContains(t, string(text), "<b>")
		require.NotContains(t, string(text), "ZgotmplZ")
		require.Regexp(t, regexp.MustCompile(`fill="#[0-9a-f]{6}"`), string(text))
		require.Contains(t, string(text), `<rect width="100%" height="100%" fill="#fff"/>`, "light paper")
	}
	require.Equal(t, []string{"dynamic_confusion.svg", "dynamic_reliability.svg", "static_confusion.svg", "static_reliability.svg"}, names)
	require.Error(t, WriteFigures(filepath.Join(dir, names[0]), &infer.Report{}), "a file where the folder should be")
}
