package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"mien/data"
	"mien/infer"
)

// What figures.html asks of a figure: positions of values, ticks, shares.

// plot is the figure of a run's losses.
type plot struct {
	Title          string
	Lines          []line
	x0, x1, y0, y1 float64 // what the axes show
}

// plotWidth and plotHeight are the size within the axes, in SVG units.
const plotWidth, plotHeight = 402, 204

// line is the losses of one modality.
type line struct {
	Modality data.Modality
	Color    string // one of page.html, which defines it for light and dark
	x, y     []float64
}

// newPlot leaves out values that are not finite, and curves without any other.
func newPlot(r Run) plot {
	p := plot{Title: r.Title}
	var x, y []float64
	for _, c := range r.Curves {
		l := line{Modality: c.Modality, Color: data.ByModality(c.Modality, "a", "b")}
		for i, loss := range c.Loss {
			if !math.IsNaN(loss) && !math.IsInf(loss, 0) {
				l.x, l.y = append(l.x, c.Steps[i]), append(l.y, loss)
			}
		}
		if len(l.x) > 0 {
			p.Lines = append(p.Lines, l)
		}
		x, y = append(x, l.x...), append(y, l.y...)
	}
	p.x0, p.x1 = limits(x)
	p.y0, p.y1 = limits(y)
	return p
}

// limits returns the ends of an axis, which are never equal.
func limits(values []float64) (lo, hi float64) {
	if len(values) == 0 {
		return 0, 1
	}
	if lo, hi = slices.Min(values), slices.Max(values); lo == hi {
		hi++
	}
	return lo, hi
}

// X and Y place a step and a loss within the axes.
func (p plot) X(step float64) string { return fmt.Sprintf("%.1f", (step-p.x0)/(p.x1-p.x0)*plotWidth) }
func (p plot) Y(loss float64) string { return fmt.Sprintf("%.1f", (p.y1-loss)/(p.y1-p.y0)*plotHeight) }

func (p plot) XTicks() []float64 { return ticks(p.x0, p.x1, 5) }
func (p plot) YTicks() []float64 { return ticks(p.y0, p.y1, 5) }

// ticks returns about n round numbers between lo and hi.
func ticks(lo, hi float64, n int) []float64 {
	step := math.Pow(10, math.Floor(math.Log10((hi-lo)/float64(n))))
	for _, m := range []float64{1, 2, 5, 10} {
		if (hi-lo)/(step*m) <= float64(n) {
			step *= m
			break
		}
	}
	var out []float64
	for k := math.Ceil(lo / step); k*step <= hi+step*1e-9; k++ {
		out = append(out, math.Round(k*step*1e6)/1e6)
	}
	return out
}

// Points returns the points of a polyline, at most some 400.
func (p plot) Points(l line) string {
	var points strings.Builder
	for i := 0; i < len(l.x); i += max(1, len(l.x)/400) {
		fmt.Fprintf(&points, "%s,%s ", p.X(l.x[i]), p.Y(l.y[i]))
	}
	return points.String()
}

// Smooth returns the running mean over about a twentieth of a line, in both directions.
func (l line) Smooth() line {
	reach := max(1, len(l.y)/40)
	mean := make([]float64, len(l.y))
	for i := range l.y {
		near := l.y[max(0, i-reach):min(len(l.y), i+reach+1)]
		for _, y := range near {
			mean[i] += y / float64(len(near))
		}
	}
	l.y = mean
	return l
}

// matrix is the figure of a score's confusion matrix.
type matrix struct {
	Labels []string
	Title  string
	infer.Confusion
}

// Share is the share of class i that was taken for class j.
func (m matrix) Share(i, j int) float64 {
	return float64(m.Confusion[i][j]) / float64(max(m.Count(i), 1))
}
