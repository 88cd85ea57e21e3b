package data

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Pixels of every type that decoders return, in an image whose bounds begin anywhere, become the colours that they stand for, without
// their transparency.
func TestPixelsOfEveryType(t *testing.T) {
	type settable interface {
		image.Image
		Set(x, y int, c color.Color)
	}
	all := image.Rect(0, 0, 11, 9)
	rng := rand.New(rand.NewPCG(3, 4))
	ycbcr := func() *image.YCbCr {
		m := image.NewYCbCr(all, image.YCbCrSubsampleRatio420)
		for _, plane := range [][]uint8{m.Y, m.Cb, m.Cr} {
			for i := range plane {
				plane[i] = uint8(rng.Uint32())
			}
		}
		return m
	}
	palette := make(color.Palette, 7)
	for i := range palette {
		palette[i] = color.NRGBA{uint8(31 * i), uint8(255 - 17*i), uint8(5 + 3*i), uint8(255 - i)}
	}
	planes := ycbcr()
	drawn := map[string]settable{
		"NRGBA": image.NewNRGBA(all), "NRGBA64": image.NewNRGBA64(all), "RGBA": image.NewRGBA(all), "Gray": image.NewGray(all),
		"Gray16": image.NewGray16(all), "CMYK": image.NewCMYK(all), "Paletted": image.NewPaletted(all, palette),
	}
	images := map[string]image.Image{"YCbCr": planes, "NYCbCrA": &image.NYCbCrA{YCbCr: *planes, A: make([]uint8, 11*9), AStride: 11}}
	for name, m := range drawn {
		for y := range 9 {
			for x := range 11 {
				c := color.NRGBA64{uint16(rng.Uint32()), uint16(rng.Uint32()), uint16(rng.Uint32()), 0xffff}
				if name[0] == 'N' {
					c.A = uint16(256 + rng.IntN(60_000))
				}
				m.Set(x, y, c)
			}
		}
		images[name] = m
	}
	for name, m := range images {
		part := image.Rect(3, 2, 10, 7)
		got := toRGB(m.(interface {
			SubImage(image.Rectangle) image.Image
		}).SubImage(part), color.YCbCrToRGB)
		require.Equal(t, []int{1, 5, 7}, []int{got.T, got.H, got.W}, name)
		var want []uint8
		for y := part.Min.Y; y < part.Max.Y; y++ {
			for x := part.Min.X; x < part.Max.X; x++ {
				switch m := m.(type) {
				case *image.NRGBA:
					c := m.NRGBAAt(x, y)
					want = append(want, c.R, c.G, c.B)
				case *image.NRGBA64:
					c := m.NRGBA64At(x, y)
					want = append(want, uint8(c.R>>8), uint8(c.G>>8), uint8(c.B>>8))
				case *image.Paletted:
					c := palette[m.ColorIndexAt(x, y)].(color.NRGBA)
					want = append(want, c.R, c.G, c.B)
				case *image.YCbCr, *image.NYCbCrA:
					c := planes.YCbCrAt(x, y)
					r, g, b := color.YCbCrToRGB(c.Y, c.Cb, c.Cr)
					want = append(want, r, g, b)
				default:
					r, g, b, _ := m.At(x, y).RGBA()
					want = append(want, uint8(r>>8), uint8(g>>8), uint8(b>>8))
				}
			}
		}
		require.Equal(t, want, got.Pix, name)
	}
	require.Equal(t, color.NRGBA{0x12, 0x34, 0x56, 0x78}, straight(color.NRGBA64{0x12ff, 0x34ff, 0x56ff, 0x78ff}))
	table := rgbPalette(palette)
	require.Equal(t, palette[6], table[6])
	require.Equal(t, color.NRGBA{}, table[7], "an index that the palette lacks is transparent")
}

// Studio range is that of ITU-R BT.601: luma from 16 to 235, chroma from 16 to 240 around 128.
func TestStudioRange(t *testing.T) {
	near := func(want float64, got uint8, at ...any) {
		t.Helper()
		require.InDelta(t, min(max(want, 0), 255), float64(got), 0.51, at...)
	}
	const kr, kg, kb = 0.299, 0.587, 0.114
	for y := 0; y < 256; y += 5 {
		for cb := 0; cb < 256; cb += 17 {
			for cr := 0; cr < 256; cr += 15 {
				r, g, b := studioToRGB(uint8(y), uint8(cb), uint8(cr))
				luma, u, v := float64(y-16)*255/219, float64(cb-128)*255/112, float64(cr-128)*255/112
				near(luma+(1-kr)*v, r, y, cb, cr)
				near(luma-kb/kg*(1-kb)*u-kr/kg*(1-kr)*v, g, y, cb, cr)
				near(luma+(1-kb)*u, b, y, cb, cr)
			}
		}
	}
}

// The EXIF block of a JPEG stands before the pixels, among other segments.
func TestEXIFBlocks(t *testing.T) {
	const block = "Exif\x00\x00MM\x00*"
	const soi, xmp, start = "\xFF\xD8", "\xFF\xE1\x00\x06http", "\xFF\xDA\x00\x04ab"
	const found = "\xFF\xE1\x00\x0C" + block
	riff := "RIFF1234WEBP"
	for _, c := range []struct {
		find       func(*scanner) []byte
		file, want string
	}{
		{jpegEXIF, soi + found, block},
		{jpegEXIF, soi + "\xFF\xE0\x00\x07JFIF\x00" + xmp + found, block},
		{jpegEXIF, soi + start + found, ""},
		{jpegEXIF, soi + "\x00\xE1\x00\x0C" + block, ""},
		{jpegEXIF, soi + "\xFF\xE0\x00\x01" + found, ""},
		{jpegEXIF, soi + "\xFF\xE0\x00\x02" + found, block},
		{jpegEXIF, soi, ""},
		{pngEXIF, "\x89PNG\r\n\x1a\n" + "\x00\x00\x00\x03tEXtabcCRC4" + "\x00\x00\x00\x04eXIfMM\x00*CRC4", "MM\x00*"},
		{pngEXIF, "\x89PNG\r\n\x1a\n" + "\x00\x00\x00\x03tEXtabcCRC4", ""},
		{webpEXIF, riff + "VP8X\x03\x00\x00\x00abc0" + "EXIF\x04\x00\x00\x00MM\x00*", "MM\x00*"},
		{webpEXIF, riff + "VP8X\x04\x00\x00\x00abcd" + "EXIF\x04\x00\x00\x00MM\x00*", "MM\x00*"},
		{webpEXIF, riff, ""},
	} {
		require.Equal(t, c.want, string(c.find(&scanner{r: bufio.NewReader(strings.NewReader(c.file))})), "%q", c.file)
	}
	long := pngEXIF(&scanner{r: bufio.NewReader(strings.NewReader("\x89PNG\r\n\x1a\n\xFF\xFF\xFF\xFFeXIf"))})
	require.Len(t, long, maxEXIF, "whatever length is claimed")
	long = webpEXIF(&scanner{r: bufio.NewReader(strings.NewReader(riff + "EXIF\xFF\xFF\xFF\xFF"))})
	require.Len(t, long, maxEXIF)
	for entry, want := range map[string]int{
		"MM..\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00": 6, "II..\x12\x01\x03\x00\x01\x00\x00\x00\x08\x00": 8,
		"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x01": 1, "\x01\x12\x00\x03\x00\x00\x00\x01\x00\x09": 1,
		"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x00": 1, "\x01\x12\x00\x03\x00\x00\x00\x01\x00": 1, "": 1,
	} {
		require.Equal(t, want, tiffOrientation([]byte(entry)), "%q", entry)
	}
}

// The eight orientations, as the numbers of the pixels of a picture of 3×2.
func TestOrient(t *testing.T) {
	for i, want := range []string{
		"3×2 012345", "3×2 210543", "3×2 543210", "3×2 345012", "2×3 031425", "2×3 304152", "2×3 524130", "2×3 251403",
	} {
		f := NewFrames(1, 2, 3)
		for p := range f.Pix {
			f.Pix[p] = uint8(10*(p/3) + p%3)
		}
		got := orient(f, i+1)
		text := fmt.Sprintf("%d×%d ", got.W, got.H)
		for p := 0; p < len(got.Pix); p += 3 {
			text += fmt.Sprint(got.Pix[p] / 10)
			require.Equal(t, []uint8{got.Pix[p] + 1, got.Pix[p] + 2}, got.Pix[p+1:p+3])
		}
		require.Equal(t, want, text, "orientation %d", i+1)
	}
}

// Limits are what is allowed, and not one more.
func TestLimitsAreAllowed(t *testing.T) {
	source, err := os.ReadFile("testdata/images/rgb.png")
	require.NoError(t, err)
	f := readPNG(t, "images/rgb.png")
	_, _, err = decodeConfig(bytes.NewReader(source), f.W*f.H)
	require.NoError(t, err)
	_, _, err = decodeConfig(bytes.NewReader(source), f.W*f.H-1)
	require.EqualError(t, err, fmt.Sprintf("%d×%d pixels are more than the limit of %d", f.W, f.H, f.W*f.H-1))

	animation, err := os.ReadFile("testdata/images/animated.gif") // 6 frames of 25×18
	require.NoError(t, err)
	frames, err := decodeFile(t.Context(), bytes.NewReader(animation), OpenOptions{}, limits{pixels: 450, bytes: 8100, frames: 6, work: 2700})
	require.NoError(t, err)
	require.Len(t, frames, 6)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = decode(ctx, bytes.NewReader(animation), OpenOptions{}, standard)
	require.ErrorIs(t, err, context.Canceled, "between two frames")

	long := write(t, "long.gif", hostileGIF(10_001, 3))
	_, _, err = Open(t.Context(), long, OpenOptions{})
	require.ErrorContains(t, err, "an animation of 10001 frames of 3×3 pixels is more than the limit of 10000 frames")
	first, err := OpenImage(t.Context(), long, OpenOptions{})
	require.NoError(t, err, "its first frame alone")
	want := NewFrames(1, 3, 3)
	copy(want.Pix, []uint8{10, 20, 30})
	require.Equal(t, want, first, "of one pixel, on the canvas of the animation")
	first, err = OpenImage(t.Context(), long, OpenOptions{H: 4, W: 2})
	require.NoError(t, err)
	require.Equal(t, Resize(want, 4, 2), first)
	sample, m, err := Open(t.Context(), write(t, "most.gif", hostileGIF(10_000, 3)), OpenOptions{})
	require.NoError(t, err)
	require.Equal(t, Video, m)
	require.Equal(t, 10_000, sample.Len())
	_, _, err = Open(t.Context(), write(t, "odd.gif", append(hostileGIF(0, 3)[:19], 0x99)), OpenOptions{})
	require.ErrorContains(t, err, "damaged GIF")
	_, _, err = Open(t.Context(), write(t, "cut.gif", hostileGIF(2, 3)[:40]), OpenOptions{})
	require.ErrorContains(t, err, "the image is cut off: the file ends too early")
}

// PPM images as ffmpeg might write them: what is no image of 8 bits, or cut off, is refused.
func TestPPMsThatAreRefused(t *testing.T) {
	const whole = "P6\n2 1\n255\nabcdef"
	for _, c := range []struct {
		stream string
		frames int
		want   string
	}{
		{whole + whole, 2, ""}, {"", 0, ""},
		{whole + "P6\n2 1\n65535\nabcdef", 1, "frames of 2×1 pixels (65535 levels); the limit is 6 pixels of 255 levels"},
		{"P6\n0 1\n255\n", 0, "frames of 0×1 pixels (255 levels); the limit is 6 pixels of 255 levels"},
		{"P6\n1 0\n255\n", 0, "frames of 1×0 pixels (255 levels); the limit is 6 pixels of 255 levels"},
		{"P6\n7 1\n255\n", 0, "frames of 7×1 pixels (255 levels); the limit is 6 pixels of 255 levels"},
		{"P6\n3 2\n255\nabcdefghijklmnopqr", 1, ""},
		{"P6\n1 1\n255\nabc", 0, "ffmpeg: it decodes a part of 1×1 pixels alone"},
		{whole + "P", 1, "unexpected EOF"}, {whole + "P6\n2", 1, "unexpected EOF"}, {whole + "P6\n2 1\n255\nabc", 1, "unexpected EOF"},
		{whole + "P6\n1 2\n255\nabcdef", 1, "frame 1 has 1×2 pixels, the first 2×1"},
	} {
		frames, err := readPPMs(bufio.NewReader(strings.NewReader(c.stream)), OpenOptions{}, limits{pixels: 6, bytes: 36, frames: 2, work: 6, least: 2})
		require.Len(t, frames, c.frames, "%q", c.stream)
		if c.want == "" {
			require.NoError(t, err, "%q", c.stream)
		} else {
			require.EqualError(t, err, c.want, "%q", c.stream)
		}
	}
}

func TestPanicOfADecoderIsAnError(t *testing.T) {
	err := func() (err error) {
		defer recoverDecoder(&err)
		panic("boom")
	}()
	require.EqualError(t, err, "damaged image (the decoder said: boom)")
	err = func() (err error) {
		defer recoverDecoder(&err)
		return errors.New("as it was")
	}()
	require.EqualError(t, err, "as it was")
}

func TestFit(t *testing.T) {
	f := grey(4, 6, 7)
	require.Same(t, f, OpenOptions{}.fit(f))
	require.Same(t, f, OpenOptions{H: 4, W: 6}.fit(f))
	require.Equal(t, grey(4, 5, 7), OpenOptions{H: 4, W: 5}.fit(f))
	require.Equal(t, grey(3, 6, 7), OpenOptions{H: 3, W: 6}.fit(f))
}

// Messages of samples name them.
func TestMessagesOfSamples(t *testing.T) {
	root := t.TempDir()
	writePNG(t, filepath.Join(root, "v", "1.png"), grey(2, 3, 1))
	writePNG(t, filepath.Join(root, "a.png"), grey(2, 3, 1))
	for _, path := range []string{filepath.Join(root, "v"), filepath.Join(root, "a.png")} {
		sample, _, err := Open(t.Context(), path, OpenOptions{})
		require.NoError(t, err)
		_, err = sample.Read(t.Context(), []int{0, 1})
		require.EqualError(t, err, path+": frame 1 asked for, but there are 1")
		_, err = sample.Read(t.Context(), []int{-1})
		require.EqualError(t, err, path+": frame -1 asked for, but there are 1")
		_, err = sample.Read(t.Context(), nil)
		require.EqualError(t, err, path+": no frame asked for")
	}
	for _, c := range []struct {
		box  Box
		h, w int
	}{{Box{-1, 0, 2, 2}, 2, 3}, {Box{0, -1, 2, 2}, 2, 3}, {Box{0, 0, 0, 1}, 2, 3}, {Box{0, 0, 1, 0}, 2, 3}, {Box{1, 0, 5, 1}, 2, 3},
		{Box{0, 3, 1, 2}, 2, 3}, {Box{0, 0, 1, 1}, 0, 3}, {Box{0, 0, 1, 1}, 2, 0}} {
		want := fmt.Sprintf("data.ResizeBox: box {X:%d Y:%d W:%d H:%d} of frames of 5×4 to %d×%d pixels", c.box.X, c.box.Y, c.box.W, c.box.H, c.w, c.h)
		require.PanicsWithValue(t, want, func() { ResizeBox(NewFrames(1, 4, 5), c.box, c.h, c.w) })
	}
	require.NotPanics(t, func() { ResizeBox(NewFrames(1, 4, 5), Box{4, 3, 1, 1}, 1, 1) })
}
