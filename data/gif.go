package data

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"io"
)

// maxGIFFrames is lower than other videos' limit, as image/gif keeps a palette of some KiB for each frame.
const maxGIFFrames = 10_000

// decodeFile decodes an image to one frame, an animated GIF to all of its frames.
func decodeFile(r io.ReadSeeker, opt OpenOptions, lim limits) (frames []*Frames, err error) {
	defer recoverDecoder(&err)
	config, format, err := decodeConfig(r, lim.pixels)
	if err != nil {
		return nil, err
	}
	if format == "gif" {
		return decodeGIF(r, config, opt, lim)
	}
	f, err := decodeImage(r, lim.pixels)
	if err != nil {
		return nil, err
	}
	return []*Frames{opt.fit(f)}, nil
}

// decodeGIF composes the frames of a GIF on a black canvas.
func decodeGIF(r io.ReadSeeker, config image.Config, opt OpenOptions, lim limits) ([]*Frames, error) {
	count, area, err := scanGIF(bufio.NewReader(r))
	if err != nil {
		return nil, decoderError(err)
	}
	// image/gif holds every frame at a byte a pixel; what we compose has three.
	size := int64(config.Width) * int64(config.Height)
	if opt.H != 0 {
		size = int64(opt.H) * int64(opt.W)
	}
	if count > lim.frames || area > lim.bytes || int64(count)*size*3 > lim.bytes {
		return nil, fmt.Errorf("an animation of %d frames of %d×%d pixels is more than the limit of %d frames and %d MiB",
			count, config.Width, config.Height, lim.frames, lim.bytes>>20)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	g, err := gif.DecodeAll(bufio.NewReader(r))
	if err != nil {
		return nil, decoderError(err)
	}
	canvas := newGIFCanvas(config.Width, config.Height)
	frames := make([]*Frames, len(g.Image))
	for i, m := range g.Image {
		frames[i] = opt.fit(canvas.show(m, g.Disposal[i]))
	}
	return frames, nil
}

// gifCanvas is the image that an animation paints over, frame by frame.
type gifCanvas struct{ frames *Frames }

func newGIFCanvas(w, h int) *gifCanvas { return &gifCanvas{NewFrames(1, h, w)} }

// show draws m, returns a copy of what is then to be seen and disposes of m.
func (c *gifCanvas) show(m *image.Paletted, disposal byte) *Frames {
	var before []uint8
	if disposal == gif.DisposalPrevious {
		before = append(before, c.frames.Pix...)
	}
	c.draw(m)
	seen := NewFrames(1, c.frames.H, c.frames.W)
	copy(seen.Pix, c.frames.Pix)
	switch disposal {
	case gif.DisposalPrevious:
		c.frames.Pix = before
	case gif.DisposalBackground: // to transparent, that is to black, as browsers do
		for y := m.Rect.Min.Y; y < m.Rect.Max.Y; y++ {
			clear(c.row(m.Rect, y))
		}
	}
	return seen
}

// draw paints m; where m is transparent, what was there stays.
func (c *gifCanvas) draw(m *image.Paletted) {
	palette := rgbPalette(m.Palette)
	var transparent [256]bool
	for i, col := range m.Palette {
		_, _, _, a := col.RGBA()
		transparent[i] = a == 0
	}
	for y := m.Rect.Min.Y; y < m.Rect.Max.Y; y++ {
		dst := c.row(m.Rect, y)
		for x, index := range m.Pix[m.PixOffset(m.Rect.Min.X, y):][:m.Rect.Dx()] {
			if !transparent[index] {
				copy(dst[3*x:3*x+3], palette[index][:])
			}
		}
	}
}

// row is the part of canvas row y that lies in r; the decoder has checked that r is inside.
func (c *gifCanvas) row(r image.Rectangle, y int) []uint8 {
	return c.frames.Pix[(y*c.frames.W+r.Min.X)*3 : (y*c.frames.W+r.Max.X)*3]
}

// scanGIF counts the frames of a GIF and their pixels without decoding them, as a file of a few KiB can hold
// thousands of large ones.
func scanGIF(r *bufio.Reader) (frames int, area int64, err error) {
	var head [13]byte // signature, width, height, flags, background, aspect
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, 0, err
	}
	if err := skipColours(r, head[10]); err != nil {
		return 0, 0, err
	}
	for {
		kind, err := r.ReadByte()
		if err != nil {
			return 0, 0, err
		}
		switch kind {
		case 0x21: // extension: a label, then sub-blocks
			if _, err := r.Discard(1); err != nil {
				return 0, 0, err
			}
		case 0x2C: // image: x, y, width, height, flags, colours, code size, sub-blocks
			var d [9]byte
			if _, err := io.ReadFull(r, d[:]); err != nil {
				return 0, 0, err
			}
			frames++
			area += (int64(d[4]) | int64(d[5])<<8) * (int64(d[6]) | int64(d[7])<<8)
			if err := skipColours(r, d[8]); err != nil {
				return 0, 0, err
			}
			if _, err := r.Discard(1); err != nil {
				return 0, 0, err
			}
		case 0x3B:
			return frames, area, nil
		default:
			return 0, 0, errors.New("damaged GIF")
		}
		if err := skipSubBlocks(r); err != nil {
			return 0, 0, err
		}
	}
}

// skipColours skips the colour table that flags announce.
func skipColours(r *bufio.Reader, flags byte) error {
	if flags&0x80 == 0 {
		return nil
	}
	_, err := r.Discard(3 << (flags&7 + 1))
	return err
}

func skipSubBlocks(r *bufio.Reader) error {
	for {
		n, err := r.ReadByte()
		if err != nil || n == 0 {
			return err
		}
		if _, err := r.Discard(int(n)); err != nil {
			return err
		}
	}
}
