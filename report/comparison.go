package report

import (
	"image/color"
	"os"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"mien/atomicfile"
	"mien/data"
)

// What ablations compare: a chart of recalls over their rows, and a page with their tables.

// Comparison is the table of an ablation, and the recalls of its rows.
type Comparison struct {
	Title  string
	Rows   []string
	Curves []RecallCurve
	Header []string // of the table
	Table  [][]string
	Notes  []string
}

// RecallCurve is a recall of the rows that have it.
type RecallCurve struct {
	Name     string
	Modality data.Modality
	Dashed   bool
	Points   []RecallPoint
}

// RecallPoint is the recall of a row over its seeds, in percent.
type RecallPoint struct {
	Row             int
	Mean, Deviation float64
	Values          []float64 // of each seed
}

// chart draws the means with their deviations, and the seeds faint beside them (S4D figure 3).
func (c Comparison) chart() (chart, error) {
	p := newChart(c.Title, "", "UAR, WAR dashed [%]")
	p.NominalX(c.Rows...)
	p.X.Min, p.X.Max = -0.5, float64(len(c.Rows))-0.5
	if slices.ContainsFunc(c.Rows, func(name string) bool { return len(name) > 12 }) {
		p.X.Tick.Label.Rotation, p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = 0.4, text.XRight, text.YCenter
	}
	for i, curve := range c.Curves {
		aside := 0.09 * (float64(i) - float64(len(c.Curves)-1)/2) // so that none hides another
		if err := curve.add(p, aside); err != nil {
			return p, err
		}
	}
	p.width = max(chartWidth, vg.Length(len(c.Rows))*vg.Inch+2*vg.Inch)
	return p, nil
}

// meansAndDeviations are points of a chart with bars.
type meansAndDeviations struct {
	plotter.XYs
	plotter.YErrors
}

// add draws a curve so far beside the middle of its rows.
func (c RecallCurve) add(p chart, aside float64) error {
	if len(c.Points) == 0 {
		return nil
	}
	var means meansAndDeviations
	var seeds plotter.XYs
	for _, point := range c.Points {
		x := float64(point.Row) + aside
		means.XYs = append(means.XYs, plotter.XY{X: x, Y: point.Mean})
		means.YErrors = append(means.YErrors, struct{ Low, High float64 }{point.Deviation, point.Deviation})
		for _, value := range point.Values {
			seeds = append(seeds, plotter.XY{X: x, Y: value})
		}
	}
	line, dots, err := plotter.NewLinePoints(means)
	if err != nil {
		return err
	}
	bars, err := plotter.NewYErrorBars(means)
	if err != nil {
		return err
	}
	each, err := plotter.NewScatter(seeds)
	if err != nil {
		return err
	}
	full := modalityColors[c.Modality]
	line.Color, dots.Color, bars.Color, each.Color = full, full, full, color.NRGBA{full.R, full.G, full.B, 90}
	line.Width, bars.Width, dots.Radius, each.Radius = vg.Points(1), vg.Points(1), vg.Points(2.5), vg.Points(1.5)
	dots.Shape, each.Shape = draw.CircleGlyph{}, draw.CircleGlyph{}
	if c.Dashed {
		line.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
	}
	p.Add(line, bars, each, dots)
	p.Legend.Add(c.Name, line)
	return nil
}

// SaveChart writes recalls.png and recalls.svg into a folder.
func (c Comparison) SaveChart(dir string) error {
	drawn, err := c.chart()
	if err != nil {
		return err
	}
	return drawn.save(filepath.Join(dir, "recalls"))
}

// Chart is the figure of the page.
func (c Comparison) Chart() figure { return figure{"recalls", c.chart} }

// WriteComparisons writes a page of ablations, in one file.
func WriteComparisons(path string, all []Comparison) error {
	return atomicfile.Write(path, func(f *os.File) error { return page.ExecuteTemplate(f, "ablation.html", all) })
}
