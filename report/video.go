package report

import (
	"cmp"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	xdraw "golang.org/x/image/draw"

	"mien/atomicfile"
)

// Writing of annotated pictures and videos.

// SavePicture writes a picture as JPEG or PNG, as the file's name says.
func SavePicture(path string, m image.Image) error {
	switch {
	case !IsPicture(path):
		return fmt.Errorf("%s: a picture is .png or .jpg", path)
	case extension(path) == ".png":
		return SavePNG(path, m)
	}
	return atomicfile.Write(path, func(f *os.File) error { return jpeg.Encode(f, m, quality) })
}

// IsPicture tells whether a file's name is one of SavePicture's.
func IsPicture(path string) bool {
	return slices.Contains([]string{".png", ".jpg", ".jpeg"}, extension(path))
}

func extension(path string) string { return strings.ToLower(filepath.Ext(path)) }

var quality = &jpeg.Options{Quality: 92}

// VideoWriter writes frames of any number into a file, in the memory of some. The file is FILE.part until it is finished.
type VideoWriter struct {
	path   string
	fps    float64 // of frames without times, and of an AVI
	file   *os.File
	sink   sink
	rect   image.Rectangle // of the first frame
	frames int
	start  float64 // time of the first frame, which is 0 in the file
	last   float64
	ended  bool
}

// sink is one format of VideoWriter.
type sink interface {
	// add takes a frame that is shown from a time on, in seconds after the first.
	add(m *image.RGBA, time float64) error
	close() error
}

// CheckVideo refuses a file's name that no video can have: one of another format, or of one that needs ffmpeg, where there is none.
func CheckVideo(path string) error {
	switch ext := extension(path); {
	case ext == "", ext == ".avi", ext == ".gif":
		return nil
	case IsPicture(path):
		return fmt.Errorf("%s: one picture, not a video: name an .avi, .gif or .mp4, or a folder", path)
	case containers[ext] == nil:
		return fmt.Errorf("%s: a video is .avi, .gif, .mp4, .mov, .mkv or .webm, or a folder", path)
	default:
		if _, err := exec.LookPath("ffmpeg"); err != nil {
			return fmt.Errorf("%s: writing %s needs ffmpeg, which is not on the PATH: install it, or name an .avi, .gif or a folder", path, ext)
		}
		return nil
	}
}

// NewVideoWriter begins a video by its name: .avi (Motion JPEG) and .gif are written here, .mp4, .mov, .mkv and .webm by ffmpeg, and a name
// without an extension is a folder of pictures. fps is the nominal rate; 0 is 25.
func NewVideoWriter(path string, fps float64) (*VideoWriter, error) {
	v := &VideoWriter{path: path, fps: cmp.Or(fps, 25), last: math.Inf(-1)}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir(), extension(path) == "":
		return v, os.MkdirAll(path, 0o777)
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: a device, which is not replaced: name another file", path)
	}
	if err := CheckVideo(path); err != nil {
		return nil, err
	}
	v.file, err = os.OpenFile(v.part(), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, fmt.Errorf("%s: %w", path, cause.Err)
	}
	return v, err
}

func (v *VideoWriter) part() string { return v.path + ".part" }

// Add writes a frame with its time in seconds, NaN if it has none. One that does not come after its predecessor is left out. A frame of another
// size than the first is fitted into that.
func (v *VideoWriter) Add(m *image.RGBA, time float64) error {
	if v.sink == nil {
		if err := v.begin(m.Rect); err != nil {
			return fmt.Errorf("%s: %w", v.path, err)
		}
		if v.start = time; math.IsNaN(time) {
			v.start = 0
		}
	}
	if math.IsNaN(time) {
		time = v.start + float64(v.frames)/v.fps
	}
	if time <= v.last {
		return nil
	}
	v.last = time
	v.frames++
	if m.Rect != v.rect {
		m = fitted(m, v.rect)
	}
	if err := v.sink.add(m, time-v.start); err != nil {
		return fmt.Errorf("%s: %w", v.path, err)
	}
	return nil
}

func (v *VideoWriter) begin(rect image.Rectangle) error {
	v.rect = rect
	ext := extension(v.path)
	switch {
	case v.file == nil:
		v.sink = &pictureFolder{dir: v.path}
	case ext == ".gif":
		v.sink = &gifVideo{w: v.file}
	case ext == ".avi":
		a, err := newAVIVideo(v.file, rect, v.fps)
		if err != nil {
			return err
		}
		v.sink = a
	default:
		f, err := newFFmpegVideo(v.part(), rect, containers[ext])
		if err != nil {
			return err
		}
		v.sink = f
	}
	return nil
}

// fitted scales a picture into a rectangle, with black beside it.
func fitted(m *image.RGBA, into image.Rectangle) *image.RGBA {
	out := image.NewRGBA(into)
	draw.Draw(out, into, image.Black, image.Point{}, draw.Src)
	scale := min(float64(into.Dx())/float64(m.Rect.Dx()), float64(into.Dy())/float64(m.Rect.Dy()))
	w, h := int(float64(m.Rect.Dx())*scale), int(float64(m.Rect.Dy())*scale)
	at := image.Rect(0, 0, w, h).Add(image.Pt((into.Dx()-w)/2, (into.Dy()-h)/2))
	xdraw.ApproxBiLinear.Scale(out, at, m, m.Rect, draw.Src, nil)
	return out
}

// Close ends the file with the frames that it has, as FILE.part: valid, but not all. After Finish it does nothing.
func (v *VideoWriter) Close() error {
	if v.ended {
		return nil
	}
	v.ended = true
	var err error
	if v.sink != nil {
		err = v.sink.close()
	}
	if v.file != nil {
		err = cmp.Or(err, v.file.Sync(), v.file.Close())
		if v.frames == 0 {
			err = cmp.Or(err, os.Remove(v.part()))
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", v.part(), err)
	}
	return nil
}

// Finish ends the file and gives it its name. A video without a frame is an error, and leaves what was there.
func (v *VideoWriter) Finish() error {
	if err := v.Close(); err != nil {
		return err
	}
	switch {
	case v.frames == 0:
		return fmt.Errorf("%s: no frame to write", v.path)
	case v.file == nil:
		return nil
	}
	return os.Rename(v.part(), v.path)
}
