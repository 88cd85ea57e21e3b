package report

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"slices"

	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/palette/moreland"

	"mien/data"
	"mien/infer"
)

// The picture of what a model looks at: a column for each slice of time, under the frames a row for each kind of attention and for
// each block with experts.

// ModelTrace is the trace of one of several models at the same view.
type ModelTrace struct {
	Model   string // its name in the picture
	Experts int
	infer.Trace
}

const (
	cellSize   = 128 // pixels of a frame in the picture
	labelWidth = 190
	lineHeight = 15
)

// AttentionMaps draws the traces of some models at one view, one below the other.
func AttentionMaps(traces []ModelTrace) image.Image {
	first := traces[0]
	rows := []pictureRow{{label: []string{"input"}, cell: first.frame}}
	for _, m := range traces {
		rows = append(rows, m.rows()...)
	}
	out := image.NewRGBA(image.Rect(0, 0, labelWidth+first.Times*(cellSize+2), len(rows)*(cellSize+2)))
	draw.Draw(out, out.Rect, image.White, image.Point{}, draw.Src)
	for i, r := range rows {
		y := i * (cellSize + 2)
		for j, text := range r.label {
			write(out, 4, y+cellSize/2+j*lineHeight-len(r.label)*lineHeight/2+10, text)
		}
		for e := range r.experts {
			x, y := 4+e%8*22, y+cellSize/2+14+e/8*18
			draw.Draw(out, image.Rect(x, y, x+20, y+16), image.NewUniform(expertColor(e, r.experts)), image.Point{}, draw.Src)
			write(out, x+3, y+13, fmt.Sprint(e))
		}
		for t := range first.Times {
			at := image.Rect(0, 0, cellSize, cellSize).Add(image.Pt(labelWidth+t*(cellSize+2), y))
			draw.Draw(out, at, r.cell(t), image.Point{}, draw.Src)
		}
	}
	return out
}

// pictureRow is a row of the picture: its label, the number of experts in its legend, and its cell for each slice of time.
type pictureRow struct {
	label   []string
	experts int
	cell    func(t int) *image.RGBA
}

func (m ModelTrace) rows() []pictureRow {
	label := func(what ...string) []string {
		if m.Model != "" {
			what = append(what, m.Model)
		}
		return what
	}
	heat := func(shares []float64) func(int) *image.RGBA {
		top := slices.Max(shares)
		return func(t int) *image.RGBA { return m.heat(t, shares, top) }
	}
	rows := []pictureRow{
		{label: label("attention in the", "last block"), cell: heat(m.Last)},
		{label: label("attention, rolled out", "through all blocks"), cell: heat(m.Rollout)},
	}
	for i, block := range m.Blocks {
		rows = append(rows, pictureRow{label(fmt.Sprintf("experts of block %d", block)), m.Experts,
			func(t int) *image.RGBA { return m.tint(t, m.Routes[i]) }})
	}
	return rows
}

// frame returns the first frame of a slice of time, at the size of a cell.
func (m ModelTrace) frame(t int) *image.RGBA {
	f := m.View.Frames()
	one := &data.Frames{T: 1, H: f.H, W: f.W, Pix: f.Frame(t * max(f.T/m.Times, 1))}
	one = data.Resize(one, cellSize, cellSize)
	cell := image.NewRGBA(image.Rect(0, 0, cellSize, cellSize))
	paint(cell, 0, 0, one, 0)
	return cell
}

// heat colours a frame by the share of each patch, between black for none and white for top, smoothly from centre to centre.
func (m ModelTrace) heat(t int, shares []float64, top float64) *image.RGBA {
	cell, colors := m.frame(t), moreland.ExtendedBlackBody()
	colors.SetMax(1)
	slice := shares[t*m.Rows*m.Rows : (t+1)*m.Rows*m.Rows]
	for y := range cellSize {
		for x := range cellSize {
			share := min(between(slice, m.Rows, x, y)/top, 1)
			c, err := colors.At(share)
			if err != nil { // a share that is not a number
				c = color.Black
			}
			cell.SetRGBA(x, y, mix(cell.RGBAAt(x, y), c, 0.35+0.35*share))
		}
	}
	return cell
}

// between interpolates the values of patches, rows × rows of them, linearly between their centres.
func between(values []float64, rows, x, y int) float64 {
	place := func(p int) (lower, upper int, part float64) {
		c := (float64(p)+0.5)*float64(rows)/cellSize - 0.5
		c = min(max(c, 0), float64(rows-1))
		lower = int(math.Floor(c))
		return lower, min(lower+1, rows-1), c - float64(lower)
	}
	x0, x1, dx := place(x)
	y0, y1, dy := place(y)
	upper := values[y0*rows+x0]*(1-dx) + values[y0*rows+x1]*dx
	lower := values[y1*rows+x0]*(1-dx) + values[y1*rows+x1]*dx
	return upper*(1-dy) + lower*dy
}

// tint gives each patch of a frame the colour of the expert that its router is most certain of.
func (m ModelTrace) tint(t int, choices []int32) *image.RGBA {
	cell, patches := m.frame(t), m.Times*m.Rows*m.Rows
	k := len(choices) / patches
	for y := range cellSize {
		for x := range cellSize {
			patch := (t*m.Rows+y*m.Rows/cellSize)*m.Rows + x*m.Rows/cellSize
			cell.SetRGBA(x, y, mix(cell.RGBAAt(x, y), expertColor(int(choices[patch*k]), m.Experts), 0.5))
		}
	}
	return cell
}

// expertColor spreads the hues of n experts around the circle.
func expertColor(expert, n int) color.Color {
	return palette.HSVA{H: float64(expert) / float64(n), S: 0.75, V: 0.95, A: 1}
}

// mix lays a colour over another, as opaque as strength says.
func mix(under color.RGBA, over color.Color, strength float64) color.RGBA {
	r, g, b, _ := over.RGBA()
	blend := func(u uint8, o uint32) uint8 { return uint8(float64(u)*(1-strength) + float64(o>>8)*strength + 0.5) }
	return color.RGBA{blend(under.R, r), blend(under.G, g), blend(under.B, b), 255}
}

// write writes a line of text, whose base begins at x, y.
func write(out *image.RGBA, x, y int, text string) {
	d := font.Drawer{Dst: out, Src: image.Black, Face: labelFace, Dot: fixed.P(x, y)}
	d.DrawString(Printable(text))
}

var labelFace = letters(13)
