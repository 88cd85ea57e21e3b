package report

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"mien/data"
	"mien/infer"
	"mien/run"
)

// Curves: losses over the steps of a run, recalls over its epochs, probabilities over the frames of a video.

// modalityColors are those of the pages.
var modalityColors = map[data.Modality]color.RGBA{data.Image: {0xc2, 0x50, 0x2e, 255}, data.Video: {0x2b, 0x6c, 0x8f, 255}}

// lossChart draws the loss of each step of a run, faint, and its running mean.
func lossChart(r Run) (chart, error) {
	c := newChart(r.Title, "step", "loss")
	c.X.Tick.Marker = whole{}
	for _, curve := range r.Curves {
		points := finite(curve)
		if len(points) == 0 {
			continue
		}
		each, err := plotter.NewLine(thinned(points))
		if err != nil {
			return c, err
		}
		mean, err := plotter.NewLine(thinned(smoothed(points)))
		if err != nil {
			return c, err
		}
		full := modalityColors[curve.Modality]
		each.Color, mean.Color = color.NRGBA{full.R, full.G, full.B, 60}, full
		each.Width, mean.Width = vg.Points(1), vg.Points(1.5)
		c.Add(each, mean)
		c.Legend.Add(string(curve.Modality), mean)
	}
	return c, nil
}

// finite returns the points of a curve whose loss is a number.
func finite(c run.Curve) (points plotter.XYs) {
	for i, loss := range c.Loss {
		if !math.IsNaN(loss) && !math.IsInf(loss, 0) {
			points = append(points, plotter.XY{X: c.Steps[i], Y: loss})
		}
	}
	return points
}

// smoothed returns the running mean over about a twentieth of a curve, in both directions.
func smoothed(points plotter.XYs) plotter.XYs {
	reach := max(1, len(points)/40)
	mean := make(plotter.XYs, len(points))
	for i, p := range points {
		mean[i].X = p.X
		near := points[max(0, i-reach):min(len(points), i+reach+1)]
		for _, q := range near {
			mean[i].Y += q.Y / float64(len(near))
		}
	}
	return mean
}

// thinned returns every so many points of a curve, the first included: at most some 400, as a page has no room for more.
func thinned(points plotter.XYs) (some plotter.XYs) {
	for i := 0; i < len(points); i += max(1, len(points)/400) {
		some = append(some, points[i])
	}
	return some
}

// recallChart draws the recalls of a run's evaluations over its epochs.
func recallChart(r Run) (chart, error) {
	c := newChart(r.Title, "epoch", "UAR, WAR dashed [%]")
	c.X.Tick.Marker = whole{}
	c.Y.Min, c.Y.Max = 0, 100
	for _, m := range []data.Modality{data.Image, data.Video} {
		var uar, war plotter.XYs
		for _, e := range r.Evaluations {
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
			return c, err
		}
		dashed, err := plotter.NewLine(war)
		if err != nil {
			return c, err
		}
		solid.Color, dots.Color, dashed.Color = modalityColors[m], modalityColors[m], modalityColors[m]
		solid.Width, dots.Radius, dashed.Width = vg.Points(1.5), vg.Points(2), vg.Points(1)
		dashed.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
		c.Add(solid, dots, dashed)
		c.Legend.Add(string(m), solid)
	}
	return c, nil
}

// SaveTimeline draws the probabilities of the classes over the frames of a video, each window at its middle, as STEM.png and STEM.svg.
func SaveTimeline(stem, title string, labels []string, moments []infer.Moment) error {
	c, err := timelineChart(title, labels, moments)
	if err != nil {
		return err
	}
	return c.save(stem)
}

func timelineChart(title string, labels []string, moments []infer.Moment) (chart, error) {
	c := newChart(title, "frame", "probability")
	c.X.Tick.Marker = whole{}
	c.Y.Min, c.Y.Max = 0, 1
	for class, label := range labels {
		var points plotter.XYs
		for _, m := range moments {
			points = append(points, plotter.XY{X: float64(m.First+m.Last) / 2, Y: m.Probabilities[class]})
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return c, err
		}
		line.Color = palette.HSVA{H: float64(class) / float64(len(labels)), S: 0.8, V: 0.8, A: 1}
		line.Width = vg.Points(1.5)
		dots.Color, dots.Radius = line.Color, vg.Points(1.5)
		c.Add(line, dots)
		c.Legend.Add(Printable(label), line)
	}
	return c, nil
}
