package report

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"mien/data"
	"mien/data/avi"
)

// The formats of VideoWriter, but for GIF (gif.go).

// pictureFolder writes frames as pictures, numbered from 1.
type pictureFolder struct {
	dir string
	n   int
}

func (p *pictureFolder) add(m *image.RGBA, _ float64) error {
	p.n++
	return SavePicture(filepath.Join(p.dir, fmt.Sprintf("%06d.jpg", p.n)), m)
}

func (p *pictureFolder) close() error { return nil }

// aviVideo shows each frame from the tick on that is nearest to its time.
type aviVideo struct {
	*avi.Writer
	fps  float64
	next int // tick
	jpeg bytes.Buffer
}

func newAVIVideo(w io.WriteSeeker, rect image.Rectangle, fps float64) (*aviVideo, error) {
	rate, scale := ratio(fps)
	writer, err := avi.NewWriter(w, rect.Dx(), rect.Dy(), rate, scale)
	return &aviVideo{Writer: writer, fps: float64(rate) / float64(scale)}, err
}

// ratio is a rate as a fraction, that of NTSC's as it is defined.
func ratio(fps float64) (rate, scale uint32) {
	if ntsc := fps * 1.001; math.Abs(ntsc-math.Round(ntsc)) < 1e-3 && math.Abs(fps-math.Round(fps)) > 1e-3 {
		return uint32(math.Round(ntsc)) * 1000, 1001
	}
	return uint32(max(1, math.Round(fps*1000))), 1000
}

// add repeats the predecessor up to the frame's tick. Of two frames at one tick the first is shown.
func (a *aviVideo) add(m *image.RGBA, time float64) error {
	tick := int(math.Round(time * a.fps))
	for ; a.next < tick; a.next++ {
		if err := a.Frame(nil); err != nil {
			return err
		}
	}
	if a.next > tick {
		return nil
	}
	a.next++
	a.jpeg.Reset()
	if err := jpeg.Encode(&a.jpeg, m, quality); err != nil {
		return err
	}
	return a.Frame(a.jpeg.Bytes())
}

func (a *aviVideo) close() error { return a.Close() }

// containers are the formats that ffmpeg writes, as it calls them, and its options for them.
var containers = map[string][]string{
	".mp4": {"-f", "mp4", "-pix_fmt", "yuv420p", "-movflags", "+faststart"}, ".m4v": {"-f", "mp4", "-pix_fmt", "yuv420p", "-movflags", "+faststart"},
	".mov": {"-f", "mov", "-pix_fmt", "yuv420p", "-movflags", "+faststart"}, ".mkv": {"-f", "matroska", "-pix_fmt", "yuv420p"},
	".webm": {"-f", "webm", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "0", "-crf", "32", "-pix_fmt", "yuv420p"},
}

// ffmpegVideo has ffmpeg compress what it reads from a pipe.
type ffmpegVideo struct {
	cmd      *exec.Cmd
	in       io.WriteCloser
	stream   *matroska
	jpeg     bytes.Buffer // of the last frame
	time     float64      // of it
	gap      float64      // between it and the one before
	messages bytes.Buffer
	closed   func() error
}

func newFFmpegVideo(path string, rect image.Rectangle, options []string) (*ffmpegVideo, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	even := "pad=ceil(iw/2)*2:ceil(ih/2)*2" // as colours have half the size
	args := slices.Concat([]string{"-hide_banner", "-v", "error", "-nostdin", "-y", "-f", "matroska", "-i", "pipe:0", "-vf", even},
		asTheyCome(), options, []string{"file:" + absolute})
	f := &ffmpegVideo{cmd: exec.Command("ffmpeg", args...)}
	f.cmd.Stderr = &f.messages
	f.closed = sync.OnceValue(f.wait)
	data.InOwnGroup(f.cmd) // an interrupt of mien lets it end the file
	if f.in, err = f.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := f.cmd.Start(); err != nil {
		return nil, err
	}
	f.stream, err = newMatroska(f.in, rect.Dx(), rect.Dy())
	if err != nil {
		return nil, f.failed(err)
	}
	return f, nil
}

func (f *ffmpegVideo) add(m *image.RGBA, time float64) error {
	f.jpeg.Reset()
	if err := jpeg.Encode(&f.jpeg, m, &jpeg.Options{Quality: 96}); err != nil {
		return err
	}
	if err := f.stream.frame(f.jpeg.Bytes(), time); err != nil {
		return f.failed(err)
	}
	f.gap, f.time = time-f.time, time
	return nil
}

// tick is the unit of times, which MPEG-4 counts in 16 bits; that of a guessed rate is too coarse.
const tick = "1:60000"

// asTheyCome has the options by which ffmpeg neither repeats nor drops frames to make their rate even; 5.1 renamed it.
func asTheyCome() []string {
	if exec.Command("ffmpeg", "-v", "quiet", "-fps_mode", "passthrough", "-version").Run() == nil {
		return []string{"-fps_mode", "passthrough", "-enc_time_base", tick}
	}
	return []string{"-vsync", "0", "-enc_time_base", tick}
}

// failed is why ffmpeg has stopped reading.
func (f *ffmpegVideo) failed(err error) error {
	return cmp.Or(f.closed(), err)
}

// close repeats the last frame, which otherwise is shown for no time at all, and by some players never.
func (f *ffmpegVideo) close() error {
	if f.gap > 0 {
		_ = f.stream.frame(f.jpeg.Bytes(), f.time+f.gap) // why it fails, ffmpeg says
		f.gap = 0
	}
	return f.closed()
}

func (f *ffmpegVideo) wait() error {
	f.in.Close()
	err := f.cmd.Wait()
	if text := strings.TrimSpace(f.messages.String()); err != nil && text != "" {
		return fmt.Errorf("ffmpeg: %.300s", text[strings.LastIndexByte(text, '\n')+1:])
	}
	return err
}
