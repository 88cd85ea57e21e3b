package report

import (
	"bytes"
	"html"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"mien/atomicfile"
)

// How a figure becomes part of a page, and files beside it. What it shows is in curves.go, matrix.go and reliability.go.

// chart is a figure of gonum/plot, of the size at which it is drawn.
type chart struct {
	*gonum.Plot
	width, height vg.Length
}

const chartWidth, chartHeight = 6 * vg.Inch, 3.2 * vg.Inch

// newChart returns a chart without data, all in one font.
func newChart(title, x, y string) chart {
	p := gonum.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = Printable(title), x, y
	p.Title.Padding, p.Legend.Padding = vg.Points(6), vg.Points(2)
	for _, f := range []*font.Font{&p.Title.TextStyle.Font, &p.X.Label.TextStyle.Font, &p.Y.Label.TextStyle.Font,
		&p.X.Tick.Label.Font, &p.Y.Tick.Label.Font, &p.Legend.TextStyle.Font} {
		f.Variant = "Sans"
	}
	p.Add(plotter.NewGrid())
	return chart{p, chartWidth, chartHeight}
}

// whole leaves out the marks of an axis of frames, steps or epochs that stand between two of them.
type whole struct{}

func (whole) Ticks(low, high float64) (marks []gonum.Tick) {
	for _, mark := range (gonum.DefaultTicks{}).Ticks(low, high) {
		if mark.Value != math.Trunc(mark.Value) {
			continue
		}
		if !mark.IsMinor() {
			mark.Label = strconv.Itoa(int(mark.Value))
		}
		marks = append(marks, mark)
	}
	return marks
}

// fontFamily names what a browser takes instead of the font by whose widths texts are placed: the first two have the same.
const fontFamily = "font-family:Liberation Sans, Arial, Helvetica, sans-serif;"

// write draws the chart as png or svg, with the legend to the right of the axes, where it hides nothing.
func (c chart) write(w io.Writer, format string) error {
	canvas, err := draw.NewFormattedCanvas(c.width, c.height, format)
	if err != nil {
		return err
	}
	all := draw.New(canvas)
	all.SetColor(color.White)
	all.Fill(all.Path())
	legend := c.Legend
	legend.Top = true
	aside := legend.Rectangle(all).Size().X + vg.Points(8)
	plot := *c.Plot
	plot.Legend = gonum.NewLegend()
	plot.Draw(draw.Crop(all, 0, -aside, 0, 0))
	legend.Draw(draw.Crop(all, 0, 0, 0, -vg.Points(24)))
	return writeCanvas(w, canvas)
}

func writeCanvas(w io.Writer, canvas io.WriterTo) error {
	var drawn bytes.Buffer
	if _, err := canvas.WriteTo(&drawn); err != nil {
		return err
	}
	_, err := w.Write(bytes.ReplaceAll(drawn.Bytes(), []byte("font-family:Liberation Sans;"), []byte(fontFamily)))
	return err
}

// save writes STEM.png and STEM.svg.
func (c chart) save(stem string) error {
	for _, format := range []string{"png", "svg"} {
		if err := atomicfile.Write(stem+"."+format, func(f *os.File) error { return c.write(f, format) }); err != nil {
			return err
		}
	}
	return nil
}

// svg returns the chart as an element of a page.
func (c chart) svg() (template.HTML, error) {
	var b bytes.Buffer
	if err := c.write(&b, "svg"); err != nil {
		return "", err
	}
	_, element, _ := strings.Cut(b.String(), "<svg ") // behind what only a file of its own has
	return template.HTML(`<svg role="img" aria-label="` + html.EscapeString(c.Title.Text) + `" ` + element), nil
}

// SavePNG writes a picture.
func SavePNG(path string, m image.Image) error {
	return atomicfile.Write(path, func(f *os.File) error { return png.Encode(f, m) })
}
