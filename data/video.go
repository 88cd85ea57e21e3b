package data

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// decodeVideo decodes a video with the ffmpeg executable, which writes one PPM image after another to a pipe. Each is resized as
// it is read, so that only frames of the requested size are kept.
func decodeVideo(ctx context.Context, path string, opt OpenOptions) (frames []*Frames, err error) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		return nil, fmt.Errorf("%s: reading a video needs ffmpeg, which is not on the PATH: install it, or extract the frames into a folder", path)
	}
	// ffmpeg 5.1 renamed the option that passes every frame through as stored; without it, a video with a nominal rate of 1000
	// (as recorded by browsers) would have every frame repeated many times.
	for _, passthrough := range [][]string{{"-fps_mode", "passthrough"}, {"-vsync", "0"}} {
		if frames, err = runFFmpeg(ctx, ffmpeg, path, passthrough, opt); err == nil {
			return frames, nil
		}
		if !strings.Contains(err.Error(), passthrough[0][1:]) {
			break
		}
	}
	return nil, fmt.Errorf("%s: %w", path, err)
}

// runFFmpeg returns all frames of the first video stream.
func runFFmpeg(ctx context.Context, ffmpeg, path string, passthrough []string, opt OpenOptions) ([]*Frames, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	// The file: prefix and the white list keep names and playlists from reaching the network.
	input := []string{"-v", "error", "-nostdin", "-protocol_whitelist", "file", "-max_pixels", strconv.Itoa(maxPixels),
		"-i", "file:" + absolute, "-map", "0:v:0"}
	output := []string{"-pix_fmt", "rgb24", "-c:v", "ppm", "-f", "image2pipe", "pipe:1"}
	cmd := exec.CommandContext(ctx, ffmpeg, slices.Concat(input, passthrough, output)...)
	var messages tail
	cmd.Stderr = &messages
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	frames, readErr := readPPMs(bufio.NewReaderSize(stdout, 1<<16), opt, limits{maxPixels, maxVideoBytes, maxVideoFrames})
	if readErr != nil {
		_ = cmd.Process.Kill() // it would block on the pipe
	}
	waitErr := cmd.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	message := messages.lastLine()
	switch {
	case readErr != nil && !errors.Is(readErr, io.ErrUnexpectedEOF):
		return nil, readErr
	case len(frames) > 0 && readErr == nil: // a stream with a damaged end still gives its frames, as in every player
		return frames, nil
	case message != "":
		return nil, fmt.Errorf("ffmpeg: %s", message)
	case waitErr != nil:
		return nil, fmt.Errorf("ffmpeg: %w", waitErr)
	}
	return nil, errors.New("ffmpeg found no frame in this file")
}

// readPPMs reads binary PPM images up to the end of the stream. Later frames must have the first one's size,
// unless all are resized.
func readPPMs(r *bufio.Reader, opt OpenOptions, lim limits) ([]*Frames, error) {
	var frames []*Frames
	var size int64
	for {
		if _, err := r.Peek(1); err == io.EOF {
			return frames, nil
		}
		f, err := readPPM(r, lim.pixels)
		if err != nil {
			return frames, err
		}
		f = opt.fit(f)
		size += int64(len(f.Pix))
		if len(frames) >= lim.frames || size > lim.bytes {
			return frames, fmt.Errorf("the video is longer than the limit of %d frames and %d MiB of %d×%d pixels: cut it (ffmpeg -t)",
				lim.frames, lim.bytes>>20, f.W, f.H)
		}
		if len(frames) > 0 && (f.H != frames[0].H || f.W != frames[0].W) {
			return frames, fmt.Errorf("frame %d has %d×%d pixels, the first %d×%d", len(frames), f.W, f.H, frames[0].W, frames[0].H)
		}
		frames = append(frames, f)
	}
}

func readPPM(r *bufio.Reader, maxPixels int) (*Frames, error) {
	var w, h, depth int
	if _, err := fmt.Fscanf(r, "P6\n%d %d\n%d\n", &w, &h, &depth); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, err
		}
		return nil, fmt.Errorf("unexpected output of ffmpeg: %w", err)
	}
	if w <= 0 || h <= 0 || depth != 255 || w > maxPixels/h {
		return nil, fmt.Errorf("frames of %d×%d pixels (%d levels); the limit is %d pixels of 255 levels", w, h, depth, maxPixels)
	}
	f := NewFrames(1, h, w)
	if _, err := io.ReadFull(r, f.Pix); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return f, nil
}

// tail keeps the end of what is written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	const keep = 4096
	t.b = append(t.b, p[max(0, len(p)-keep):]...)
	t.b = t.b[max(0, len(t.b)-keep):]
	return len(p), nil
}

func (t *tail) lastLine() string {
	s := bytes.TrimSpace(t.b)
	return strings.TrimSpace(string(s[bytes.LastIndexAny(s, "\r\n")+1:]))
}
