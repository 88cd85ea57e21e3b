package report

import (
	"image/color"
	"slices"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// Matrices as charts: confusions, centres of classes, shares of experts.

// matrix is a chart of numbers in rows and columns, each in the colour of its value and with its text.
type matrix struct {
	Title      string
	X, Y       string // what columns and rows are
	Rows, Cols []string
	Values     [][]float64 // [row][column]
	Low, High  float64     // the values without colour and of the full one
	Text       func(v float64) string
}

// chart draws the matrix, its first row on top.
func (m matrix) chart() (chart, error) {
	c := newChart(m.Title, m.X, m.Y)
	rows := printable(m.Rows)
	slices.Reverse(rows) // a chart counts from below
	c.NominalX(printable(m.Cols)...)
	c.NominalY(rows...)
	if slices.ContainsFunc(m.Cols, func(name string) bool { return len(name) > 3 }) {
		c.X.Tick.Label.Rotation, c.X.Tick.Label.XAlign, c.X.Tick.Label.YAlign = 0.6, text.XRight, text.YCenter
	}
	heat := plotter.NewHeatMap(grid{m}, shades)
	heat.Min, heat.Max = 0, 1
	c.Add(heat)
	labels := plotter.XYLabels{}
	for i, row := range m.Values {
		for j, v := range row {
			labels.XYs = append(labels.XYs, plotter.XY{X: float64(j), Y: float64(len(m.Rows) - 1 - i)})
			labels.Labels = append(labels.Labels, m.Text(v))
		}
	}
	texts, err := plotter.NewLabels(labels)
	if err != nil {
		return c, err
	}
	for i := range texts.TextStyle {
		style := &texts.TextStyle[i]
		style.Font.Variant, style.Font.Size, style.XAlign, style.YAlign = "Sans", vg.Points(9), text.XCenter, text.YCenter
		if m.strength(m.Values[i/len(m.Cols)][i%len(m.Cols)]) > 0.6 {
			style.Color = color.White
		}
	}
	c.Add(texts)
	side := func(n int, cell, border vg.Length) vg.Length { return max(vg.Length(n)*cell+border, 3*vg.Inch) }
	c.width, c.height = side(len(m.Cols), 34, 130), side(len(m.Rows), 26, 110)
	return c, nil
}

// printable returns names of classes, which lists give.
func printable(names []string) (all []string) {
	for _, name := range names {
		all = append(all, Printable(name))
	}
	return all
}

// strength is the share of the full colour that a value has.
func (m matrix) strength(v float64) float64 { return min(max((v-m.Low)/(m.High-m.Low), 0), 1) }

// grid is the matrix as a chart of strengths, which counts rows from below.
type grid struct{ m matrix }

func (g grid) Dims() (cols, rows int) { return len(g.m.Cols), len(g.m.Rows) }
func (g grid) X(col int) float64      { return float64(col) }
func (g grid) Y(row int) float64      { return float64(row) }
func (g grid) Z(col, row int) float64 { return g.m.strength(g.m.Values[len(g.m.Rows)-1-row][col]) }

// shades go from white to a dark blue.
var shades = func() (s shadesOf) {
	const steps = 64
	mixed := func(from, to uint8, i int) uint8 { return uint8(int(from) + (int(to)-int(from))*i/(steps-1)) }
	for i := range steps {
		s = append(s, color.RGBA{mixed(255, 28, i), mixed(255, 78, i), mixed(255, 128, i), 255})
	}
	return s
}()

type shadesOf []color.Color

func (s shadesOf) Colors() []color.Color { return s }
