package data

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // registers the format
	_ "image/png"
	"io"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/webp"
)

// Decoding of single images to 8-bit RGB.

// decodeStill decodes an image to 8-bit RGB as Pillow's convert("RGB") would: transparency is dropped, not blended, grey is copied to the
// three channels; of 16-bit samples the high byte is kept. JPEG, PNG and WebP are turned as their EXIF orientation says.
// Go's JPEG decoder repeats chroma samples where libjpeg interpolates them, so that a JPEG's pixels differ a little
// from Pillow's. It also returns the format's name.
//
// The size is checked before pixels are decoded. When ctx ends, the decoders, which can't be stopped, are left to end by themselves:
// a large image takes seconds.
func decodeStill(ctx context.Context, r io.ReadSeeker, maxPixels int) (*Frames, string, error) {
	type decoded struct {
		frames *Frames
		format string
		err    error
	}
	done := make(chan decoded, 1)
	go func() {
		frames, format, err := decode(r, maxPixels)
		done <- decoded{frames, format, err}
	}()
	select {
	case d := <-done:
		return d.frames, d.format, d.err
	case <-ctx.Done():
		return nil, "", context.Cause(ctx)
	}
}

func decode(r io.ReadSeeker, maxPixels int) (frames *Frames, format string, err error) {
	defer recoverDecoder(&err)
	_, format, err = decodeConfig(r, maxPixels)
	if err != nil {
		return nil, "", err
	}
	orientation, ycbcr := 1, color.YCbCrToRGB
	if format == "webp" {
		ycbcr = studioToRGB
	}
	if find := exif[format]; find != nil {
		orientation = tiffOrientation(find(&scanner{r: bufio.NewReader(r)}))
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			return nil, "", err
		}
	}
	m, _, err := image.Decode(bufio.NewReader(r))
	if err != nil {
		return nil, "", decoderError(err)
	}
	return orient(toRGB(m, ycbcr), orientation), format, nil
}

// decodeConfig reads the header, checks the size it claims and goes back to the start.
func decodeConfig(r io.ReadSeeker, maxPixels int) (image.Config, string, error) {
	config, format, err := image.DecodeConfig(bufio.NewReader(r))
	if err != nil {
		return config, "", decoderError(err)
	}
	if err := checkSize(config.Width, config.Height, maxPixels); err != nil {
		return config, "", err
	}
	_, err = r.Seek(0, io.SeekStart)
	return config, format, err
}

// checkSize refuses the size of an image or a frame that has no pixels, or too many.
func checkSize(w, h, maxPixels int) error {
	switch {
	case w <= 0 || h <= 0:
		return fmt.Errorf("an image of %d×%d pixels", w, h)
	case w > maxPixels/h:
		return fmt.Errorf("%d×%d pixels are more than the limit of %d", w, h, maxPixels)
	}
	return nil
}

// decoderError rewords two errors that are meaningless to a user.
func decoderError(err error) error {
	switch {
	case errors.Is(err, image.ErrFormat):
		return errors.New("not an image: neither JPEG, PNG, GIF, WebP nor BMP")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("the image is cut off: the file ends too early")
	}
	return err
}

// recoverDecoder turns a panic of a decoder, which is third-party code reading untrusted bytes, into an error.
func recoverDecoder(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("damaged image (the decoder said: %v)", p)
	}
}

// ycbcrToRGB converts a format's luma and chroma to RGB.
type ycbcrToRGB func(y, cb, cr uint8) (r, g, b uint8)

// toRGB drops the alpha channel. The formats' usual pixel types are read directly, the others through color.Color.
func toRGB(m image.Image, ycbcr ycbcrToRGB) *Frames {
	b := m.Bounds()
	out := NewFrames(1, b.Dy(), b.Dx())
	row := rgbRow(m, ycbcr)
	for y := range out.H {
		row(out.Pix[y*out.W*3:(y+1)*out.W*3], b.Min.X, b.Min.Y+y)
	}
	return out
}

// rgbRow returns the function that fills dst with the pixels of m starting at (x, y) and going right.
func rgbRow(m image.Image, ycbcr ycbcrToRGB) func(dst []uint8, x, y int) {
	switch m := m.(type) {
	case *image.NYCbCrA:
		return rgbRow(&m.YCbCr, ycbcr)
	case *image.YCbCr:
		return func(dst []uint8, x, y int) {
			for i := 0; i < len(dst); i += 3 {
				yi, ci := m.YOffset(x+i/3, y), m.COffset(x+i/3, y)
				dst[i], dst[i+1], dst[i+2] = ycbcr(m.Y[yi], m.Cb[ci], m.Cr[ci])
			}
		}
	case *image.RGBA: // the decoders use it for opaque images only
		return rgbRow((*image.NRGBA)(m), ycbcr)
	case *image.NRGBA:
		return func(dst []uint8, x, y int) {
			src := m.Pix[m.PixOffset(x, y):]
			for i, j := 0, 0; i < len(dst); i, j = i+3, j+4 {
				dst[i], dst[i+1], dst[i+2] = src[j], src[j+1], src[j+2]
			}
		}
	case *image.Paletted:
		palette := rgbPalette(m.Palette)
		return func(dst []uint8, x, y int) {
			for i, index := range m.Pix[m.PixOffset(x, y):][:len(dst)/3] {
				c := palette[index]
				dst[3*i], dst[3*i+1], dst[3*i+2] = c.R, c.G, c.B
			}
		}
	}
	return func(dst []uint8, x, y int) {
		for i := 0; i < len(dst); i += 3 {
			c := straight(m.At(x+i/3, y))
			dst[i], dst[i+1], dst[i+2] = c.R, c.G, c.B
		}
	}
}

// studioToRGB converts ITU-R 601 samples in studio range, luma 16 to 235 and chroma 16 to 240. Lossy WebP has them, but
// x/image/webp returns them as image.YCbCr, whose full range would wash the image out (golang/go#40173).
func studioToRGB(y, cb, cr uint8) (r, g, b uint8) {
	const one = 1 << 16
	luma := (int32(y)-16)*(one*255/219) + one/2
	u, v := int32(cb)-128, int32(cr)-128
	return clip16(luma + 104597*v), clip16(luma - 25675*u - 53279*v), clip16(luma + 132201*u)
}

// clip16 drops 16 fractional bits.
func clip16(v int32) uint8 { return uint8(min(max(v>>16, 0), 255)) }

// rgbPalette is a full table, transparent black where the file's palette is too short for its indices.
func rgbPalette(p color.Palette) (table [256]color.NRGBA) {
	for i, c := range p[:min(len(p), len(table))] {
		table[i] = straight(c)
	}
	return table
}

// straight returns a colour not multiplied by alpha. The decoders return transparent pixels as N… types, whose fields are not
// either; going through RGBA() would lose them.
func straight(c color.Color) color.NRGBA {
	switch c := c.(type) {
	case color.NRGBA:
		return c
	case color.NRGBA64:
		return color.NRGBA{uint8(c.R >> 8), uint8(c.G >> 8), uint8(c.B >> 8), uint8(c.A >> 8)}
	}
	r, g, b, a := c.RGBA()
	return color.NRGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), uint8(a >> 8)}
}
