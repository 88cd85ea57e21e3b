package data

import (
	"bytes"
	"encoding/binary"
	"flag"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
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

func TestAnimatedGIFIsComposedAsPillowDoes(t *testing.T) {
	strip := readPNG(t, "images/want_animated.gif.png")
	sample, m, err := Open(t.Context(), "testdata/images/animated.gif", OpenOptions{})
	require.NoError(t, err)
	require.Equal(t, Video, m)
	require.Equal(t, 6, sample.Len())
	got, err := sample.Read(t.Context(), []int{0, 1, 2, 3, 4, 5})
	require.NoError(t, err)
	require.Equal(t, strip.Pix, got.Pix)

	first, err := OpenImage(t.Context(), "testdata/images/animated.gif", OpenOptions{})
	require.NoError(t, err)
	require.Equal(t, got.Frame(0), first.Pix)
}

// Three dots on a row, drawn one after another, each with a different disposal.
func TestGIFDisposal(t *testing.T) {
	palette := color.Palette{color.Transparent, color.RGBA{255, 0, 0, 255}}
	dot := func(x int) *image.Paletted {
		m := image.NewPaletted(image.Rect(x, 0, x+1, 1), palette)
		m.Pix[0] = 1
		return m
	}
	g := &gif.GIF{
		Image:    []*image.Paletted{dot(0), dot(1), dot(2), dot(3)},
		Delay:    make([]int, 4),
		Disposal: []byte{gif.DisposalNone, gif.DisposalBackground, gif.DisposalPrevious, gif.DisposalNone},
		Config:   image.Config{ColorModel: palette, Width: 4, Height: 1},
	}
	var file bytes.Buffer
	require.NoError(t, gif.EncodeAll(&file, g))
	frames, err := decodeFile(t.Context(), bytes.NewReader(file.Bytes()), OpenOptions{}, limits{100, 1000, 10})
	require.NoError(t, err)
	var seen []string
	for _, f := range frames {
		s := ""
		for x := range 4 {
			s += map[uint8]string{255: "#", 0: "."}[f.Pix[3*x]]
		}
		seen = append(seen, s)
	}
	require.Equal(t, []string{"#...", "##..", "#.#.", "#..#"}, seen)
}

func TestGIFLimits(t *testing.T) {
	file, err := os.ReadFile("testdata/images/animated.gif") // 6 frames of 25×18, composed 8,100 bytes
	require.NoError(t, err)
	for _, lim := range []limits{{pixels: 1000, bytes: 8099, frames: 10}, {pixels: 1000, bytes: 1 << 20, frames: 5}} {
		_, err = decodeFile(t.Context(), bytes.NewReader(file), OpenOptions{}, lim)
		require.ErrorContains(t, err, "an animation of 6 frames of 25×18 pixels is more than the limit")
	}
	_, err = decodeFile(t.Context(), bytes.NewReader(file), OpenOptions{H: 2, W: 2}, limits{pixels: 1000, bytes: 3000, frames: 10})
	require.NoError(t, err, "resized frames are what counts")
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

// Every prefix of every kind of file is an error or, where only a trailer is missing, an image; never a panic.
func TestTruncatedImages(t *testing.T) {
	paths, err := filepath.Glob("testdata/images/*")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		file, err := os.ReadFile(path)
		require.NoError(t, err)
		for n := range file {
			_, err := decodeFile(t.Context(), bytes.NewReader(file[:n]), OpenOptions{}, limits{1 << 20, 1 << 20, 100})
			if n < len(file)/2 {
				require.Error(t, err, "%s cut to %d bytes", path, n)
			}
			if err != nil {
				require.NotContains(t, err.Error(), "\n")
			}
		}
	}
}

func FuzzDecodeImage(f *testing.F) {
	// Minimising takes time that grows with the square of the length: the default, a minute for each input that reaches new
	// code, would be the whole run.
	if limit := flag.Lookup("test.fuzzminimizetime"); limit.Value.String() == limit.DefValue {
		require.NoError(f, limit.Value.Set("1000x"))
	}
	paths, _ := filepath.Glob("testdata/images/*")
	for _, path := range paths {
		file, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(file)
	}
	f.Add(pngHeader(1000, 1000))
	f.Fuzz(func(t *testing.T, file []byte) {
		frames, err := decodeFile(t.Context(), bytes.NewReader(file), OpenOptions{}, limits{1 << 16, 1 << 20, 100})
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
