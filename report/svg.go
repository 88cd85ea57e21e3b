package report

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"slices"
	"strings"

	"mien/infer"
	"mien/run"
)

// The figures of a page: loss curves, confusion matrices and the share of tokens of each expert.

// Size of a figure in SVG units, and the margins around its axes.
const (
	figureWidth, figureHeight = 460.0, 280.0
	marginLeft, marginRight   = 46.0, 12.0
	marginTop, marginBottom   = 40.0, 36.0
)

// colors of series and heat maps, which page.html defines for light and dark.
var colors = []string{"var(--a)", "var(--b)", "var(--good)", "var(--ink)"}

// figure is the text of an SVG under construction.
type figure struct{ strings.Builder }

// newFigure starts a figure whose title is written at titleX.
func newFigure(width, height, titleX float64, title string) *figure {
	f := &figure{}
	fmt.Fprintf(f, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" role="img"><title>%s</title>`, width, height, html.EscapeString(title))
	f.text(titleX, 16, "start", "strong", title)
	return f
}

func (f *figure) text(x, y float64, anchor, class, s string) {
	fmt.Fprintf(f, `<text x="%.1f" y="%.1f" text-anchor="%s" class="%s">%s</text>`, x, y, anchor, class, html.EscapeString(s))
}

func (f *figure) html() template.HTML { return template.HTML(f.String() + "</svg>") }

// curvesSVG draws the losses of a run over its steps. Values that are not finite are left out.
func curvesSVG(c Run) template.HTML {
	box := bounds(c.Curves)
	f := newFigure(figureWidth, figureHeight, marginLeft, c.Title)
	for _, y := range ticks(box.y0, box.y1, 5) {
		_, py := box.place(box.x0, y)
		fmt.Fprintf(f, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="var(--line)"/>`, marginLeft, py, figureWidth-marginRight, py)
		f.text(marginLeft-6, py+4, "end", "", number(y))
	}
	for _, x := range ticks(box.x0, box.x1, 5) {
		px, _ := box.place(x, box.y0)
		f.text(px, figureHeight-marginBottom+16, "middle", "", number(x))
	}
	f.text(figureWidth-marginRight, figureHeight-4, "end", "", "step")
	f.text(2, marginTop-8, "start", "", "loss")
	legend := figureWidth - marginRight
	for i, s := range c.Curves {
		if len(s.Loss) == 0 {
			continue
		}
		color := colors[i%len(colors)]
		f.line(box, s.Steps, s.Loss, color, 1, 0.22)
		f.line(box, s.Steps, smooth(s.Loss), color, 2, 1)
		f.text(legend, 16, "end", "", string(s.Modality))
		legend -= float64(7*len(s.Modality)) + 8
		fmt.Fprintf(f, `<line x1="%.1f" y1="12" x2="%.1f" y2="12" stroke="%s" stroke-width="3"/>`, legend-12, legend, color)
		legend -= 24
	}
	return f.html()
}

// axes maps values to positions in a figure.
type axes struct{ x0, x1, y0, y1 float64 }

func bounds(curves []run.Curve) axes {
	a := axes{math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)}
	for _, s := range curves {
		for i, y := range s.Loss {
			if finite(y) && finite(s.Steps[i]) {
				a = axes{min(a.x0, s.Steps[i]), max(a.x1, s.Steps[i]), min(a.y0, y), max(a.y1, y)}
			}
		}
	}
	if a.x0 > a.x1 {
		return axes{0, 1, 0, 1}
	}
	if a.x0 == a.x1 {
		a.x1++
	}
	if a.y0 == a.y1 {
		a.y1++
	}
	return a
}

func (a axes) place(x, y float64) (px, py float64) {
	px = marginLeft + (x-a.x0)/(a.x1-a.x0)*(figureWidth-marginLeft-marginRight)
	py = figureHeight - marginBottom - (y-a.y0)/(a.y1-a.y0)*(figureHeight-marginTop-marginBottom)
	return px, py
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// line draws a polyline of at most some 400 points.
func (f *figure) line(box axes, x, y []float64, color string, width, opacity float64) {
	f.WriteString(`<polyline fill="none" points="`)
	stride := max(1, len(y)/400)
	for i := 0; i < len(y); i += stride {
		if finite(y[i]) && finite(x[i]) {
			px, py := box.place(x[i], y[i])
			fmt.Fprintf(f, "%.1f,%.1f ", px, py)
		}
	}
	fmt.Fprintf(f, `" stroke="%s" stroke-width="%g" stroke-opacity="%g" stroke-linejoin="round"/>`, color, width, opacity)
}

// smooth is a running mean over about a twentieth of the series, in both directions.
func smooth(y []float64) []float64 {
	reach := max(1, len(y)/40)
	out := make([]float64, len(y))
	for i := range y {
		sum, n := 0.0, 0.0
		for j := max(0, i-reach); j <= min(len(y)-1, i+reach); j++ {
			if finite(y[j]) {
				sum, n = sum+y[j], n+1
			}
		}
		out[i] = sum / n
	}
	return out
}

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
	for v := math.Ceil(lo/step) * step; v <= hi+step*1e-9; v += step {
		out = append(out, v)
	}
	return out
}

func number(v float64) string { return fmt.Sprintf("%.4g", math.Round(v*1e6)/1e6) }

// confusionSVG is a heat map of the confusion matrix of a score with the percentage of each row.
func confusionSVG(labels []string, title string, matrix infer.Confusion) template.HTML {
	n := len(matrix)
	const cell, left, head = 46.0, 92.0, 92.0
	f := newFigure(left+cell*float64(n)+4, head+cell*float64(n)+4, 4, title)
	for i, row := range matrix {
		total := float64(max(matrix.Count(i), 1))
		at := head + cell*float64(i)
		f.text(left-6, at+cell/2+4, "end", "strong", labels[i])
		fmt.Fprintf(f, `<g transform="translate(%.1f %.1f) rotate(-45)">`, left+cell*float64(i)+cell/2, head-6)
		f.text(0, 0, "start", "strong", labels[i])
		f.WriteString("</g>")
		for j, v := range row {
			color := colors[0]
			if i == j {
				color = colors[2]
			}
			f.heat(left+cell*float64(j), at, cell, float64(v)/total, color, v > 0)
		}
	}
	return f.html()
}

// heat is one cell of a heat map, with the percentage of its share if labelled.
func (f *figure) heat(x, y, size, share float64, color string, labelled bool) {
	fmt.Fprintf(f, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="3" fill="%s" fill-opacity="%.3f" stroke="var(--line)"/>`,
		x+1, y+1, size-2, size-2, color, 0.85*share)
	if labelled {
		f.text(x+size/2, y+size/2+4, "middle", "strong", percent(share))
	}
}

// routingSVG shows the experts of each block as two rows of cells, for images and for videos.
func routingSVG(r *Routing) template.HTML {
	experts := 0
	for _, row := range slices.Concat(r.Image, r.Video) {
		experts = max(experts, len(row))
	}
	const cell, left, head = 40.0, 130.0, 40.0
	height := head + float64(len(r.Blocks))*(2*cell+12)
	f := newFigure(max(left+cell*float64(experts)+8, 460), height, 4, r.Title)
	for e := range experts {
		f.text(left+cell*float64(e)+cell/2, head-6, "middle", "", fmt.Sprint(e))
	}
	f.text(left-8, head-6, "end", "", "expert")
	for i, block := range r.Blocks {
		for k, part := range []struct {
			name string
			rows [][]float64
		}{{"images", r.Image}, {"videos", r.Video}} {
			if i >= len(part.rows) {
				continue
			}
			y := head + float64(i)*(2*cell+12) + float64(k)*cell
			f.text(left-8, y+cell/2+4, "end", "strong", fmt.Sprintf("block %d, %s", block, part.name))
			for e, share := range part.rows[i] {
				f.heat(left+cell*float64(e), y, cell, share, colors[k], true)
			}
		}
	}
	return f.html()
}
