package data

import (
	"bufio"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"io"
	"slices"
)

// Animated GIFs, composed frame by frame within limits on memory.

// maxGIFFrames is lower than the limit for other videos, because image/gif keeps a palette of several KiB per frame.
const maxGIFFrames = 10_000

// decodeGIF composes the frames of a GIF on a black canvas.
func decodeGIF(ctx context.Context, r io.ReadSeeker, config image.Config, opt OpenOptions, lim limits) ([]*Frames, error) {
	count, area, err := scanGIF(bufio.NewReader(r))
	if err != nil {
		return nil, decoderError(err)
	}
	// image/gif holds every frame at one byte per pixel; composed frames have three.
	h, w := cmp.Or(opt.H, config.Height), cmp.Or(opt.W, config.Width)
	n, most := int64(count), min(lim.frames, maxGIFFrames)
	if count > most || area > lim.bytes || n*int64(h)*int64(w)*3 > lim.bytes || n*int64(config.Width)*int64(config.Height) > lim.work {
		return nil, fmt.Errorf("an animation of %d frames of %d×%d pixels is more than the limit of %d frames, %d MiB and %d million pixels: "+
			"cut it, or make it smaller", count, config.Width, config.Height, most, lim.bytes>>20, lim.work/1e6)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	g, err := gif.DecodeAll(bufio.NewReader(r))
	if err != nil {
		return nil, decoderError(err)
	}
	canvas := NewFrames(1, config.Height, config.Width)
	frames := make([]*Frames, len(g.Image))
	for i, m := range g.Image {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		before := canvas.Pix
		if g.Disposal[i] == gif.DisposalPrevious {
			canvas.Pix = slices.Clone(before)
		}
		draw(canvas, m)
		frames[i] = Resize(canvas, h, w)
		switch g.Disposal[i] {
		case gif.DisposalPrevious:
			canvas.Pix = before
		case gif.DisposalBackground: // to transparent, that is to black, as browsers do
			for y := m.Rect.Min.Y; y < m.Rect.Max.Y; y++ {
				clear(canvasRow(canvas, m.Rect, y))
			}
		}
	}
	return frames, nil
}

// draw paints m on canvas; transparent pixels leave the canvas unchanged.
func draw(canvas *Frames, m *image.Paletted) {
	palette := rgbPalette(m.Palette)
	for y := m.Rect.Min.Y; y < m.Rect.Max.Y; y++ {
		dst := canvasRow(canvas, m.Rect, y)
		for x, index := range m.Pix[m.PixOffset(m.Rect.Min.X, y):][:m.Rect.Dx()] {
			if c := palette[index]; c.A > 0 {
				dst[3*x], dst[3*x+1], dst[3*x+2] = c.R, c.G, c.B
			}
		}
	}
}

// canvasRow is the part of canvas row y that lies in r; the decoder has checked that r is inside.
func canvasRow(canvas *Frames, r image.Rectangle, y int) []uint8 {
	return canvas.Pix[(y*canvas.W+r.Min.X)*3 : (y*canvas.W+r.Max.X)*3]
}

// scanGIF counts the frames of a GIF and their pixels without decoding them, because a file of a few KiB can hold thousands of
// large ones.
func scanGIF(r *bufio.Reader) (frames int, area int64, err error) {
	s := scanner{r: r}
	head := s.next(13) // signature, width, height, flags, background, aspect
	s.skip(colourBytes(head[10]))
	for s.err == nil {
		switch s.next(1)[0] {
		case 0x21: // extension: a label, then sub-blocks
			s.skip(1)
		case 0x2C: // image: x, y, width, height, flags, colours, code size, sub-blocks
			d := s.next(9)
			frames++
			area += int64(binary.LittleEndian.Uint16(d[4:])) * int64(binary.LittleEndian.Uint16(d[6:]))
			s.skip(colourBytes(d[8]) + 1)
		case 0x3B:
			return frames, area, nil
		default:
			s.err = cmp.Or(s.err, errors.New("damaged GIF"))
		}
		for n := s.next(1)[0]; n != 0; n = s.next(1)[0] {
			s.skip(int(n))
		}
	}
	return 0, 0, s.err
}

// colourBytes is the length of the colour table specified by flags.
func colourBytes(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}
