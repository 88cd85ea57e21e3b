package report

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
	gonum "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/palette"

	"mien/data"
	"mien/face"
	"mien/pipeline"
)

// Pictures and frames with what was found in them: a box for each face, what it shows on a plate and in bars, and the time.

// Style is how Annotate draws.
type Style struct {
	Hide   func(pipeline.Face) bool // faces that are made unrecognisable, without box and plate; nil hides none
	NoBars bool                     // leaves out the bars of all classes
}

// Annotate returns a frame with what was found in it. Lines and letters follow the size of the frame.
func Annotate(picture *data.Frames, f pipeline.Frame, style Style) *image.RGBA {
	out := Picture(picture, 0)
	shown := make([]pipeline.Face, 0, len(f.Faces))
	for _, found := range f.Faces {
		if style.Hide != nil && style.Hide(found) {
			pixelate(out, boxOf(found.Box))
			continue
		}
		shown = append(shown, found)
	}
	p := newPen(out)
	for _, found := range shown {
		p.taken = append(p.taken, boxOf(found.Box).Intersect(out.Rect))
	}
	for i, found := range shown {
		p.face(i, found, trackColor(found.ID, i), !style.NoBars)
	}
	if !math.IsNaN(f.Time) {
		p.time(f.Time)
	}
	return out
}

// pen draws on a frame.
type pen struct {
	*image.RGBA
	font          font.Face
	size          int // of letters, in pixels
	line, padding int
	taken         []image.Rectangle // the boxes of all faces, and what is written of some
}

func newPen(out *image.RGBA) *pen {
	size := min(max(min(out.Rect.Dx(), out.Rect.Dy())/30, 11), 48)
	return &pen{RGBA: out, font: letters(float64(size)), size: size, line: max(1, size/8), padding: max(2, size/4)}
}

// letters is the font of charts, of a size in pixels.
func letters(size float64) font.Face {
	f := gonum.DefaultCache.Lookup(gonum.Font{Typeface: "Liberation", Variant: "Sans"}, gonum.Length(size))
	return f.FontFace(72) // an inch has 72 points
}

// trackColor is that of a track or, in a picture, of the i-th face: neighbours in number are far apart in hue.
func trackColor(id, i int) color.RGBA {
	if id == 0 {
		id = i + 1
	}
	const golden = 0.381966 // of a circle
	r, g, b, _ := palette.HSVA{H: math.Mod(0.33+float64(id-1)*golden, 1), S: 0.8, V: 0.85, A: 1}.RGBA()
	return color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 255}
}

// ink is what is legible on a colour, black or white.
func ink(on color.RGBA) color.Color {
	if 299*int(on.R)+587*int(on.G)+114*int(on.B) > 140_000 {
		return color.Black
	}
	return color.White
}

// boxOf is a box in whole pixels.
func boxOf(b face.Box) image.Rectangle {
	round := func(v float64) int { return int(math.Round(v)) }
	return image.Rect(round(b.X), round(b.Y), round(b.X+b.Width), round(b.Y+b.Height))
}

// face draws the box of face i, a plate above it, or below where that would hide another face, and bars beside it.
func (p *pen) face(i int, f pipeline.Face, c color.RGBA, bars bool) {
	box := p.taken[i]
	p.frame(box, c)
	text := plate(f)
	if text == "" {
		return
	}
	size := image.Pt(p.width(text)+2*p.padding, p.size+2*p.padding)
	left, right, above := box.Min.X, box.Max.X-size.X, box.Min.Y-size.Y
	at, _ := p.place(i, size, image.Pt(left, above), image.Pt(left, box.Max.Y), image.Pt(right, above), image.Pt(right, box.Max.Y))
	p.fill(at, c)
	p.write(at.Min.X+p.padding, at.Max.Y-p.padding-p.size/6, text, ink(c))
	if bars && len(f.Labels) > 1 && len(f.Labels) == len(f.Probabilities) {
		p.bars(i, f, c)
	}
}

// place returns the first of some places, moved into the frame, at which nothing is hidden but face own, and takes it. If there is none, it
// is the first.
func (p *pen) place(own int, size image.Point, places ...image.Point) (at image.Rectangle, free bool) {
	for _, corner := range places {
		at := within(image.Rectangle{corner, corner.Add(size)}, p.Rect)
		if !p.hides(at, own) {
			p.taken = append(p.taken, at)
			return at, true
		}
	}
	return within(image.Rectangle{places[0], places[0].Add(size)}, p.Rect), false
}

// nobody is no face.
const nobody = -1

func (p *pen) hides(at image.Rectangle, own int) bool {
	for i, other := range p.taken {
		if i != own && at.Overlaps(other) {
			return true
		}
	}
	return false
}

// plate is what stands on a face's plate: "#2 happiness 0.87".
func plate(f pipeline.Face) string {
	text := ""
	if f.ID > 0 {
		text = fmt.Sprintf("#%d ", f.ID)
	}
	if f.Label != "" {
		text += fmt.Sprintf("%s %.2f", f.Label, f.Probability())
	}
	return text
}

// within moves a rectangle into another as far as it goes.
func within(r, all image.Rectangle) image.Rectangle {
	r = r.Add(image.Pt(min(0, all.Max.X-r.Max.X), min(0, all.Max.Y-r.Max.Y)))
	return r.Add(image.Pt(max(0, all.Min.X-r.Min.X), max(0, all.Min.Y-r.Min.Y)))
}

// frame draws a box just inside of itself.
func (p *pen) frame(box image.Rectangle, c color.Color) {
	inner := box.Inset(p.line)
	for _, side := range []image.Rectangle{
		{box.Min, image.Pt(box.Max.X, inner.Min.Y)}, {image.Pt(box.Min.X, inner.Max.Y), box.Max},
		{box.Min, image.Pt(inner.Min.X, box.Max.Y)}, {image.Pt(inner.Max.X, box.Min.Y), box.Max},
	} {
		p.fill(side, c)
	}
}

func (p *pen) fill(r image.Rectangle, c color.Color) {
	draw.Draw(p.RGBA, r, image.NewUniform(c), image.Point{}, draw.Over)
}

func (p *pen) width(text string) int { return font.MeasureString(p.font, Printable(text)).Ceil() }

// write writes a line of text, whose base begins at x, y.
func (p *pen) write(x, y int, text string, c color.Color) {
	d := font.Drawer{Dst: p.RGBA, Src: image.NewUniform(c), Face: p.font, Dot: fixed.P(x, y)}
	d.DrawString(Printable(text))
}

// shade is laid under small letters.
var shade = color.NRGBA{A: 150}

// bars draws the probabilities of all classes to the right of a box or to its left, where there is room. Faces too small for
// letters have none.
func (p *pen) bars(i int, f pipeline.Face, c color.RGBA) {
	box := p.taken[i]
	small := pen{RGBA: p.RGBA, font: letters(float64(p.size) * 0.75), size: p.size * 3 / 4}
	row := small.size + max(1, small.size/6)
	names := 0
	for _, label := range f.Labels {
		names = max(names, small.width(label))
	}
	length := 4 * small.size
	size := image.Pt(names+length+3*p.padding, len(f.Labels)*row+p.padding)
	if size.Y > 2*box.Dy() {
		return
	}
	at, free := p.place(nobody, size, image.Pt(box.Max.X+p.line, box.Min.Y), image.Pt(box.Min.X-p.line-size.X, box.Min.Y))
	if !free {
		return
	}
	p.fill(at, shade)
	for i, label := range f.Labels {
		y := at.Min.Y + p.padding/2 + i*row
		small.write(at.Min.X+p.padding, y+small.size-small.size/6, label, color.White)
		from := at.Min.X + 2*p.padding + names
		p.fill(image.Rect(from, y+1, from+length, y+row-1), color.NRGBA{255, 255, 255, 50})
		p.fill(image.Rect(from, y+1, from+int(math.Round(f.Probabilities[i]*float64(length))), y+row-1), c)
	}
}

// time writes the time code into the lower left corner.
func (p *pen) time(seconds float64) {
	text := timeCode(seconds)
	size := image.Pt(p.width(text)+2*p.padding, p.size+2*p.padding)
	at := image.Rectangle{Max: size}.Add(image.Pt(p.Rect.Min.X, p.Rect.Max.Y-size.Y))
	p.fill(at, shade)
	p.write(at.Min.X+p.padding, at.Max.Y-p.padding-p.size/6, text, color.White)
}

// timeCode is hours, minutes and seconds to a millisecond.
func timeCode(seconds float64) string {
	ms := int64(math.Round(seconds * 1000))
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, ms%1000)
}

// blocks across a hidden face: few enough that nobody can be known by them.
const blocks = 6

// pixelate replaces a face and its surroundings by blocks of their mean colour.
func pixelate(m *image.RGBA, box image.Rectangle) {
	side := max(1, (max(box.Dx(), box.Dy())+blocks-1)/blocks)
	box = box.Inset(-max(box.Dx(), box.Dy()) / 8)
	for y := box.Min.Y; y < box.Max.Y; y += side {
		for x := box.Min.X; x < box.Max.X; x += side {
			block := image.Rect(x, y, min(x+side, box.Max.X), min(y+side, box.Max.Y)).Intersect(m.Rect)
			draw.Draw(m, block, image.NewUniform(mean(m, block)), image.Point{}, draw.Src)
		}
	}
}

func mean(m *image.RGBA, r image.Rectangle) color.RGBA {
	var sum [3]int
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c := m.RGBAAt(x, y)
			sum[0], sum[1], sum[2] = sum[0]+int(c.R), sum[1]+int(c.G), sum[2]+int(c.B)
		}
	}
	n := max(1, r.Dx()*r.Dy())
	return color.RGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255}
}
