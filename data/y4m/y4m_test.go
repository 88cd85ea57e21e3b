package y4m

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func reader(t *testing.T, file string) *Reader {
	t.Helper()
	r := bufio.NewReader(strings.NewReader(file))
	h, err := ReadHeader(r)
	require.NoError(t, err)
	return NewReader(r, h)
}

func TestHeader(t *testing.T) {
	for line, want := range map[string]Header{
		"W3 H5":                                  {W: 3, H: 5, Ratio: image.YCbCrSubsampleRatio420},
		"W3 H5 F30000:1001 Ip A1:1":              {W: 3, H: 5, Ratio: image.YCbCrSubsampleRatio420, FPS: 30000.0 / 1001},
		"H5 W3 C422 F1:0":                        {W: 3, H: 5, Ratio: image.YCbCrSubsampleRatio422},
		"W3 H5 C444 XCOLORRANGE=FULL XYSCSS=444": {W: 3, H: 5, Ratio: image.YCbCrSubsampleRatio444, FullRange: true},
		"W3 H5 C411 XCOLORRANGE=LIMITED":         {W: 3, H: 5, Ratio: image.YCbCrSubsampleRatio411},
		"W3 H5 Cmono":                            {W: 3, H: 5, Ratio: image.YCbCrSubsampleRatio420, Mono: true},
	} {
		got, err := ReadHeader(bufio.NewReader(strings.NewReader("YUV4MPEG2 " + line + "\n")))
		require.NoError(t, err, line)
		want.Bytes = len("YUV4MPEG2 " + line + "\n")
		require.Equal(t, want, got, line)
	}
	for line, want := range map[string]string{
		"YUV4MPEG2 W3 H5 C420p10\n": `unsupported Y4M: colour space "420p10"`, "YUV4MPEG2 W3\n": "a Y4M without a size",
		"YUV4MPEG2 W3 H0\n": "a Y4M without a size", "YUV4MPEG2 W-3 H1\n": `a Y4M of the size "-3"`,
		"YUV4MPEG2 W9999999999 H1\n": `a Y4M of the size "9999999999"`, "text\n": "not a Y4M", "YUV4MPEG2 W3 H3": "unexpected EOF",
		strings.Repeat("Y", 5000): "a line of a Y4M is too long",
	} {
		_, err := ReadHeader(bufio.NewReader(strings.NewReader(line)))
		require.EqualError(t, err, want, line)
	}
	_, err := ReadHeader(bufio.NewReader(strings.NewReader("YUV4MPEG2 W3 H5 C444p16\n")))
	require.ErrorIs(t, err, ErrUnsupported)
}

// The planes of a picture of 3×5: how many samples they have, and where they go.
func TestPlanes(t *testing.T) {
	for space, sizes := range map[string][3]int{
		"420": {15, 6, 6}, "422": {15, 10, 10}, "444": {15, 15, 15}, "411": {15, 5, 5}, "440": {15, 9, 9}, "mono": {15, 0, 0},
	} {
		samples := make([]byte, sizes[0]+sizes[1]+sizes[2])
		for i := range samples {
			samples[i] = byte(i + 1)
		}
		r := reader(t, "YUV4MPEG2 W3 H5 C"+space+"\nFRAME Ip\n"+string(samples))
		require.Equal(t, len(samples), r.FrameBytes(), space)
		require.NoError(t, r.Next())
		m, err := r.Frame()
		require.NoError(t, err, space)
		require.Equal(t, samples[:15], m.Y)
		if space == "mono" {
			require.Equal(t, bytes.Repeat([]byte{128}, 6), m.Cb)
			require.Equal(t, bytes.Repeat([]byte{128}, 6), m.Cr)
		} else {
			require.Equal(t, samples[15:15+sizes[1]], m.Cb, space)
			require.Equal(t, samples[15+sizes[1]:], m.Cr, space)
		}
		require.Equal(t, io.EOF, r.Next())
	}
}

// walk reads a video of 2×2 grey pixels, every frame but those skipped: their first samples, - for a lost one, and how it ends.
func walk(r *Reader, skip string) (seen string, end error) {
	for i := 0; ; i++ {
		if err := r.Next(); err != nil {
			return seen, err
		}
		if strings.Contains(skip, fmt.Sprint(i)) {
			seen += "."
			continue
		}
		switch m, err := r.Frame(); {
		case err == ErrLost:
			seen += "-"
		case err != nil:
			return seen, err
		default:
			seen += string(m.Y[:1])
		}
	}
}

func TestDamage(t *testing.T) {
	const head = "YUV4MPEG2 W2 H2 Cmono\n"
	frame := func(c string) string { return "FRAME\n" + strings.Repeat(c, 4) }
	for _, c := range []struct {
		frames, skip, want string
		end                error
	}{
		{"", "", "", io.EOF},
		{frame("a") + frame("b") + frame("c"), "", "abc", io.EOF},
		{frame("a") + frame("b") + frame("c"), "02", ".b.", io.EOF},
		{frame("a") + "FRxME\nbbbb" + frame("c"), "", "a-c", io.EOF},
		{frame("a") + "FRxME\nbbbb" + frame("c"), "1", "a.c", io.EOF},
		{frame("a") + "FRAMEbbbbb" + frame("c"), "", "a-c", io.EOF},
		{frame("a") + "FRAME " + strings.Repeat("x", 5000) + "\nbbbb" + frame("c"), "", "a-c", io.EOF},
		{frame("a") + "FRAME\nbb" + frame("c") + frame("d") + frame("e"), "", "ab-de", io.EOF},
		{frame("a") + "bb" + strings.Repeat("FFRAME", 3000) + frame("c") + frame("d"), "", "a-cd", io.EOF},
		{frame("a") + "garbage", "", "a-", io.EOF},
		{frame("a") + "FRAME\nbb", "", "a", io.ErrUnexpectedEOF},
		{frame("a") + "FRAME\nbb", "1", "a.", io.ErrUnexpectedEOF},
		{frame("a") + "FRAME ", "", "a", io.ErrUnexpectedEOF},
	} {
		seen, end := walk(reader(t, head+c.frames), c.skip)
		require.Equal(t, c.want, seen, "%.60q", c.frames)
		require.Equal(t, c.end, end, "%.60q", c.frames)
	}
	broken := errors.New("broken")
	r := bufio.NewReader(io.MultiReader(strings.NewReader(head+frame("a")+"FRAME\nbb"), errReader{broken}))
	h, err := ReadHeader(r)
	require.NoError(t, err)
	seen, end := walk(NewReader(r, h), "")
	require.Equal(t, "a", seen)
	require.Equal(t, broken, end, "an error of the reader is none of the file")
}

type errReader struct{ error }

func (e errReader) Read([]byte) (int, error) { return 0, e.error }

func FuzzY4M(f *testing.F) {
	f.Add([]byte("YUV4MPEG2 W2 H2 F25:1 Cmono\nFRAME\nabcdFRAME Ip\nefgh"))
	f.Add([]byte("YUV4MPEG2 W3 H1 C422 XCOLORRANGE=FULL\nFRAME\nabcdefgFRxME\nabcdefgFRAME\nabcdefg"))
	f.Fuzz(func(t *testing.T, file []byte) {
		r := bufio.NewReader(bytes.NewReader(file))
		h, err := ReadHeader(r)
		if err != nil || h.W > 1000/h.H {
			return
		}
		y := NewReader(r, h)
		for range len(file) + 1 { // each frame has a byte at least
			if y.Next() != nil {
				return
			}
			if m, err := y.Frame(); err == nil {
				require.Equal(t, image.Rect(0, 0, h.W, h.H), m.Rect)
			}
		}
		t.Fatal("no end")
	})
}
