package data

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The ffmpeg executable, which decodes what is not decoded here. It writes one PPM image after another to a pipe, which holds it back while
// nobody reads, and says their times in its log (ffmpeg_log.go).

// ffmpegInput is what ffmpeg reads: a file, or a stream.
type ffmpegInput struct {
	path   string
	head   []byte    // how it begins
	stream io.Reader // what follows the head; nil for a file
	stop   closer    // ends a read of stream that is under way
}

// newFFmpeg starts an ffmpeg that decodes a video or picture, and reads the first frame. It leaves the end of sel to its reader.
func newFFmpeg(ctx context.Context, in ffmpegInput, k kind, sel Selection, lim limits) (_ frameSource, left Selection, err error) {
	left = Selection{End: sel.End}
	ffmpeg, err := exec.LookPath("ffmpeg")
	switch {
	case err != nil:
		return nil, left, fmt.Errorf("reading %s needs ffmpeg, which is not on the PATH: install it, or %s", k.name, k.instead)
	case in.stream != nil && indexAtEnd(in.head):
		return nil, left, errors.New("the index of this video is at its end, so that it can be read from a file alone: " +
			"save it first, or move the index (ffmpeg -i IN -c copy -movflags +faststart OUT)")
	case in.stream == nil:
		if in.path, err = filepath.Abs(in.path); err != nil {
			return nil, left, err
		}
	}
	if k == heic || k == avif {
		lim.least = pixelsOfHEIF(in.head) / 2
	}
	for _, d := range dialects {
		var source *ffmpegSource
		source, err = startFFmpeg(ctx, ffmpeg, arguments(in, k, d, sel, lim), in, k, lim)
		if err == nil {
			return source, left, nil
		}
		if !strings.Contains(err.Error(), d.passthrough[0][1:]) {
			break
		}
	}
	if !k.video && errors.As(err, new(ffmpegError)) {
		err = fmt.Errorf("this ffmpeg can't read %s (%w): %s", k.name, err, k.instead)
	}
	return nil, left, err
}

// dialect is how an ffmpeg is told what its versions call by other names.
type dialect struct {
	passthrough []string // every frame as stored; else, a video with a nominal rate of 1000, as browsers record it, would have many twice
	times       string   // a filter that says the time of each frame in the log
}

var dialects = []dialect{
	{[]string{"-fps_mode", "passthrough"}, "showinfo=checksum=0"},
	{[]string{"-vsync", "0"}, "showinfo"}, // before ffmpeg 5.1
}

func arguments(in ffmpegInput, k kind, d dialect, sel Selection, lim limits) []string {
	// The file: prefix and the white list keep names and playlists from reaching the network.
	protocol, input := "file", "file:"+in.path
	if in.stream != nil {
		protocol, input = "pipe", "pipe:0"
	}
	args := []string{"-hide_banner", "-nostats", "-v", "repeat+level+info", "-nostdin", "-protocol_whitelist", protocol,
		"-max_pixels", strconv.Itoa(lim.pixels), "-i", input}
	if k.video { // V leaves out the covers of music; the tiles of a picture are joined only where none is chosen
		args = append(args, "-map", "0:V:0")
	}
	if k.moves() {
		args = append(args, "-vf", filters(d.times, sel))
	}
	if lim.frames == 1 {
		args = append(args, "-frames:v", "1")
	}
	return slices.Concat(args, d.passthrough, []string{"-pix_fmt", "rgb24", "-c:v", "ppm", "-f", "image2pipe", "pipe:1"})
}

// filters numbers all frames, and then the selected ones, which alone go through the pipe: the chooser's rule in the language of ffmpeg, but
// for the end, at which ffmpeg is stopped.
func filters(times string, sel Selection) string {
	var terms []string
	if sel.Start > 0 {
		terms = append(terms, fmt.Sprintf("gte(t,%g)", sel.Start))
	}
	if sel.Every > 1 {
		terms = append(terms, fmt.Sprintf("not(mod(n,%d))", sel.Every))
	}
	if sel.FPS > 0 {
		turn := func(t string) string { return fmt.Sprintf("floor((%s-ld(0))*%g+%g)", t, sel.FPS, slack) }
		terms = append(terms, fmt.Sprintf("if(isnan(prev_selected_t),1+0*st(0,t),gt(%s,%s))", turn("t"), turn("prev_selected_t")))
	}
	if terms == nil {
		return times
	}
	return fmt.Sprintf("%s,select='%s',%s", times, strings.Join(terms, "*"), times)
}

// indexAtEnd tells whether an MP4 has its pictures before the index that one needs to find them.
func indexAtEnd(head []byte) bool {
	for len(head) >= 16 {
		size := uint64(binary.BigEndian.Uint32(head))
		switch string(head[4:8]) {
		case "mdat":
			return true
		case "ftyp", "free", "skip", "wide", "uuid", "pdin":
		default:
			return false
		}
		if size == 1 {
			size = binary.BigEndian.Uint64(head[8:])
		}
		if size < 8 || size > uint64(len(head)) {
			return false
		}
		head = head[size:]
	}
	return false
}

// pixelsOfHEIF returns the size of the largest picture that a HEIC or AVIF file speaks of. A phone's photograph is cut into tiles,
// of which some versions of ffmpeg decode the first alone.
func pixelsOfHEIF(head []byte) (largest int) {
	for rest := head; ; {
		var found bool
		if _, rest, found = bytes.Cut(rest, []byte("ispe\x00\x00\x00\x00")); !found || len(rest) < 8 {
			return largest
		}
		w, h := binary.BigEndian.Uint32(rest), binary.BigEndian.Uint32(rest[4:])
		largest = max(largest, int(min(uint64(w)*uint64(h), maxPixels)))
	}
}
