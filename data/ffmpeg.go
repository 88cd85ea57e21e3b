package data

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The ffmpeg executable, which decodes what is not decoded here.

// ffmpegPatience is how long ffmpeg may take for the next bytes; after that it hangs.
var ffmpegPatience = 30 * time.Second

// decodeExternally decodes a video or picture with the ffmpeg executable, which writes one PPM image after another to a pipe. Each
// is resized as it is read, so that only frames of the requested size are kept.
func decodeExternally(ctx context.Context, f *os.File, k kind, opt OpenOptions, lim limits) (frames []*Frames, err error) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		return nil, fmt.Errorf("reading %s needs ffmpeg, which is not on the PATH: install it, or %s", k.name, k.instead)
	}
	absolute, err := filepath.Abs(f.Name())
	if err != nil {
		return nil, err
	}
	if k == heic || k == avif {
		lim.least = pixelsOfHEIF(f) / 2
	}
	// ffmpeg 5.1 renamed the option that passes every frame through as stored; without it, a video with a nominal rate of 1000
	// (as recorded by browsers) would have every frame repeated many times.
	for _, passthrough := range [][]string{{"-fps_mode", "passthrough"}, {"-vsync", "0"}} {
		frames, err = runFFmpeg(ctx, ffmpeg, arguments(absolute, k, passthrough, lim), opt, lim)
		if err == nil || !strings.Contains(err.Error(), passthrough[0][1:]) {
			break
		}
	}
	if !k.video && errors.As(err, new(ffmpegError)) {
		err = fmt.Errorf("this ffmpeg can't read %s (%w): %s", k.name, err, k.instead)
	}
	return frames, err
}

func arguments(absolute string, k kind, passthrough []string, lim limits) []string {
	// The file: prefix and the white list keep names and playlists from reaching the network.
	args := []string{"-v", "error", "-nostdin", "-protocol_whitelist", "file", "-max_pixels", strconv.Itoa(lim.pixels),
		"-i", "file:" + absolute}
	if k.video { // V leaves out the covers of music; the tiles of a picture are joined only where none is chosen
		args = append(args, "-map", "0:V:0")
	}
	if lim.frames == 1 {
		args = append(args, "-frames:v", "1")
	}
	return slices.Concat(args, passthrough, []string{"-pix_fmt", "rgb24", "-c:v", "ppm", "-f", "image2pipe", "pipe:1"})
}

// pixelsOfHEIF returns the size of the largest picture that a HEIC or AVIF file speaks of. A phone's photograph is cut into tiles,
// of which some versions of ffmpeg decode the first alone.
func pixelsOfHEIF(f *os.File) (largest int) {
	head := make([]byte, 1<<20)
	n, _ := f.ReadAt(head, 0)
	for rest := head[:n]; ; {
		var found bool
		if _, rest, found = bytes.Cut(rest, []byte("ispe\x00\x00\x00\x00")); !found || len(rest) < 8 {
			return largest
		}
		w, h := binary.BigEndian.Uint32(rest), binary.BigEndian.Uint32(rest[4:])
		largest = max(largest, int(min(uint64(w)*uint64(h), maxPixels)))
	}
}

// runFFmpeg returns all frames that a command writes. The command and what it started are killed when ctx ends, when nothing comes
// for a long time, and when what comes is not wanted.
func runFFmpeg(ctx context.Context, ffmpeg string, args []string, opt OpenOptions, lim limits) ([]*Frames, error) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	cmd := exec.CommandContext(ctx, ffmpeg, args...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var messages tail
	cmd.Stderr = &messages
	cmd.WaitDelay = 300 * time.Millisecond
	inOwnGroup(cmd)
	cmd.Cancel = func() error {
		defer stdout.Close() // which a process outside the group may hold open
		return killGroup(cmd.Process)
	}
	if err := cmd.Start(); err != nil {
		return nil, ffmpegError(err.Error())
	}
	patience := time.AfterFunc(ffmpegPatience, func() {
		end(fmt.Errorf("ffmpeg was stopped after %v without a sign of life; does it play the file?", ffmpegPatience))
	})
	frames, readErr := readPPMs(bufio.NewReaderSize(watched{stdout, patience}, 1<<16), opt, lim)
	if readErr != nil && !errors.Is(readErr, io.ErrUnexpectedEOF) {
		end(readErr) // it would block on the pipe
	}
	waitErr := cmd.Wait()
	patience.Stop()
	if errors.Is(waitErr, exec.ErrWaitDelay) { // something that it started holds its standard error
		_ = killGroup(cmd.Process)
	}
	message := messages.String()
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case len(frames) > 0 && readErr == nil: // a stream with a damaged end still gives its frames, as in every player
		return frames, nil
	case strings.Contains(message, "matches no streams"), strings.Contains(message, "does not contain any stream"):
		return nil, errors.New("no pictures in this file, only sound or data")
	case message != "":
		return nil, ffmpegError(message[strings.LastIndexAny(message, "\r\n")+1:])
	case waitErr != nil:
		return nil, ffmpegError(waitErr.Error())
	}
	return nil, errors.New("ffmpeg found no frame in this file")
}

// ffmpegError is what ffmpeg said last.
type ffmpegError string

func (e ffmpegError) Error() string {
	return fmt.Sprintf("ffmpeg: %.300s", strings.TrimSpace(string(e)))
}

// watched puts off a timer whenever something is read.
type watched struct {
	io.Reader
	timer *time.Timer
}

func (w watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if n > 0 {
		w.timer.Reset(ffmpegPatience)
	}
	return n, err
}

// tail keeps the end of what is written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	const keep = 4096
	t.b = append(t.b, p[max(0, len(p)-keep):]...)
	t.b = t.b[max(0, len(t.b)-keep):]
	return len(p), nil
}

func (t *tail) String() string { return string(bytes.TrimSpace(t.b)) }
