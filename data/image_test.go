package data

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/internal/fuzzing"
)

// TestImagesAreReadAsPillowDoes compares with what testdata/make_images.py had Pillow write.
func TestImagesAreReadAsPillowDoes(t *testing.T) {
	for _, c := range []struct {
		name string
		mean float64 // allowed mean absolute difference
	}{
		{"rgb.png", 0}, {"rgba.png", 0}, {"grey.png", 0}, {"grey_alpha.png", 0}, {"palette.png", 0}, {"rgb.bmp", 0},
		{"single.gif", 0}, {"lossless.webp", 0}, {"lossless_alpha.webp", 0}, {"grey.jpg", 0.5}, {"444.jpg", 1},
		{"cmyk.jpg", 1}, {"lossy.webp", 5}, {"rgb.jpg", 5}, {"progressive.jpg", 5}, // chroma is upsampled differently
	} {
		got, err := OpenImage(t.Context(), filepath.Join("testdata", "images", c.name), OpenOptions{})
		require.NoError(t, err, c.name)
		want := readPNG(t, "images/want_"+c.name+".png")
		require.LessOrEqual(t, meanDifference(t, want, got), c.mean, c.name)
	}
}

func TestEXIFOrientationIsApplied(t *testing.T) {
	upright := readPNG(t, "images/rgb.png")
	for i := range 8 {
		got := readPNG(t, "images/exif"+string(rune('1'+i))+".jpg")
		require.Equal(t, upright.H, got.H, "orientation %d", i+1)
		require.Less(t, meanDifference(t, upright, got), 4.0, "orientation %d", i+1)
	}
}

// pngHeader is a PNG that ends after the header and a start of pixel data.
func pngHeader(w, h uint32) []byte {
	b := []byte("\x89PNG\r\n\x1a\n")
	chunk := binary.BigEndian.AppendUint32([]byte("IHDR"), w)
	chunk = append(binary.BigEndian.AppendUint32(chunk, h), 8, 2, 0, 0, 0)
	b = append(binary.BigEndian.AppendUint32(b, 13), chunk...)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(chunk))
	return append(b, 0, 0, 0, 9, 'I', 'D', 'A', 'T')
}

func TestHugeImageIsRefusedBeforeDecoding(t *testing.T) {
	path := write(t, "huge.png", pngHeader(100_000, 100_000))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := Open(t.Context(), path, OpenOptions{})
	runtime.ReadMemStats(&after)
	require.EqualError(t, err, path+": 100000×100000 pixels are more than the limit of 64000000")
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}

func TestBadImages(t *testing.T) {
	folder := t.TempDir()
	for _, c := range []struct{ path, want string }{
		{write(t, "text.jpg", []byte("neither nor\n")), "not an image: neither JPEG, PNG, GIF, WebP nor BMP"},
		{write(t, "empty.png", nil), "not an image: neither JPEG, PNG, GIF, WebP nor BMP"},
		{write(t, "cut.png", pngHeader(10, 10)), "the image is cut off: the file ends too early"},
		{write(t, "flat.bmp", bmpHeader(0, 0)), "an image of 0×0 pixels"},
		{filepath.Join(folder, "missing.jpg"), "no such file or directory"},
		{folder, "a folder, not an image"},
	} {
		_, err := OpenImage(t.Context(), c.path, OpenOptions{})
		require.EqualError(t, err, c.path+": "+c.want)
	}
	_, err := OpenImage(t.Context(), os.DevNull, OpenOptions{})
	require.ErrorContains(t, err, "neither a file nor a folder")
}

func bmpHeader(w, h uint32) []byte {
	b := make([]byte, 54)
	copy(b, "BM")
	b[10], b[14], b[26], b[28] = 54, 40, 1, 24
	binary.LittleEndian.PutUint32(b[18:], w)
	binary.LittleEndian.PutUint32(b[22:], h)
	return b
}

// decodeBytes decodes all frames of a picture.
func decodeBytes(ctx context.Context, file []byte, opt OpenOptions, lim limits) ([]*Frames, error) {
	var source frameSource
	var err error
	if isGIF(file) {
		source, err = openGIF(bytes.NewReader(file), func() {}, lim)
	} else {
		source, err = newStill(ctx, bytes.NewReader(file), nil, lim)
	}
	if err != nil {
		return nil, err
	}
	return collect(ctx, source, opt, lim)
}

// small are limits that keep hostile inputs quick.
var small = limits{pixels: 1 << 16, bytes: 1 << 20, frames: 100, work: 1 << 20}

// Every prefix of every kind of file is an error or, where only a trailer is missing, an image; never a panic.
func TestTruncatedImages(t *testing.T) {
	paths, err := filepath.Glob("testdata/images/*")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		file, err := os.ReadFile(path)
		require.NoError(t, err)
		for n := range file {
			_, err := decodeBytes(t.Context(), file[:n], OpenOptions{}, small)
			if n < len(file)/2 {
				require.Error(t, err, "%s cut to %d bytes", path, n)
			}
			if err != nil {
				require.NotContains(t, err.Error(), "\n")
			}
		}
	}
}

// minimiseBriefly bounds the minimising of inputs, which takes time that grows with the square of the length: the default, a minute for
// each input that reaches new code, would be the whole run.
func minimiseBriefly(f *testing.F) {
	if limit := flag.Lookup("test.fuzzminimizetime"); limit.Value.String() == limit.DefValue {
		require.NoError(f, limit.Value.Set("1000x"))
	}
}

func FuzzDecodeImage(f *testing.F) {
	minimiseBriefly(f)
	paths, _ := filepath.Glob("testdata/images/*")
	for _, path := range paths {
		file, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(file)
	}
	f.Add(pngHeader(1000, 1000))
	f.Fuzz(func(t *testing.T, file []byte) {
		var frames []*Frames
		var err error
		fuzzing.Bounded(t, 32<<20+100*len(file), func() {
			frames, err = decodeBytes(t.Context(), file, OpenOptions{}, small)
		})
		if err != nil {
			return
		}
		require.NotEmpty(t, frames)
		for _, frame := range frames {
			require.Len(t, frame.Pix, frame.H*frame.W*3)
			require.Equal(t, 1, frame.T)
		}
	})
}

// write puts a file into a folder of its own.
func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, content, 0o644))
	return path
}

// writePNG writes one frame.
func writePNG(t *testing.T, path string, f *Frames) {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, f.W, f.H))
	for i := range f.H * f.W {
		copy(m.Pix[4*i:], f.Pix[3*i:3*i+3])
		m.Pix[4*i+3] = 255
	}
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, m))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, file.Bytes(), 0o644))
}

func meanDifference(t *testing.T, a, b *Frames) float64 {
	t.Helper()
	require.Len(t, b.Pix, len(a.Pix))
	sum := 0
	for i := range a.Pix {
		d := int(a.Pix[i]) - int(b.Pix[i])
		sum += max(d, -d)
	}
	return float64(sum) / float64(len(a.Pix))
}

// The orientation of a PNG stands in a chunk before or after the pixels, that of a WebP after them.
func TestEXIFOrientationOfPNGAndWebP(t *testing.T) {
	source, err := os.ReadFile("testdata/images/rgb.png")
	require.NoError(t, err)
	vp8l, err := os.ReadFile("testdata/images/lossless.webp")
	require.NoError(t, err)
	upright := readPNG(t, "images/rgb.png")
	const header = 8 + 25 // signature and IHDR
	for i := 1; i <= 8; i++ {
		block := append([]byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"), byte(i), 0, 0, 0, 0, 0, 0)
		chunk := append([]byte("eXIf"), block...)
		chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk))
		chunk = append(binary.BigEndian.AppendUint32(nil, uint32(len(block))), chunk...)
		end := len(source) - 12

		vp8x := []byte{'V', 'P', '8', 'X', 10, 0, 0, 0, 0x08, 0, 0, 0, byte(upright.W - 1), 0, 0, byte(upright.H - 1), 0, 0}
		odd := []byte{'X', 'M', 'P', ' ', 3, 0, 0, 0, 'x', 'm', 'p', 0}
		webp := slices.Concat([]byte("WEBP"), vp8x, vp8l[12:], odd, []byte{'E', 'X', 'I', 'F', byte(len(block)), 0, 0, 0}, block)
		webp = slices.Concat([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(len(webp))), webp)

		want := orient(&Frames{1, upright.H, upright.W, slices.Clone(upright.Pix)}, i)
		for name, file := range map[string][]byte{
			"early.png": slices.Concat(source[:header], chunk, source[header:]),
			"late.png":  slices.Concat(source[:end], chunk, source[end:]),
			"a.webp":    webp,
		} {
			got, err := OpenImage(t.Context(), write(t, name, file), OpenOptions{})
			require.NoError(t, err, name)
			require.Equal(t, want, got, "%s, orientation %d", name, i)
		}
	}
}

// Transparency leaves the colours of a lossy WebP as they are, and an orientation turns them.
func TestTransparentLossyWebP(t *testing.T) {
	source, err := os.ReadFile("testdata/images/lossy.webp")
	require.NoError(t, err)
	opaque := readPNG(t, "images/lossy.webp")
	require.NotEqual(t, opaque.W, opaque.H)
	chunk := func(name string, content []byte) []byte {
		b := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(content)))
		return append(append(b, content...), make([]byte, len(content)%2)...)
	}
	alpha := make([]byte, 1+opaque.W*opaque.H) // 0: neither compressed nor filtered
	for i := range alpha[1:] {
		alpha[1+i] = uint8(i)
	}
	size := []byte{0x18, 0, 0, 0, byte(opaque.W - 1), 0, 0, byte(opaque.H - 1), 0, 0}
	file := slices.Concat([]byte("WEBP"), chunk("VP8X", size), chunk("ALPH", alpha), source[12:],
		chunk("EXIF", []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")))
	path := write(t, "a.webp", slices.Concat(chunk("RIFF", file)))
	got, err := OpenImage(t.Context(), path, OpenOptions{})
	require.NoError(t, err)
	require.Equal(t, orient(opaque, 6), got)
}

// A decoder that takes its time is left alone when the context ends.
func TestDecoderIsLeftAlone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	file, err := os.ReadFile("testdata/images/rgb.png")
	require.NoError(t, err)
	slow := &blocked{Reader: bytes.NewReader(file), reading: cancel, until: make(chan struct{})}
	defer close(slow.until)
	_, _, err = decodeStill(ctx, slow, standard.pixels)
	require.ErrorIs(t, err, context.Canceled)
}

// blocked says that it is being read, and then blocks.
type blocked struct {
	*bytes.Reader
	reading func()
	until   chan struct{}
}

func (b *blocked) Read(p []byte) (int, error) {
	b.reading()
	<-b.until
	return 0, io.EOF
}

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
