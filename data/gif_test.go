package data

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAnimatedGIFIsComposedAsPillowDoes(t *testing.T) {
	strip := readPNG(t, "images/want_animated.gif.png")
	sample, m, err := Open(t.Context(), "testdata/images/animated.gif", OpenOptions{})
	require.NoError(t, err)
	require.Equal(t, Video, m)
	require.Equal(t, 6, sample.Len())
	got, err := sample.Read(t.Context(), []int{0, 1, 2, 3, 4, 5})
	require.NoError(t, err)
	require.Equal(t, strip.Pix, got.Pix)

	sample, _, err = Open(t.Context(), "testdata/images/animated.gif", OpenOptions{H: 7, W: 11})
	require.NoError(t, err)
	small, err := sample.Read(t.Context(), []int{0, 1, 2, 3, 4, 5})
	require.NoError(t, err)
	require.Equal(t, Resize(got, 7, 11), small)

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
	frames, err := decodeBytes(t.Context(), file.Bytes(), OpenOptions{}, standard)
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
	for _, lim := range []limits{
		{pixels: 1000, bytes: 8099, frames: 10, work: 2700}, {pixels: 1000, bytes: 1 << 20, frames: 5, work: 2700},
		{pixels: 1000, bytes: 1 << 20, frames: 10, work: 2699},
	} {
		_, err = decodeBytes(t.Context(), file, OpenOptions{}, lim)
		require.ErrorContains(t, err, "an animation of 6 frames of 25×18 pixels is more than the limit")
	}
	lim := limits{pixels: 1000, bytes: 3000, frames: 10, work: 2700}
	_, err = decodeBytes(t.Context(), file, OpenOptions{H: 2, W: 2}, lim)
	require.NoError(t, err, "resized frames are what counts")
}

// hostileGIF has n frames of one pixel, each of which composes a canvas of size×size pixels.
func hostileGIF(n int, size uint16) []byte {
	b := []byte("GIF89a")
	b = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, size), size)
	b = append(b, 0x80, 0, 0, 10, 20, 30, 255, 255, 255) // a table of two colours
	for range n {
		b = append(b, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0) // at (0, 0), of 1×1 pixels
		b = append(b, 2, 2, 0x44, 0x01, 0)             // codes of 3 bits: clear, 0, end
	}
	return append(b, 0x3B)
}

// A file of 150 KB may not keep a machine busy for an hour.
func TestGIFOfManyLargeCanvases(t *testing.T) {
	path := write(t, "a.gif", hostileGIF(9999, 8000))
	start := time.Now()
	_, _, err := Open(t.Context(), path, OpenOptions{H: 16, W: 16})
	require.EqualError(t, err, path+": an animation of 9999 frames of 8000×8000 pixels is more than the limit of "+
		"100000 frames, 512 MiB and 20000 million pixels: cut it, or make it smaller")
	require.Less(t, time.Since(start), 5*time.Second)

	path = write(t, "b.gif", hostileGIF(1000, 2000))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start = time.Now()
	_, _, err = Open(ctx, path, OpenOptions{H: 16, W: 16})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(start), 3*time.Second)
}

func FuzzDecodeGIF(f *testing.F) {
	minimiseBriefly(f)
	for _, name := range []string{"animated.gif", "single.gif"} {
		file, err := os.ReadFile("testdata/images/" + name)
		require.NoError(f, err)
		f.Add(file)
	}
	f.Add(hostileGIF(3, 5))
	f.Add(hostileGIF(200, 60_000))
	f.Add(hostileGIF(0, 5))
	f.Fuzz(func(t *testing.T, file []byte) {
		lim := limits{pixels: 1 << 14, bytes: 1 << 18, frames: 50, work: 1 << 18}
		frames, err := decodeBytes(t.Context(), append([]byte("GIF89a"), file[min(6, len(file)):]...), OpenOptions{}, lim)
		if err != nil {
			require.Empty(t, frames)
			return
		}
		require.True(t, len(frames) > 0 && len(frames) <= lim.frames)
		for _, frame := range frames {
			require.Len(t, frame.Pix, frame.H*frame.W*3)
			require.Equal(t, []int{1, frames[0].H, frames[0].W}, []int{frame.T, frame.H, frame.W})
		}
	})
}

// FuzzGIFStream reads frame by frame what never was counted.
func FuzzGIFStream(f *testing.F) {
	minimiseBriefly(f)
	for _, name := range []string{"animated.gif", "single.gif"} {
		file, err := os.ReadFile("testdata/images/" + name)
		require.NoError(f, err)
		f.Add(file)
	}
	f.Add(hostileGIF(3, 5))
	f.Add(append(hostileGIF(2, 5)[:40], hostileGIF(2, 5)[25:]...))
	f.Fuzz(func(t *testing.T, file []byte) {
		s, err := newGIF(bytes.NewReader(file), nil, limits{pixels: 1 << 14})
		if err != nil {
			return
		}
		for i := range len(file) + 1 { // each image has a byte at least
			at, err := s.advance()
			if err != nil {
				return
			}
			require.Equal(t, i, at.index)
			if frame, err := s.decode(); err == nil {
				require.Equal(t, [3]int{1, s.canvas.H, s.canvas.W}, [3]int{frame.T, frame.H, frame.W})
			}
		}
		t.Fatal("no end")
	})
}

// A GIF with a damaged image goes on behind it; one that is cut off says so. Delays are those of browsers.
func TestDamageOfAGIF(t *testing.T) {
	file := hostileGIF(4, 5)
	const first, image = 19, 15
	broken := bytes.Clone(file)
	broken[first+image+10] = 40 // a code of 40 bits
	after := func(hundredths byte) []byte {
		return slices.Concat(file[:first], []byte{0x21, 0xF9, 4, 0, hundredths, 0, 0, 0}, file[first:])
	}
	for name, c := range map[string]struct {
		file []byte
		seen []string
		end  string
	}{
		"whole":               {file, []string{"0 0.0 10", "1 0.1 10", "2 0.2 10", "3 0.3 10"}, "EOF"},
		"half a second":       {after(50), []string{"0 0.0 10", "1 0.5 10", "2 0.6 10", "3 0.7 10"}, "EOF"},
		"two hundredths":      {after(2), []string{"0 0.0 10", "1 0.0 10", "2 0.1 10", "3 0.2 10"}, "EOF"},
		"one hundredth":       {after(1), []string{"0 0.0 10", "1 0.1 10", "2 0.2 10", "3 0.3 10"}, "EOF"},
		"damaged":             {broken, []string{"0 0.0 10", "1 0.1 lzw: litWidth 40 out of range", "2 0.2 10", "3 0.3 10"}, "EOF"},
		"cut":                 {file[:first+2*image+13], []string{"0 0.0 10", "1 0.1 10"}, "x: damaged after 2 frames, at 0.200 s: the image is cut off: the file ends too early"},
		"cut behind an image": {file[:first+2*image], []string{"0 0.0 10", "1 0.1 10"}, "x: damaged after 2 frames, at 0.100 s: the image is cut off: the file ends too early"},
		"damaged for good":    {append(file[:first+2*image:first+2*image], 0x99), []string{"0 0.0 10", "1 0.1 10"}, "x: damaged after 2 frames, at 0.100 s: damaged GIF"},
	} {
		r, err := ReadFrames(t.Context(), "x", bytes.NewReader(c.file), Selection{})
		require.NoError(t, err)
		seen, end := walkFrames(r)
		require.EqualError(t, end, c.end, name)
		if name == "damaged" {
			require.Contains(t, seen[1], "1 0.1 ")
			seen[1] = c.seen[1]
		}
		require.Equal(t, c.seen, seen, name)
	}
}

// The rate of a GIF is that of its shortest frame, so that none is lost at it.
func TestGIFRate(t *testing.T) {
	g := &gif.GIF{Delay: []int{5, 2, 10}}
	for range g.Delay {
		g.Image = append(g.Image, image.NewPaletted(image.Rect(0, 0, 2, 2), color.Palette{color.Black}))
	}
	path := t.TempDir() + "/a.gif"
	f, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, gif.EncodeAll(f, g))
	require.NoError(t, f.Close())
	r, err := OpenFrames(t.Context(), path, Selection{})
	require.NoError(t, err)
	defer r.Close()
	require.Equal(t, 50.0, r.Info().FPS)
}
