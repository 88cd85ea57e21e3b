package data

import (
	"bytes"
	"errors"
	"image"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

// What a file holds, by its contents: names may lie, and some files have no extension.

// kind is a kind of file that ffmpeg decodes; the zero value is any other, among them the images that are decoded here.
type kind struct {
	name    string // in messages
	instead string // what to do without ffmpeg
	video   bool   // even if it has one frame
}

var (
	aVideo   = kind{name: "a video", instead: "extract the frames into a folder", video: true}
	animated = kind{name: "an animated WebP", instead: "convert it to GIF"}
	heic     = picture("a HEIC picture")
	avif     = picture("an AVIF picture")
	tiff     = picture("a TIFF picture")
	jpegXL   = picture("a JPEG XL picture")
)

// moves tells whether there may be several frames.
func (k kind) moves() bool { return k.video || k == animated }

func picture(name string) kind { return kind{name: name, instead: "convert it to JPEG or PNG"} }

// signatures are bytes at a fixed place by which files are recognised, the first that fits.
var signatures = []struct {
	kind
	at    int
	bytes []string
}{
	{heic, 4, []string{"ftyphei", "ftyphev", "ftypmif1", "ftypmsf1"}},
	{avif, 4, []string{"ftypavif", "ftypavis"}},
	{tiff, 0, []string{"II*\x00", "MM\x00*"}},
	{jpegXL, 0, []string{"\xFF\x0A", "\x00\x00\x00\x0CJXL "}},
	{aVideo, 4, []string{"ftyp", "moov", "mdat"}}, // MP4, QuickTime, 3GPP
	{aVideo, 0, []string{
		"\x1A\x45\xDF\xA3",                            // Matroska, WebM
		"FLV\x01", "\x30\x26\xB2\x75\x8E\x66\xCF\x11", // ASF, that is WMV
		"OggS", "\x00\x00\x01\xBA", "\x00\x00\x01\xB3", // MPEG
		"\x00\x00\x00\x08wide", "\x00\x00\x00\x08free", "\x06\x0E\x2B\x34", "YUV4MPEG2 ", // QuickTime, MXF
	}},
	{aVideo, 8, []string{"AVI "}},
}

// kindOf looks at the beginning of a file, and at its name if that says nothing.
func kindOf(f io.ReaderAt, path string) (kind, error) {
	head := make([]byte, 512)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return kind{}, err
	}
	return kindOfHead(head[:n], path), nil
}

func kindOfHead(head []byte, path string) kind {
	n := len(head)
	for _, s := range signatures {
		for _, b := range s.bytes {
			if n > s.at && bytes.HasPrefix(head[s.at:], []byte(b)) {
				return s.kind
			}
		}
	}
	switch {
	case bytes.HasPrefix(head, []byte("GIF8")): // whose G is the mark of a packet of a transport stream, and palettes may have another
		return kind{}
	case n > 20 && string(head[8:16]) == "WEBPVP8X" && head[20]&2 != 0:
		return animated
	case syncs(head, 0, 188), syncs(head, 4, 192): // MPEG transport stream, and that of camcorders
		return aVideo
	}
	_, _, err := image.DecodeConfig(bytes.NewReader(head))
	if errors.Is(err, image.ErrFormat) && slices.Contains(videoExts, lowerExt(path)) {
		return aVideo
	}
	return kind{}
}

// syncs reports whether the packets of a transport stream begin in their places.
func syncs(head []byte, first, packet int) bool {
	return len(head) > first+packet && head[first] == 0x47 && head[first+packet] == 0x47
}

func lowerExt(path string) string { return strings.ToLower(filepath.Ext(path)) }
