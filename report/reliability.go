package report

import (
	"fmt"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"mien/data"
	"mien/infer"
)

// The figure of a calibration: what figures.html asks of it, and as a chart.

// reliability is the figure of a score's calibration: a bar for each bin, as high as its accuracy.
type reliability struct {
	Title string
	infer.Calibration
}

// reliabilityWidth and reliabilityHeight are the size within the axes, in SVG units.
const reliabilityWidth, reliabilityHeight = 240.0, 220.0

// reliabilities returns the figures of scores, but of those that earlier versions wrote, without bins.
func reliabilities(scores []infer.NamedScore) (all []reliability) {
	for _, s := range scores {
		if len(s.Calibration.Bins) > 0 {
			all = append(all, reliability{setTitle(s.Modality), s.Calibration})
		}
	}
	return all
}

// Ticks are marked on both axes, in percent.
func (reliability) Ticks() []int { return []int{0, 20, 40, 60, 80, 100} }

// X and Y place a tick within the axes.
func (reliability) X(percent int) string { return along(float64(percent)) }
func (reliability) Y(percent int) string { return up(float64(percent)) }

func along(percent float64) string { return fmt.Sprintf("%.1f", percent/100*reliabilityWidth) }
func up(percent float64) string    { return fmt.Sprintf("%.1f", (100-percent)/100*reliabilityHeight) }

// bar is a bin of the figure. The dot of its mean confidence and accuracy is at the upper edge.
type bar struct{ X, Y, Width, Height, Opacity, Confidence string }

// Bars returns the bins that hold answers. The fullest has the strongest colour.
func (r reliability) Bars() (bars []bar) {
	most := 0
	for _, b := range r.Bins {
		most = max(most, b.N)
	}
	width := 100 / float64(len(r.Bins))
	for i, b := range r.Bins {
		if b.N > 0 {
			bars = append(bars, bar{along(float64(i) * width), up(b.Accuracy), along(width), up(100 - b.Accuracy),
				fmt.Sprintf("%.2f", 0.1+0.6*float64(b.N)/float64(most)), along(b.Confidence)})
		}
	}
	return bars
}

// saveReliability draws a calibration as STEM.png and STEM.svg: a bar for each bin, a dot at the mean of its answers.
func saveReliability(stem, title string, m data.Modality, c infer.Calibration) error {
	p := newChart(fmt.Sprintf("%s: ECE %.1f %%", title, c.ECE), "confidence [%]", "right answers [%]")
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 100, 0, 100
	bars := &plotter.Histogram{FillColor: shades[len(shades)/4], LineStyle: plotter.DefaultLineStyle}
	var means plotter.XYs
	width := 100 / float64(len(c.Bins))
	for i, b := range c.Bins {
		if b.N > 0 {
			bars.Bins = append(bars.Bins, plotter.HistogramBin{Min: float64(i) * width, Max: float64(i+1) * width, Weight: b.Accuracy})
			means = append(means, plotter.XY{X: b.Confidence, Y: b.Accuracy})
		}
	}
	agreed, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 0}, {X: 100, Y: 100}})
	if err != nil {
		return err
	}
	agreed.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
	p.Add(bars, agreed)
	if len(means) > 0 {
		dots, err := plotter.NewScatter(means)
		if err != nil {
			return fmt.Errorf("%s: %w", stem, err)
		}
		dots.Shape, dots.Color, dots.Radius = draw.CircleGlyph{}, modalityColors[m], vg.Points(2.5)
		p.Add(dots)
	}
	return saveChart(p, stem, reliabilitySide, reliabilitySide)
}

const reliabilitySide = 3.6 * vg.Inch
