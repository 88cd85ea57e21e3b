package report

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"mien/atomicfile"
	"mien/infer"
)

// Charts as files, each as PNG and as SVG.

const chartWidth, chartHeight = 6 * vg.Inch, 3.2 * vg.Inch

// newChart returns a chart in the font of the pages' figures.
func newChart(title, x, y string) *gonum.Plot {
	p := gonum.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	for _, f := range []*font.Font{&p.Title.TextStyle.Font, &p.X.Label.TextStyle.Font, &p.Y.Label.TextStyle.Font,
		&p.X.Tick.Label.Font, &p.Y.Tick.Label.Font, &p.Legend.TextStyle.Font} {
		f.Variant = "Sans"
	}
	p.Add(plotter.NewGrid())
	return p
}

// saveChart writes STEM.png and STEM.svg, with the legend to the right of the axes, where it hides nothing.
func saveChart(p *gonum.Plot, stem string, width, height vg.Length) error {
	legend := p.Legend
	legend.Top = true
	p.Legend = gonum.NewLegend()
	for _, format := range []string{"png", "svg"} {
		canvas, err := draw.NewFormattedCanvas(width, height, format)
		if err != nil {
			return err
		}
		all := draw.New(canvas)
		all.SetColor(color.White)
		all.Fill(all.Path())
		aside := legend.Rectangle(all).Size().X + vg.Points(8)
		p.Draw(draw.Crop(all, 0, -aside, 0, 0))
		legend.Draw(draw.Crop(all, 0, 0, 0, -vg.Points(24)))
		if err := atomicfile.Write(stem+"."+format, func(f *os.File) error {
			_, err := canvas.WriteTo(f)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// SavePNG writes a picture.
func SavePNG(path string, m image.Image) error {
	return atomicfile.Write(path, func(f *os.File) error { return png.Encode(f, m) })
}

// SaveTimeline draws the probabilities of the classes over the frames of a video, each window at its middle, as STEM.png and STEM.svg.
func SaveTimeline(stem, title string, labels []string, moments []infer.Moment) error {
	p := newChart(title, "frame", "probability")
	p.Y.Min, p.Y.Max = 0, 1
	for class, label := range labels {
		var points plotter.XYs
		for _, m := range moments {
			points = append(points, plotter.XY{X: float64(m.First+m.Last) / 2, Y: m.Probabilities[class]})
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return fmt.Errorf("%s: %w", stem, err)
		}
		line.Color = palette.HSVA{H: float64(class) / float64(len(labels)), S: 0.8, V: 0.8, A: 1}
		line.Width = vg.Points(1.5)
		dots.Color, dots.Radius = line.Color, vg.Points(1.5)
		p.Add(line, dots)
		p.Legend.Add(label, line)
	}
	return saveChart(p, stem, chartWidth, chartHeight)
}
