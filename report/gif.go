package report

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"io"
	"math"
)

// gifVideo writes an animated GIF frame by frame, while image/gif would hold all of them. All have one palette, so that colours do not flicker.
type gifVideo struct {
	w       io.Writer
	begun   bool
	waiting *image.Paletted // until it is known how long it is shown
	since   int             // hundredths of a second
}

// Levels of red, green and blue in the palette: 252 colours.
const reds, greens, blues = 6, 7, 6

var cube = func() color.Palette {
	p := make(color.Palette, 256)
	for i := range p {
		p[i] = color.RGBA{A: 255}
	}
	for i := range reds * greens * blues {
		r, g, b := i/(greens*blues), i/blues%greens, i%blues
		p[i] = color.RGBA{uint8(r * 255 / (reds - 1)), uint8(g * 255 / (greens - 1)), uint8(b * 255 / (blues - 1)), 255}
	}
	return p
}()

// bayer is the order of thresholds by which colours between two of the palette are mixed.
var bayer = [4][4]int{{0, 8, 2, 10}, {12, 4, 14, 6}, {3, 11, 1, 9}, {15, 7, 13, 5}}

// paletted has the colours of the cube, dithered by place, so that what does not move does not change.
func paletted(m *image.RGBA) *image.Paletted {
	out := image.NewPaletted(m.Rect, cube)
	for y := range m.Rect.Dy() {
		row := m.Pix[y*m.Stride:]
		for x := range m.Rect.Dx() {
			threshold := 255 * (2*bayer[y%4][x%4] + 1) / 32
			level := func(v uint8, levels int) int { return (int(v)*(levels-1) + threshold) / 255 }
			out.Pix[y*out.Stride+x] = uint8((level(row[4*x], reds)*greens+level(row[4*x+1], greens))*blues + level(row[4*x+2], blues))
		}
	}
	return out
}

// shortest is what browsers still show as long as it says, in hundredths of a second.
const shortest = 2

// add takes a frame, unless it comes too soon after the one before.
func (g *gifVideo) add(m *image.RGBA, time float64) error {
	now := int(math.Round(time * 100))
	if g.waiting != nil {
		if now-g.since < shortest {
			return nil
		}
		if err := g.write(now - g.since); err != nil {
			return err
		}
	}
	g.waiting, g.since = paletted(m), now
	return nil
}

// last is how long the last frame is shown.
const last = 10

func (g *gifVideo) close() error {
	if g.waiting == nil {
		return nil
	}
	if err := g.write(last); err != nil {
		return err
	}
	_, err := g.w.Write([]byte{0x3B})
	return err
}

// write has image/gif make a file of the waiting frame alone, of which the image block is written and, at first, the header.
func (g *gifVideo) write(delay int) error {
	const header = 13 + 3*256
	var file bytes.Buffer
	err := gif.EncodeAll(&file, &gif.GIF{
		Image: []*image.Paletted{g.waiting}, Delay: []int{min(delay, math.MaxUint16)},
		Config: image.Config{ColorModel: cube, Width: g.waiting.Rect.Dx(), Height: g.waiting.Rect.Dy()},
	})
	if err != nil {
		return err
	}
	block := file.Bytes()[header : file.Len()-1]
	if !g.begun {
		g.begun = true
		const forEver = "\x21\xFF\x0BNETSCAPE2.0\x03\x01\x00\x00\x00"
		block = append(append(bytes.Clone(file.Bytes()[:header]), forEver...), block...)
	}
	_, err = g.w.Write(block)
	return err
}
