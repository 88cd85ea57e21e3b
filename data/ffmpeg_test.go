package data

import (
	"bufio"
	"context"
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
}

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
		_, err := readPPMs(bufio.NewReader(strings.NewReader(stream)), OpenOptions{}, lim)
		require.ErrorContains(t, err, "the video is longer than the limit of")
	}
	lim := limits{pixels: 2, bytes: 30, frames: 10, work: 20}
	frames, err := readPPMs(bufio.NewReader(strings.NewReader(stream)), OpenOptions{H: 1, W: 1}, lim)
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
		frames, err := readPPMs(bufio.NewReader(strings.NewReader(stream)), OpenOptions{}, lim)
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
