package data

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// fakeFFmpeg puts a shell script named ffmpeg alone on the PATH.
func fakeFFmpeg(t *testing.T, script string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in for ffmpeg is a shell script")
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ffmpeg"), []byte("#!/bin/sh\n"+script), 0o755))
	t.Setenv("PATH", dir)
	before := stampGrace
	stampGrace = 10 * time.Millisecond // as it says no times
	t.Cleanup(func() { stampGrace = before })
}

// What ffmpeg writes puts the end of its patience off; so does that nobody reads, or that ffmpeg waits for its input.
func TestPatienceIsForTheNextBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := make(chan time.Time, 1)
		p := newPatience(func() { lost <- time.Now() })
		slow := func(wait time.Duration) io.Reader {
			return readerFunc(func(b []byte) (int, error) {
				time.Sleep(wait)
				b[0] = 'x'
				return 1, nil
			})
		}
		b := make([]byte, 1)
		for range 3 {
			watched{slow(ffmpegPatience / 2), p}.Read(b)
			time.Sleep(2 * ffmpegPatience)
		}
		fed := make(chan bool)
		go func() { feeding{slow(3 * ffmpegPatience), p}.Read(make([]byte, 1)); close(fed) }()
		synctest.Wait()
		watched{slow(2 * ffmpegPatience), p}.Read(b)
		<-fed
		require.Empty(t, lost)
		start := time.Now()
		watched{slow(2 * ffmpegPatience), p}.Read(b)
		require.Equal(t, ffmpegPatience, (<-lost).Sub(start))
		p.stop()
		watched{slow(2 * ffmpegPatience), p}.Read(b)
		require.Empty(t, lost)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func TestVideoWithoutFFmpeg(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	path := write(t, "a.MP4", nil)
	_, _, err := Open(t.Context(), path, OpenOptions{})
	require.EqualError(t, err, path+": reading a video needs ffmpeg, which is not on the PATH: install it, or extract the frames into a folder")
}

func TestVideoThroughFFmpeg(t *testing.T) {
	const frame = `printf 'P6\n2 1\n255\nabcdef'` + "\n"
	for _, c := range []struct {
		script, want string // the first samples, or the error
	}{
		{frame + frame, "[97 97]"},
		{frame + "echo late damage >&2; exit 1", "[97]"},
		{`case "$*" in *fps_mode*) echo "Unrecognized option 'fps_mode'." >&2; exit 1;; esac` + "\n" + frame, "[97]"},
		{"echo first >&2; echo 'moov atom not found' >&2; exit 1", "ffmpeg: moov atom not found"},
		{"echo \"Stream map '0:V:0' matches no streams.\" >&2; echo To ignore this, add a trailing ? to the map. >&2; exit 1",
			"no pictures in this file, only sound or data"},
		{"printf '%0100000d' 7 >&2; exit 1", "ffmpeg: " + strings.Repeat("0", 300)},
		{`case "$*" in *"-map 0:V:0 "*) ;; *) exit 1;; esac` + "\n" + frame, "[97]"}, // no covers
		{"exit 3", "ffmpeg: exit status 3"},
		{"exit 0", "ffmpeg found no frame in this file"},
		{`printf 'P6\n100000 100000\n255\n'`, "frames of 100000×100000 pixels (255 levels); the limit is 64000000 pixels of 255 levels"},
		{frame + `printf 'P6\n1 1\n255\nabc'`, "frame 1 has 1×1 pixels, the first 2×1"},
		{`printf 'no image'`, "unexpected output of ffmpeg: input does not match format"},
		{frame + `printf 'P6\n2 1\n255\nabc'; echo killed >&2; exit 1`, "ffmpeg: killed"},
	} {
		fakeFFmpeg(t, c.script)
		path := write(t, "a.webm", nil)
		sample, m, err := Open(t.Context(), path, OpenOptions{})
		if !strings.HasPrefix(c.want, "[") {
			require.EqualError(t, err, path+": "+c.want, c.script)
			continue
		}
		require.NoError(t, err, c.script)
		require.Equal(t, Video, m)
		f, err := sample.Read(t.Context(), allOf(sample.Len()))
		require.NoError(t, err)
		require.Equal(t, c.want, fmt.Sprint(firsts(f)), c.script)
	}
}

func TestVideoLengthIsBounded(t *testing.T) {
	stream := strings.Repeat("P6\n2 1\n255\nabcdef", 10)
	for _, lim := range []limits{
		{pixels: 2, bytes: 59, frames: 10, work: 20}, {pixels: 2, bytes: 60, frames: 9, work: 20}, {pixels: 2, bytes: 60, frames: 10, work: 19},
	} {
		for _, s := range []string{stream, strings.ReplaceAll(stream, "2 1", "1 2")} {
			_, err := readPPMs(t, s, OpenOptions{}, lim)
			require.ErrorContains(t, err, "the video is longer than the limit of")
		}
	}
	lim := limits{pixels: 2, bytes: 30, frames: 10, work: 20}
	frames, err := readPPMs(t, stream, OpenOptions{H: 1, W: 1}, lim)
	require.NoError(t, err)
	require.Len(t, frames, 10)
}

// A video that ffmpeg itself made: 10 frames in time, the size asked for.
func TestVideoWithRealFFmpeg(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("no ffmpeg on the PATH")
	}
	path := filepath.Join(t.TempDir(), "-odd name %d.avi")
	out, err := exec.Command(ffmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=1",
		"-c:v", "mjpeg", "file:"+path).CombinedOutput()
	if err != nil {
		t.Skipf("this ffmpeg cannot make a test video: %s", out)
	}
	sample, _, err := Open(t.Context(), path, OpenOptions{H: 24, W: 32})
	require.NoError(t, err)
	require.Equal(t, 10, sample.Len())
	f, err := sample.Read(t.Context(), []int{0, 9})
	require.NoError(t, err)
	require.Equal(t, [3]int{2, 24, 32}, [3]int{f.T, f.H, f.W})

	text := write(t, "text.mp4", []byte("no video"))
	_, _, err = Open(t.Context(), text, OpenOptions{})
	require.ErrorContains(t, err, text+": ffmpeg: ")
	require.NotContains(t, err.Error(), "\n")
}

func FuzzReadPPMs(f *testing.F) {
	f.Add("P6\n2 1\n255\nabcdefP6\n2 1\n255\nghijkl")
	f.Add("P6\n2 1\n255\nabc")
	f.Fuzz(func(t *testing.T, stream string) {
		lim := limits{pixels: 1000, bytes: 10_000, frames: 10, work: 3000}
		frames, err := readPPMs(t, stream, OpenOptions{}, lim)
		if err == nil || err == io.ErrUnexpectedEOF {
			for _, frame := range frames {
				require.Len(t, frame.Pix, frame.H*frame.W*3)
			}
		}
	})
}

// An ffmpeg that hangs is killed, together with what it started; an interrupt ends it at once.
func TestFFmpegThatHangs(t *testing.T) {
	defer func(before time.Duration) { ffmpegPatience = before }(ffmpegPatience)
	ffmpegPatience = time.Second
	const frame = `printf 'P6\n2 1\n255\nabcdef'; `
	const child = `(/bin/sleep 2; : > "$0.$name.alive")` // which may not live to say so
	hanging := []string{
		"exec /bin/sleep 60",
		child,
		frame + child + " &", // it holds the pipe
		frame + "exec >&-; " + child,
		"while :; do echo waiting >&2; /bin/sleep 0.01; done",
	}
	if setsid, err := exec.LookPath("setsid"); err == nil {
		hanging = append(hanging, setsid+" /bin/sleep 5 2>&- &") // it leaves the group, and holds the pipe alone
	}
	working := []string{
		frame + child + " >&- &", // something holds the standard error, but all frames are there
		"for i in 1 2 3 4 5 6; do " + frame + "/bin/sleep 0.3; done",
	}
	script := "name=NAME\ncase $name in\n"
	for i, s := range slices.Concat(hanging, working) {
		script += fmt.Sprintf("%d.mp4) %s\n;;\n", i, strings.TrimSuffix(s, ";"))
	}
	fakeFFmpeg(t, strings.Replace(script, "NAME", `$(for a; do case $a in file:*) echo "${a##*/}";; esac; done)`, 1)+"esac\n")
	open := func(ctx context.Context) (errs []error) {
		errs = make([]error, len(hanging)+len(working))
		var wg sync.WaitGroup
		for i := range errs {
			path := write(t, fmt.Sprint(i, ".mp4"), nil)
			wg.Go(func() { _, _, errs[i] = Open(ctx, path, OpenOptions{}) })
		}
		wg.Wait()
		return errs
	}

	start := time.Now()
	errs := open(t.Context())
	for i, script := range hanging {
		require.ErrorContains(t, errs[i], ".mp4: ffmpeg was stopped after 1s without a sign of life", script)
	}
	for i, script := range working {
		require.NoError(t, errs[len(hanging)+i], script)
	}

	ffmpegPatience = time.Hour
	ctx, cancel := context.WithTimeoutCause(t.Context(), 200*time.Millisecond, context.Canceled)
	defer cancel()
	for i, err := range open(ctx)[:len(hanging)] {
		require.ErrorIs(t, err, context.Canceled, hanging[i])
	}
	require.Less(t, time.Since(start), 5*time.Second)

	time.Sleep(2300 * time.Millisecond)
	alive, err := filepath.Glob(filepath.Join(os.Getenv("PATH"), "*.alive"))
	require.NoError(t, err)
	require.Empty(t, alive)
}

// The command line of ffmpeg, for videos and pictures, whole, selected and for one frame, from files and streams.
func TestArgumentsOfFFmpeg(t *testing.T) {
	const (
		before = "-hide_banner -nostats -v repeat+level+info -nostdin -protocol_whitelist "
		file   = before + "file -max_pixels 77 -i file:/a b.mp4"
		after  = "-x y -pix_fmt rgb24 -c:v ppm -f image2pipe pipe:1"
	)
	stream := ffmpegInput{stream: strings.NewReader("")}
	for _, c := range []struct {
		in     ffmpegInput
		k      kind
		sel    Selection
		frames int
		want   string
	}{
		{ffmpegInput{path: "/a b.mp4"}, aVideo, Selection{End: 3}, 9, file + " -map 0:V:0 -vf times " + after},
		{ffmpegInput{path: "/a b.mp4"}, heic, Selection{}, 9, file + " " + after},
		{ffmpegInput{path: "/a b.mp4"}, animated, Selection{}, 1, file + " -vf times -frames:v 1 " + after},
		{stream, aVideo, Selection{Start: 1.5, Every: 3, FPS: 2}, 9, before + "pipe -max_pixels 77 -i pipe:0 -map 0:V:0 -vf " +
			"times,select='gte(t,1.5)*not(mod(n,3))*if(isnan(prev_selected_t),1+0*st(0,t)," +
			"gt(floor((t-ld(0))*2+0.1),floor((prev_selected_t-ld(0))*2+0.1)))',times " + after},
	} {
		args := arguments(c.in, c.k, dialect{[]string{"-x", "y"}, "times"}, c.sel, limits{pixels: 77, frames: c.frames})
		require.Equal(t, c.want, strings.Join(args, " "))
	}
}

// An ffmpeg is called with the absolute path of a file; an old one, which does not know the option, once more with its former name.
func TestCallsOfFFmpeg(t *testing.T) {
	fakeFFmpeg(t, `echo "$*" >>"$0.log"
case "$*" in *fps_mode*) echo "Unrecognized option 'fps_mode'." >&2; exit 1;; esac
printf 'P6\n2 1\n255\nabcdef'`)
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("-a.webm", nil, 0o644))
	_, _, err := Open(t.Context(), "-a.webm", OpenOptions{})
	require.NoError(t, err)
	log, err := os.ReadFile(filepath.Join(os.Getenv("PATH"), "ffmpeg.log"))
	require.NoError(t, err)
	here, err := os.Getwd()
	require.NoError(t, err)
	call := func(mode string) string {
		return "-hide_banner -nostats -v repeat+level+info -nostdin -protocol_whitelist file -max_pixels 64000000 -i file:" +
			filepath.Join(here, "-a.webm") + " -map 0:V:0 -vf " + mode + " -pix_fmt rgb24 -c:v ppm -f image2pipe pipe:1\n"
	}
	require.Equal(t, call("showinfo=checksum=0 -fps_mode passthrough")+call("showinfo -vsync 0"), string(log))
}

// What ffmpeg says last is its message, without the lines that it drew over.
func TestMessagesOfFFmpeg(t *testing.T) {
	for script, want := range map[string]string{
		`printf 'frame 1\rframe 2\rbroken\n' >&2; exit 1`:                        "ffmpeg: broken",
		`echo 'Output file does not contain any stream' >&2; exit 1`:             "no pictures in this file, only sound or data",
		`printf 'P6\n2 1\n255\nabcdefP6\n2'; echo killed >&2; exit 1`:            "ffmpeg: killed",
		`printf 'P6\n2 1\n255\nabcdefP6\n2 1\n255\na'; exit 4`:                   "ffmpeg: exit status 4",
		`echo "no fps here" >&2; echo "$*" >>"$0.log"; exit 1`:                   "ffmpeg: no fps here",
		`[ -e "$0.log" ] && exit 5; echo "$*" >>"$0.log"; echo once >&2; exit 1`: "ffmpeg: once",
	} {
		fakeFFmpeg(t, script)
		path := write(t, "a.webm", nil)
		_, _, err := Open(t.Context(), path, OpenOptions{})
		require.EqualError(t, err, path+": "+want, script)
	}
	_, err := OpenImage(t.Context(), filepath.Join("testdata", "external", "video.ts"), OpenOptions{})
	require.EqualError(t, err, filepath.Join("testdata", "external", "video.ts")+": a video, not an image")
}

// The size of a HEIF picture is that of the largest that it holds: a tile is at most half of it.
func TestPixelsOfHEIF(t *testing.T) {
	ispe := func(w, h uint32) string {
		return "ispe\x00\x00\x00\x00" + string(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h))
	}
	for _, c := range []struct {
		boxes string
		want  int
	}{
		{"", 0}, {"ispe\x00\x00\x00\x00\x00\x00\x00", 0},
		{ispe(3, 5), 15}, {ispe(3, 5) + ispe(300, 7) + ispe(2, 2), 2100}, {ispe(1<<31, 1<<31), maxPixels},
	} {
		require.Equal(t, c.want, pixelsOfHEIF([]byte("\x00\x00\x00\x18ftypheic"+c.boxes)), "%q", c.boxes)
	}
	fakeFFmpeg(t, `printf 'P6\n2 1\n255\nabcdef'`)
	for brand, k := range map[string]string{"heic": "a HEIC", "avif": "an AVIF"} {
		path := write(t, "half", []byte("\x00\x00\x00\x18ftyp"+brand+ispe(4, 1)))
		_, m, err := Open(t.Context(), path, OpenOptions{})
		require.NoError(t, err, "half of it is enough")
		require.Equal(t, Image, m)
		path = write(t, "part", []byte("\x00\x00\x00\x18ftyp"+brand+ispe(6, 1)))
		_, _, err = Open(t.Context(), path, OpenOptions{})
		require.EqualError(t, err, path+": this ffmpeg can't read "+k+" picture (ffmpeg: it decodes a part of 2×1 pixels alone): convert it to JPEG or PNG")
	}
}
