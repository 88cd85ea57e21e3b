package avi

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const most = 1 << 16

// picture is a JPEG of one grey value.
func picture(t testing.TB, w, h int, grey uint8) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = grey
	}
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, m, nil))
	return b.Bytes()
}

// file is a file of which the bytes are looked at.
func file(t testing.TB, frames ...[]byte) []byte {
	t.Helper()
	return segmented(t, segmentBytes, frames...)
}

func segmented(t testing.TB, limit int64, frames ...[]byte) []byte {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "a.avi"))
	require.NoError(t, err)
	defer f.Close()
	w, err := NewWriter(f, 16, 8, 30000, 1001)
	require.NoError(t, err)
	w.limit = limit
	for _, b := range frames {
		require.NoError(t, w.Frame(b))
	}
	require.NoError(t, w.Close())
	b, err := os.ReadFile(f.Name())
	require.NoError(t, err)
	return b
}

func open(t testing.TB, b []byte) *Reader {
	t.Helper()
	r, err := NewReader(bufio.NewReader(bytes.NewReader(b)), most)
	require.NoError(t, err)
	return r
}

// walk returns the grey of each frame, − for a lost one and . for one left out, and how the video ends.
func walk(r *Reader, skip ...int) (seen string, end error) {
	for i := 0; ; i++ {
		if err := r.Next(); err != nil {
			return strings.TrimSpace(seen), err
		}
		if slices.Contains(skip, i) {
			seen += ". "
			continue
		}
		b, err := r.Frame()
		switch {
		case err == ErrLost:
			seen += "- "
			continue
		case err != nil:
			return strings.TrimSpace(seen), err
		}
		m, err := jpeg.Decode(bytes.NewReader(Complete(b)))
		if err != nil {
			seen += "x "
			continue
		}
		seen += fmt.Sprint(m.At(3, 3).(color.Gray).Y, " ")
	}
}

// long makes frames so long that two of them are a segment of 18,000 bytes.
func long(frames [][]byte) (long [][]byte) {
	for _, f := range frames {
		long = append(long, append(slices.Clip(f), make([]byte, 6000-len(f))...))
	}
	return long
}

func greys(t testing.TB, values ...uint8) (frames [][]byte) {
	for _, v := range values {
		frames = append(frames, picture(t, 16, 8, v))
	}
	return frames
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	frames := greys(t, 10, 20, 30, 40, 50, 60, 70)
	r := open(t, file(t, frames...))
	require.Equal(t, Video{Codec: "MJPG", W: 16, H: 8, FPS: 30000.0 / 1001, Frames: 7}, r.Video)
	require.True(t, r.IsMotionJPEG())
	for i, want := range frames {
		require.NoError(t, r.Next())
		require.InDelta(t, float64(i)*1001/30000, r.Time(), 1e-12)
		if i%2 == 0 {
			got, err := r.Frame()
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	}
	require.Equal(t, io.EOF, r.Next())

	// Segments of two frames each: as many frames, and the size of the file is that of all segments.
	b := segmented(t, 18_000, long(frames)...)
	require.Equal(t, 3, bytes.Count(b, []byte("AVIX")))
	seen, end := walk(open(t, b))
	require.Equal(t, "10 20 30 40 50 60 70", seen)
	require.Equal(t, io.EOF, end)
	require.Equal(t, 7, open(t, b).Video.Frames)
	segments := 0
	for rest := b; len(rest) > 0; segments++ {
		require.Equal(t, "RIFF", string(rest[:4]))
		rest = rest[8+binary.LittleEndian.Uint32(rest[4:]):]
	}
	require.Equal(t, 4, segments)

	seen, end = walk(open(t, file(t)))
	require.Empty(t, seen)
	require.Equal(t, io.EOF, end)

	repeated := open(t, file(t, frames[0], nil, nil, frames[1]))
	require.NoError(t, repeated.Next())
	require.NoError(t, repeated.Next())
	require.InDelta(t, 3*1001.0/30000, repeated.Time(), 1e-12, "two empty frames repeat the first")
	require.Equal(t, io.EOF, repeated.Next())
}

// What the header says of a video: when it starts, on which side its rows begin, and how large a frame may be.
func TestHeader(t *testing.T) {
	frames := greys(t, 10, 20)
	frames[0] = append(frames[0], make([]byte, 500)...)
	b := file(t, frames...)
	word := func(at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
	main, stream, bitmap := bytes.Index(b, []byte("avih"))+8, bytes.Index(b, []byte("strh"))+8, bytes.Index(b, []byte("strf"))+8
	require.EqualValues(t, len(frames[0]), word(main+28))
	require.EqualValues(t, len(frames[0]), word(stream+36))

	binary.LittleEndian.PutUint32(b[stream+28:], 60)
	binary.LittleEndian.PutUint32(b[bitmap+8:], 1<<32-8)
	r := open(t, b)
	require.Equal(t, 8, r.H, "rows from the top")
	require.InDelta(t, 60*1001./30000, r.Start, 1e-12)
	require.NoError(t, r.Next())
	require.NoError(t, r.Next())
	require.InDelta(t, 61*1001./30000, r.Time(), 1e-12)
}

// The indices point at the frames.
func TestIndices(t *testing.T) {
	frames := long(greys(t, 10, 20, 30, 40, 50))
	b := segmented(t, 18_000, frames...)
	word := func(at int) int { return int(binary.LittleEndian.Uint32(b[at:])) }
	super := bytes.Index(b, []byte("indx")) + 8
	require.Equal(t, 3, word(super+4))
	n := 0
	for s := range 3 {
		entry := super + 24 + 16*s
		at := int(binary.LittleEndian.Uint64(b[entry:]))
		require.Equal(t, "ix00", string(b[at:at+4]))
		require.Equal(t, word(entry+8), 8+word(at+4))
		require.Equal(t, word(entry+12), word(at+12))
		base := int(binary.LittleEndian.Uint64(b[at+20:]))
		require.Equal(t, "movi", string(b[base:base+4]))
		for e := range word(at + 12) {
			from, size := base+word(at+32+8*e), word(at+36+8*e)
			require.Equal(t, frames[n], b[from:from+size])
			n++
		}
	}
	require.Equal(t, 5, n)
	movi, old := bytes.Index(b, []byte("movi")), bytes.Index(b, []byte("idx1"))
	require.Equal(t, 2*16, word(old+4))
	for e := range 2 {
		require.Equal(t, 0x10, word(old+12+16*e), "a key frame")
		from, size := movi+word(old+16+16*e)+8, word(old+20+16*e)
		require.Equal(t, frames[e], b[from:from+size])
	}
}

// Other programs read what is written: all frames, in all segments, at the right times.
func TestFFmpegReadsWhatIsWritten(t *testing.T) {
	probe, err := exec.LookPath("ffprobe")
	if err != nil {
		t.Skip("no ffprobe on the PATH")
	}
	frames := greys(t, 10, 20, 30, 40, 50, 60, 70)
	for _, limit := range []int64{segmentBytes, 18_000} {
		path := filepath.Join(t.TempDir(), "a.avi")
		require.NoError(t, os.WriteFile(path, segmented(t, limit, long(frames)...), 0o644))
		out, err := exec.Command(probe, "-v", "error", "-show_entries", "stream=nb_frames,width,height,r_frame_rate", "-show_entries",
			"frame=pts", "-of", "csv=p=0", path).CombinedOutput()
		require.NoError(t, err)
		require.Equal(t, []string{"0", "1", "2", "3", "4", "5", "6", "16,8,30000/1001,7"}, strings.Fields(string(out)))
	}
}

// A file by ffmpeg, with sound between the frames.
func TestFilesOfFFmpeg(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("no ffmpeg on the PATH")
	}
	path := filepath.Join(t.TempDir(), "a.avi")
	out, err := exec.Command(ffmpeg, "-v", "error", "-f", "lavfi", "-i", "sine=duration=2", "-f", "lavfi", "-i", "testsrc=size=65x47:rate=10:duration=2",
		"-map", "0:a", "-map", "1:v", "-c:v", "mjpeg", "-c:a", "pcm_u8", path).CombinedOutput()
	if err != nil {
		t.Skipf("this ffmpeg cannot make a test video: %s", out)
	}
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	r := open(t, b)
	require.Equal(t, Video{Codec: "MJPG", W: 65, H: 47, FPS: 10, Frames: 20}, r.Video)
	n := 0
	for ; r.Next() == nil; n++ {
		b, err := r.Frame()
		require.NoError(t, err)
		m, err := jpeg.Decode(bytes.NewReader(Complete(b)))
		require.NoError(t, err)
		require.Equal(t, image.Pt(65, 47), m.Bounds().Size())
		require.InDelta(t, float64(n)/10, r.Time(), 1e-9)
	}
	require.Equal(t, 20, n)
}

func TestStandardTables(t *testing.T) {
	m := image.NewYCbCr(image.Rect(0, 0, 33, 17), image.YCbCrSubsampleRatio420)
	for i := range m.Y {
		m.Y[i] = uint8(i * 7)
	}
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = uint8(i*5), uint8(255-i)
	}
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, m, nil))
	whole := b.Bytes()
	at := bytes.Index(whole, []byte{0xFF, markTables})
	bare := slices.Concat(whole[:at], whole[at+len(standardTables()):len(whole)-2])
	_, err := jpeg.Decode(bytes.NewReader(bare))
	require.Error(t, err)
	want, err := jpeg.Decode(bytes.NewReader(whole))
	require.NoError(t, err)
	for _, frame := range [][]byte{whole, bare} {
		before := bytes.Clone(frame)
		got, err := jpeg.Decode(bytes.NewReader(Complete(frame)))
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, before, frame)
	}
	for _, damaged := range []string{"", "\xFF", "\xFF\xD8", "\xFF\xD8\xFF\xE0\xFF\xFF", "\xFF\xD8\xFF\xFF\xFF\xFF\xFF", "text of no use"} {
		require.Equal(t, damaged+"\xFF\xD9", string(Complete([]byte(damaged))))
	}
}

func TestDamage(t *testing.T) {
	frames := greys(t, 10, 20, 30, 40, 50)
	if len(frames[0])%2 == 0 {
		for i, f := range frames { // of odd sizes, so that there is padding
			frames[i] = append(f, 0)
		}
	}
	whole := file(t, frames...)
	var chunks []int // where the frames' chunks begin
	for at := bytes.Index(whole, []byte("movi")) + 4; len(chunks) < len(frames); at += 8 + len(frames[0]) + 1 {
		require.Equal(t, "00dc", string(whole[at:at+4]))
		chunks = append(chunks, at)
	}
	changed := func(at int, with string) []byte {
		b := bytes.Clone(whole)
		copy(b[at:], with)
		return b
	}
	for name, c := range map[string]struct {
		b    []byte
		want string
		end  error
	}{
		"pixels":                    {changed(chunks[2]+10, strings.Repeat("\x00", 300)), "10 20 x 40 50", io.EOF},
		"mark":                      {changed(chunks[2], "\x01\x02\x03\x04"), "10 20 - 40 50", io.EOF},
		"mark and more":             {changed(chunks[2], strings.Repeat("\x00", 200)), "10 20 - 40 50", io.EOF},
		"two chunks":                {changed(chunks[2], strings.Repeat("\x00", len(frames[0])+100)), "10 20 - 50", io.EOF},
		"size too large":            {changed(chunks[2]+4, "\xFF\xFF\xFF\x7F"), "10 20 - 40 50", io.EOF},
		"size too large by a frame": {changed(chunks[1]+4, string(u32(nil, uint32(len(frames[0])+50)))), "10 20 30 40 50", io.EOF},
		"size too small":            {changed(chunks[2]+4, "\x20\x00\x00\x00"), "10 20 x - 40 50", io.EOF},
		"no padding":                {slices.Delete(bytes.Clone(whole), chunks[2]-1, chunks[2]), "10 20 30 40 50", io.ErrUnexpectedEOF},
		"cut in a frame":            {whole[:chunks[3]+30], "10 20 30", io.ErrUnexpectedEOF},
		"cut in a head":             {whole[:chunks[3]+3], "10 20 30", io.ErrUnexpectedEOF},
		"cut behind a frame":        {whole[:chunks[3]], "10 20 30", io.ErrUnexpectedEOF},
		"never closed":              {slices.Concat(whole[:4], []byte{0, 0, 0, 0}, whole[8:chunks[3]]), "10 20 30", io.EOF},
		"something behind it":       {slices.Concat(whole, make([]byte, 999)), "10 20 30 40 50", io.EOF},
		"sound and other data":      {slices.Insert(bytes.Clone(whole), chunks[2], slices.Concat(chunk("01wb", make([]byte, 5)), chunk("JUNK", frames[0]))...), "10 20 30 40 50", io.EOF},
		"lists of records":          {slices.Insert(bytes.Clone(whole), chunks[2], []byte("LIST\x00\x01\x00\x00rec ")...), "10 20 30 40 50", io.EOF},
	} {
		seen, end := walk(open(t, c.b))
		require.Equal(t, c.want, seen, name)
		require.Equal(t, c.end, end, name)
	}
	seen, end := walk(open(t, changed(chunks[2], "\x01\x02\x03\x04")), 1, 2)
	require.Equal(t, "10 . . 40 50", seen)
	require.Equal(t, io.EOF, end)
	r := open(t, changed(chunks[2], "\x01\x02\x03\x04"))
	for i := range frames { // the lost one has its time, and so do those behind it
		require.NoError(t, r.Next())
		require.InDelta(t, float64(i)*1001/30000, r.Time(), 1e-12)
	}
	seen, end = walk(open(t, small("\xFF\xD8", "", "\xFF\xD8")))
	require.Equal(t, "x x", seen)
	require.Equal(t, io.EOF, end)
	for _, bad := range [][]byte{nil, []byte("RIFF\x00\x00\x00\x00WAVE"), whole[:100], file(t)[:30], changed(bytes.Index(whole, []byte("vids")), "auds")} {
		_, err := NewReader(bufio.NewReader(bytes.NewReader(bad)), most)
		require.EqualError(t, err, "not an AVI with a video")
	}
}

// full fails once so many bytes were written.
type full struct{ left int }

var errFull = errors.New("full")

func (f *full) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func (f *full) Seek(int64, int) (int64, error) { return 0, nil }

func TestErrorsOfWriting(t *testing.T) {
	_, err := NewWriter(&full{}, 16, 8, 30, 1)
	require.Equal(t, errFull, err)
	for _, size := range [][4]int{{0, 8, 1, 1}, {8, 0, 1, 1}, {8, 8, 0, 1}, {8, 8, 1, 0}} {
		_, err := NewWriter(&full{1 << 20}, size[0], size[1], uint32(size[2]), uint32(size[3]))
		require.ErrorContains(t, err, "an AVI of ")
	}
	w, err := NewWriter(&full{5000}, 16, 8, 30, 1)
	require.NoError(t, err)
	require.Equal(t, errFull, w.Frame(make([]byte, 1000)))
	require.Equal(t, errFull, w.Close())
}

// small is a file of a few bytes.
func small(frames ...string) []byte {
	stream := append([]byte("vidsMJPG"), u32(nil, 0, 0, 0, 1, 25, 0, 3)...)
	bitmap := append(u32(nil, 40, 16, 8, 0), "MJPG"...)
	head := list("hdrl", chunk("avih", u32(nil, 40_000)), list("strl", chunk("strh", stream), chunk("strf", bitmap)))
	movi := []byte("movi")
	for i, f := range frames {
		movi = append(movi, chunk([]string{"00dc", "01wb", "00db"}[i%3], []byte(f))...)
	}
	return chunk("RIFF", slices.Concat([]byte("AVI "), head, chunk("LIST", movi), chunk("idx1", nil)))
}

func FuzzAVI(f *testing.F) {
	f.Add(small("\xFF\xD8abc\xFF\xD9", "sound", "\xFF\xD8\xFF\xDA"))
	f.Add(slices.Concat(small("\xFF\xD8abc", "", ""), []byte("RIFF\xFF\xFF\xFF\xFFAVIXLIST\xFF\xFF\xFF\xFFmovi000db\xFF\xFF\xFF\xFF")))
	f.Add(slices.Concat(small("\xFF\xD8abc")[:140], []byte("LIST\xFF\xFF\xFF\xFFmovi00dc\x05\x00\x00\x00\xFF\xD8abc000db\xFF\xFF\xFF\xFF")))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := NewReader(bufio.NewReader(bytes.NewReader(b)), 4096)
		if err != nil {
			return
		}
		for range len(b) + 1 { // each chunk has a byte at least
			if r.Next() != nil {
				return
			}
			if frame, err := r.Frame(); err == nil {
				require.LessOrEqual(t, len(frame), 4096)
				require.LessOrEqual(t, len(Complete(frame)), len(frame)+1000)
			}
		}
		t.Fatal("no end")
	})
}
