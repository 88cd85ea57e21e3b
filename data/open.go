package data

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
)

// Opening of one image or video, whatever its format. image.go, gif.go and ffmpeg.go decode them.

// Limits that keep memory and time bounded whatever a file claims about itself.
const (
	maxPixels     = 64_000_000 // of one image or frame
	maxVideoBytes = 512 << 20  // of the decoded frames of one video
)

// limits bounds what the decoders may allocate and do for an untrusted file.
type limits struct {
	pixels int   // of an image or of one frame
	bytes  int64 // of all frames decoded
	frames int   // of an animation; 1 takes only its first
	work   int64 // pixels of all frames before they are resized
	least  int   // pixels of one frame from ffmpeg, which otherwise is a part of the picture
}

var standard = limits{pixels: maxPixels, bytes: maxVideoBytes, frames: 100_000, work: 20_000_000_000}

// imageExts are the extensions of frames in a folder, and those tried for a missing file of a list.
var imageExts = []string{".jpg", ".jpeg", ".png", ".bmp", ".webp", ".heic", ".heif", ".avif", ".tif", ".tiff", ".jxl"}

// videoExts are the extensions tried for a missing video of a list; a file with one is a video unless its content says otherwise.
var videoExts = []string{
	".mp4", ".flv", ".avi", ".y4m", ".webm", ".mkv", ".mov", ".m4v", ".mpg", ".mpeg", ".wmv", ".3gp", ".ogv", ".ts", ".mts", ".m2ts",
}

// OpenOptions specifies how frames are decoded.
type OpenOptions struct {
	// H and W are the size to which every frame is resized when decoded; both 0 keep the file's size. With a size, a long video
	// needs little memory and a folder may hold images of several sizes.
	H, W int
}

// fit resizes f if another size was requested.
func (o OpenOptions) fit(f *Frames) *Frames {
	if o == (OpenOptions{}) || o.H == f.H && o.W == f.W {
		return f
	}
	return Resize(f, o.H, o.W)
}

// Open opens an image (JPEG, PNG, GIF, WebP, BMP), an animated GIF, a folder of images or, through an ffmpeg executable, a video, an
// animated WebP or an image in HEIC, AVIF, TIFF or JPEG XL: detected by content, not by name. Images have one frame and modality
// Image, all else modality Video, a folder whatever is in it (see Folder.IsVideo). The frames of a folder are decoded on demand; the
// others are decoded here, so that a damaged file is an error of Open.
func Open(ctx context.Context, path string, opt OpenOptions) (Sample, Modality, error) {
	info, err := stat(path)
	if err != nil {
		return nil, "", err
	}
	if info.IsDir() {
		folder, err := ReadFolder(path)
		if err != nil {
			return nil, "", err
		}
		return folder.Video(opt), Video, nil
	}
	frames, still, err := openAll(ctx, path, opt, standard)
	if err != nil {
		return nil, "", err
	}
	if still {
		return inMemory(path, frames), Image, nil
	}
	return inMemory(path, frames), Video, nil
}

// OpenImage decodes one image, of an animation the first frame.
func OpenImage(ctx context.Context, path string, opt OpenOptions) (*Frames, error) {
	lim := standard
	lim.frames = 1
	frames, _, err := openAll(ctx, path, opt, lim)
	if err != nil {
		return nil, err
	}
	return frames[0], nil
}

// openAll decodes all frames of a file, and says whether it is a single picture. It refuses damage, but for the end of a video: one that is
// cut off still gives its frames, as in every player.
func openAll(ctx context.Context, path string, opt OpenOptions, lim limits) (frames []*Frames, still bool, err error) {
	frames, err = fromFile(path, "an image", func(f *os.File) (_ []*Frames, err error) {
		defer recoverDecoder(&err)
		source, _, err := fileSource(ctx, f, Selection{}, lim)
		if err != nil {
			return nil, err
		}
		defer source.close()
		frames, err := collect(ctx, source, opt, lim)
		still = source.info().Still
		return frames, err
	})
	return frames, still, err
}

// readHeader reads the size of an image, or the kind of a file that only ffmpeg can read.
func readHeader(path string) (config image.Config, k kind, err error) {
	config, err = fromFile(path, "an image", func(f *os.File) (config image.Config, err error) {
		defer recoverDecoder(&err)
		if k, err = kindOf(f, path); err == nil && k == (kind{}) {
			config, _, err = decodeConfig(f, maxPixels)
		}
		return config, err
	})
	return config, k, err
}

// fromFile decodes a file, which should be of the given kind. Errors begin with the path.
func fromFile[T any](path, kind string, decode func(*os.File) (T, error)) (v T, err error) {
	info, err := stat(path)
	if err != nil {
		return v, err
	}
	if info.IsDir() {
		return v, fmt.Errorf("%s: a folder, not %s", path, kind)
	}
	f, err := os.Open(path)
	if err != nil {
		return v, pathError(path, err)
	}
	defer f.Close()
	if v, err = decode(f); err != nil {
		err = pathError(path, err)
	}
	return v, err
}

// stat accepts regular files and folders: reading a pipe or a device might never end.
func stat(path string) (fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, pathError(path, err)
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: neither a file nor a folder", path)
	}
	return info, nil
}

// pathError says "PATH: cause", without the system call's name.
func pathError(path string, err error) error {
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		err = cause.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}
