package report

import (
	"fmt"
	"image/color"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
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

// The figure of a calibration has a bar for each bin that holds answers, as high as they are right and the darker the more they are,
// and a dot at their mean.
func TestReliabilityFigure(t *testing.T) {
	svg := svgOf(t, func() (chart, error) {
		return reliabilityChart(infer.NamedScore{Name: "static", Modality: data.Image, Score: calibrated()})
	})
	require.Subset(t, words(textsOf(t, svg)), []string{"static: ECE 19.7 %", "confidence [%]", "right answers [%]"})
	fill := func(of int) string {
		c := shades[8+32*of/4].(color.RGBA) // the fullest has four answers
		return fmt.Sprintf("fill:#%02X%02X%02X", c.R, c.G, c.B)
	}
	for n := range 5 {
		require.Equal(t, map[bool]int{true: 1}[n == 4 || n == 1 || n == 2], strings.Count(svg, fill(n)), "bars of %d answers", n)
	}
	require.Equal(t, 3, strings.Count(svg, "fill:#C2502E"), "dots")
	one := infer.NewScore([]string{"a", "b"}, []infer.Answer{{Truth: 1, Class: 1, Probabilities: []float64{0.2, 0.8}}})
	svg = svgOf(t, func() (chart, error) { return reliabilityChart(infer.NamedScore{Modality: data.Image, Score: one}) })
	require.Equal(t, 1, strings.Count(svg, "fill:#C2502E"), "one bin alone has its dot")
	page := &Page{Report: &infer.Report{Static: &infer.Score{}}}
	require.Empty(t, page.Reliabilities(), "as earlier versions wrote it")
}

// Figures of an evaluation have the class names of its score, whichever head answered, and its calibration.
func TestFiguresOfAnEvaluation(t *testing.T) {
	dir := t.TempDir()
	names, err := (&Page{Model: &infer.Model{}, Report: &infer.Report{Static: calibrated()}}).SaveFigures(dir)
	require.NoError(t, err)
	require.Equal(t, []string{"confusion-static", "reliability-static"}, names)
	require.Subset(t, svgTexts(t, filepath.Join(dir, "confusion-static.svg")), []string{"a", "<b>"})
	require.Subset(t, svgTexts(t, filepath.Join(dir, "reliability-static.svg")), []string{"confidence [%]", "static: ECE 19.7 %"}, "(4·7 + 30 + 2·40) of 7")
	require.FileExists(t, filepath.Join(dir, "reliability-static.png"))
}
