package report

import (
	"fmt"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"mien/infer"
)

// reliabilityChart draws the calibration of a score: a bar for each bin that holds answers, as high as they are right and the darker
// the more they are, and a dot at their mean.
func reliabilityChart(s infer.NamedScore) (chart, error) {
	bins := s.Calibration.Bins
	c := newChart(fmt.Sprintf("%s: ECE %.1f %%", s.Name, s.Calibration.ECE), "confidence [%]", "right answers [%]")
	c.width, c.height = reliabilitySide, reliabilitySide
	c.X.Min, c.X.Max, c.Y.Min, c.Y.Max = 0, 100, 0, 100
	var means plotter.XYs
	width, most := 100/float64(len(bins)), 1
	for _, b := range bins {
		most = max(most, b.N)
	}
	for i, b := range bins {
		if b.N == 0 {
			continue
		}
		bin := plotter.HistogramBin{Min: float64(i) * width, Max: float64(i+1) * width, Weight: b.Accuracy}
		fill := shades[len(shades)/8+len(shades)/2*b.N/most]
		c.Add(&plotter.Histogram{Bins: []plotter.HistogramBin{bin}, FillColor: fill, LineStyle: plotter.DefaultLineStyle})
		means = append(means, plotter.XY{X: b.Confidence, Y: b.Accuracy})
	}
	agreed, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 0}, {X: 100, Y: 100}})
	if err != nil {
		return c, err
	}
	agreed.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
	c.Add(agreed)
	if len(means) > 0 {
		dots, err := plotter.NewScatter(means)
		if err != nil {
			return c, err
		}
		dots.Shape, dots.Color, dots.Radius = draw.CircleGlyph{}, modalityColors[s.Modality], vg.Points(2.5)
		c.Add(dots)
	}
	return c, nil
}

const reliabilitySide = 3.6 * vg.Inch
