package data

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	fakeFrame = `printf 'P6\n2 1\n255\nabcdef'; `
	fakeUnit  = `echo '[Parsed_showinfo_0 @ 0x1] [info] config in time_base: 1/15360, frame_rate: 30000/1001' >&2; `
)

// say has a stand-in for ffmpeg write a line to its log.
func say(line string) string { return "echo '" + line + "' >&2; " }

func showinfo(pts string) string {
	return say("[Parsed_showinfo_0 @ 0x1] [info] n:   0 pts:  " + pts + " pts_time:9 pos: 1")
}

// Times are those of the log, exact, and what it says of damage belongs to the frame that comes next.
func TestLogOfFFmpeg(t *testing.T) {
	fakeFFmpeg(t, say("[info]   Duration: 01:02:03.50, start: 0.000000, bitrate: 1 kb/s")+
		say("[info]   Stream #0:0: Audio: aac, 1 fps")+say("[info]   Stream #0:1(und): Video: hevc (Main), 960x540, 20.5 fps, 30 tbr, 15360 tbn")+
		say("[info]   Stream #0:0: Video: ppm, 1000 fps")+fakeUnit+
		showinfo("0")+fakeFrame+
		say("[h264 @ 0x2] [error] error while decoding MB 10 5")+say("[warning] x: corrupt decoded frame in stream 0")+
		showinfo("512")+fakeFrame+showinfo("NOPTS")+fakeFrame+showinfo("100")+fakeFrame+
		say("[image2pipe @ 0x3] [error] Application provided invalid, non monotonically increasing dts to muxer")+
		showinfo("106020000")+fakeFrame)
	stampGrace = 5 * time.Second
	path := write(t, "a.mp4", nil)
	r, err := OpenFrames(t.Context(), path, Selection{})
	require.NoError(t, err)
	require.Equal(t, FrameInfo{Format: "ffmpeg", Width: 2, Height: 1, Frames: 76332, Duration: 3723.5, FPS: 30000.0 / 1001}, r.Info())
	frames, end := readAll(r)
	require.Equal(t, []float64{0, 512.0 / 15360, 512.0 / 15360, 512.0 / 15360, 106020000.0 / 15360}, times(frames))
	for i, f := range frames {
		require.Equal(t, i, f.Index)
		require.Equal(t, "abcdef", string(f.Pix))
		require.Equal(t, i == 1, f.Err != nil, "what was painted over")
	}
	require.EqualError(t, end, path+": damaged after 1 frames, at 0.000 s: ffmpeg: error while decoding MB 10 5")
	sample, _, err := Open(t.Context(), path, OpenOptions{})
	require.NoError(t, err, "as in every player")
	require.Equal(t, 5, sample.Len())

	fakeFFmpeg(t, say("[mp3 @ 0x1] [error] Header missing")+say("[info] Stream mapping:")+fakeUnit+showinfo("0")+fakeFrame)
	r, err = OpenFrames(t.Context(), path, Selection{})
	require.NoError(t, err)
	_, end = readAll(r)
	require.Equal(t, io.EOF, end, "sound is none of its business")

	selected := `[Parsed_showinfo_2 @ 0x1] [info] `
	fakeFFmpeg(t, fakeUnit+say(selected+"config in time_base: 1/15360, frame_rate: 0/0")+showinfo("0")+showinfo("15360")+
		say(selected+"n: 0 pts: 15360 ")+fakeFrame+showinfo("30720")+showinfo("46080")+say(selected+"n: 1 pts: 46080 ")+fakeFrame)
	r, err = OpenFrames(t.Context(), path, Selection{Every: 2})
	require.NoError(t, err)
	frames, end = readAll(r)
	require.Equal(t, io.EOF, end)
	require.Equal(t, []float64{1, 3}, times(frames))
	require.Equal(t, []int{1, 3}, []int{frames[0].Index, frames[1].Index})
}

func TestLevelledLines(t *testing.T) {
	for line, want := range map[string][3]string{
		"[info] a":                     {"", "info", "a"},
		"[h264 @ 0x1] [error] a [b] c": {"h264 @ 0x1", "error", "a [b] c"},
		"[a] [b] [warning] c":          {"b", "warning", "c"},
		"plain":                        {"", "", "plain"},
		"[no level] a":                 {"", "", "[no level] a"},
		"[":                            {"", "", "["},
	} {
		context, level, text := levelled(line)
		require.Equal(t, want, [3]string{context, level, text}, line)
	}
	log := newFFmpegLog(true)
	for _, part := range []string{"[err", "or] first\r[info] calm\nmore of it\n[fatal] ", "last\nand its end", strings.Repeat("x", 4000)} {
		n, err := log.Write([]byte(part))
		require.NoError(t, err)
		require.Equal(t, len(part), n)
	}
	require.Equal(t, "ffmpeg: and its end"+strings.Repeat("x", 300-len("and its end")), log.cause().Error())
}

// What is on its way to an ffmpeg that does not know an option reaches the next call.
func TestStreamsThroughFFmpeg(t *testing.T) {
	fakeFFmpeg(t, `case "$*" in *fps_mode*) echo "Unrecognized option 'fps_mode'." >&2; exit 1;; esac
case "$*" in *" -protocol_whitelist pipe "*" -i pipe:0 "*) ;; *) exit 9;; esac
/usr/bin/md5sum >"$0.sum"; `+fakeFrame)
	if _, err := os.Stat("/usr/bin/md5sum"); err != nil {
		t.Skip("no md5sum")
	}
	for _, size := range []int{100, 300_000, 3_000_000} {
		video := append([]byte("\x1A\x45\xDF\xA3"), bytes.Repeat([]byte("0123456789"), size/10)...)
		r, err := ReadFrames(t.Context(), "stdin", iotest.HalfReader(bytes.NewReader(video)), Selection{})
		require.NoError(t, err)
		frames, end := readAll(r)
		require.Equal(t, io.EOF, end)
		require.Len(t, frames, 1)
		got, err := os.ReadFile(filepath.Join(os.Getenv("PATH"), "ffmpeg.sum"))
		require.NoError(t, err)
		want := exec.Command("/usr/bin/md5sum")
		want.Stdin = bytes.NewReader(video)
		sum, err := want.Output()
		require.NoError(t, err)
		require.Equal(t, string(sum), string(got))
	}
	broken := errors.New("the client is gone")
	_, err := ReadFrames(t.Context(), "body", io.MultiReader(strings.NewReader("\x1A\x45\xDF\xA3"), iotest.ErrReader(broken)), Selection{})
	require.EqualError(t, err, "body: the client is gone")
}

// The end of a context, and Close, end a read of a stream that never comes, and an ffmpeg that waits for it.
func TestStreamsThatNeverCome(t *testing.T) {
	fakeFFmpeg(t, fakeFrame+"exec /bin/cat")
	for _, begin := range []string{"", "\xFF\xD8", "GIF89a", "YUV4MPEG2 W2 H2\n", "\x1A\x45\xDF\xA3"} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		never, _ := io.Pipe()
		_, err := ReadFrames(ctx, "stdin", io.MultiReader(strings.NewReader(begin), never), Selection{})
		require.ErrorIs(t, err, context.DeadlineExceeded, "%q", begin)
		cancel()
	}
	never, _ := io.Pipe()
	video := append([]byte("\x1A\x45\xDF\xA3"), make([]byte, headBytes)...)
	r, err := ReadFrames(t.Context(), "stdin", io.MultiReader(bytes.NewReader(video), never), Selection{})
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.NoError(t, r.Close())
	_, err = r.Next()
	require.Equal(t, io.EOF, err)
}

// A stream that is refused, ends or is closed is no longer read.
func TestStreamsAreLeft(t *testing.T) {
	for _, begin := range []string{"YUV4MPEG2 W2\n", "YUV4MPEG2 W2 H2\n", "GIF89a\x00\x00\x00\x00"} {
		synctest.Test(t, func(t *testing.T) { // which fails where a goroutine stays
			zeros := readerFunc(func(b []byte) (int, error) { return len(b), nil })
			r, err := ReadFrames(context.Background(), "stdin", io.MultiReader(strings.NewReader(begin), zeros), Selection{})
			if err == nil {
				require.NoError(t, r.Close())
			}
		})
	}
}

// A reader that takes its time is no sign of an ffmpeg that hangs.
func TestSlowReaders(t *testing.T) {
	defer func(before time.Duration) { ffmpegPatience = before }(ffmpegPatience)
	ffmpegPatience = 300 * time.Millisecond
	fakeFFmpeg(t, "for i in 1 2 3; do "+fakeFrame+"done")
	r, err := OpenFrames(t.Context(), write(t, "a.webm", nil), Selection{})
	require.NoError(t, err)
	time.Sleep(2 * ffmpegPatience)
	frames, end := readAll(r)
	require.Equal(t, io.EOF, end)
	require.Len(t, frames, 3)
	require.True(t, math.IsNaN(frames[0].Time) || frames[0].Time == 0)
}

func TestIndexAtTheEnd(t *testing.T) {
	box := func(name string, n int) string {
		return string([]byte{0, 0, byte(n >> 8), byte(n)}) + name + strings.Repeat("x", n-8)
	}
	for head, want := range map[string]bool{
		box("ftyp", 24) + box("moov", 99): false, box("ftyp", 24) + box("free", 8) + box("mdat", 99): true, box("mdat", 99): true,
		"\x00\x00\x00\x01wide\x00\x00\x00\x00\x00\x00\x00\x10" + box("mdat", 99): true, box("ftyp", 24): false, "": false,
		"\x00\x00\x00\x00ftyp        ": false, box("ftyp", 24) + box("moof", 20) + box("mdat", 50): false, "\xFF\xFF\xFF\xFFftyp        ": false,
	} {
		require.Equal(t, want, indexAtEnd([]byte(head)), "%q", head)
	}
	fakeFFmpeg(t, fakeFrame)
	_, err := ReadFrames(t.Context(), "stdin", strings.NewReader(box("ftyp", 24)+box("mdat", 99)), Selection{})
	require.EqualError(t, err, "stdin: the index of this video is at its end, so that it can be read from a file alone: "+
		"save it first, or move the index (ffmpeg -i IN -c copy -movflags +faststart OUT)")
}

// Real videos that are cut off, damaged, turned, or come from a pipe.
func TestRealVideosThroughFFmpeg(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("no ffmpeg on the PATH")
	}
	dir := t.TempDir()
	convert := func(name string, args ...string) []byte {
		path := filepath.Join(dir, name)
		out, err := exec.Command(ffmpeg, append(append([]string{"-v", "error", "-y"}, args...), path)...).CombinedOutput()
		if err != nil {
			t.Skipf("this ffmpeg cannot make a test video: %s", out)
		}
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		return b
	}
	source := []string{"-f", "lavfi", "-i", "testsrc2=size=160x96:rate=25:duration=4", "-c:v", "mpeg4", "-g", "5"}
	mkv := convert("a.mkv", source...)
	mp4 := convert("a.mp4", append(source, "-movflags", "+faststart")...)
	convert("turned.mp4", "-i", filepath.Join(dir, "a.mp4"), "-c", "copy", "-metadata:s:v:0", "rotate=90")
	for name, video := range map[string][]byte{"mkv": mkv, "mp4": mp4} {
		r, err := ReadFrames(t.Context(), name, bytes.NewReader(video), Selection{Start: 1, FPS: 5})
		require.NoError(t, err)
		frames, end := readAll(r)
		require.Equal(t, io.EOF, end)
		require.Len(t, frames, 15)
		for i, f := range frames {
			require.Equal(t, 25+5*i, f.Index)
			require.InDelta(t, 1+float64(i)/5, f.Time, 1e-9)
		}
	}
	for name, video := range map[string][]byte{"cut.mkv": mkv[:len(mkv)/2], "cut.mp4": mp4[:len(mp4)/2]} {
		path := write(t, name, video)
		r, err := OpenFrames(t.Context(), path, Selection{})
		require.NoError(t, err)
		frames, end := readAll(r)
		require.True(t, len(frames) > 30 && len(frames) < 70, len(frames))
		var cut *CutError
		require.ErrorAs(t, end, &cut, name)
		t.Log(end)
		sample, _, err := Open(t.Context(), path, OpenOptions{})
		require.NoError(t, err)
		require.Equal(t, len(frames), sample.Len())
	}
	r, err := OpenFrames(t.Context(), filepath.Join(dir, "turned.mp4"), Selection{})
	require.NoError(t, err)
	require.Equal(t, []int{96, 160}, []int{r.Info().Width, r.Info().Height}, "upright")
	require.NoError(t, r.Close())
}
