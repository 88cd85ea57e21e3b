package report

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"mien/data"
	"mien/run"
)

// The learning curves of a run as charts.

// modalityColors are those of the pages.
var modalityColors = map[data.Modality]color.Color{
	data.Image: color.RGBA{0xc2, 0x50, 0x2e, 255}, data.Video: color.RGBA{0x2b, 0x6c, 0x8f, 255},
}

// SaveLosses draws the losses of a run, each a running mean over its steps, as STEM.png and STEM.svg.
func SaveLosses(stem, title string, curves []run.Curve) error {
	p := newChart(title, "step", "loss")
	for _, l := range newPlot(Run{Curves: curves}).Lines {
		smooth := l.Smooth()
		points := make(plotter.XYs, len(l.x))
		for i := range points {
			points[i] = plotter.XY{X: smooth.x[i], Y: smooth.y[i]}
		}
		line, err := plotter.NewLine(points)
		if err != nil {
			return fmt.Errorf("%s: %w", stem, err)
		}
		line.Color, line.Width = modalityColors[l.Modality], vg.Points(1.5)
		p.Add(line)
		p.Legend.Add(string(l.Modality), line)
	}
	return saveChart(p, stem, chartWidth, chartHeight)
}

// SaveRecalls draws the recalls of a run's evaluations over its epochs, as STEM.png and STEM.svg.
func SaveRecalls(stem, title string, evaluations []run.Evaluation) error {
	p := newChart(title, "epoch", "UAR, WAR dashed [%]")
	p.Y.Min, p.Y.Max = 0, 100
	for _, m := range []data.Modality{data.Image, data.Video} {
		var uar, war plotter.XYs
		for _, e := range evaluations {
			if s := data.ByModality(m, e.Report.Static, e.Report.Dynamic); s != nil {
				x := float64(e.Epoch + 1)
				uar, war = append(uar, plotter.XY{X: x, Y: s.UAR}), append(war, plotter.XY{X: x, Y: s.WAR})
			}
		}
		if len(uar) == 0 {
			continue
		}
		solid, dots, err := plotter.NewLinePoints(uar)
		if err != nil {
			return fmt.Errorf("%s: %w", stem, err)
		}
		dashed, err := plotter.NewLine(war)
		if err != nil {
			return fmt.Errorf("%s: %w", stem, err)
		}
		solid.Color, dots.Color, dashed.Color = modalityColors[m], modalityColors[m], modalityColors[m]
		solid.Width, dots.Radius, dashed.Width = vg.Points(1.5), vg.Points(2), vg.Points(1)
		dashed.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
		p.Add(solid, dots, dashed)
		p.Legend.Add(string(m), solid)
	}
	return saveChart(p, stem, chartWidth, chartHeight)
}
