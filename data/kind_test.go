package data

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Files are what they hold, not what they are called.
func TestKinds(t *testing.T) {
	box := func(brand string) string { return "\x00\x00\x00\x20ftyp" + brand + "\x00\x00\x00\x00" }
	for _, c := range []struct {
		head, name string
		want       kind
	}{
		{box("heic"), "a.jpg", heic}, {box("heix"), "a", heic}, {box("mif1"), "a", heic}, {box("avif"), "a", avif}, {box("avis"), "a", avif},
		{box("isom"), "a.jpg", aVideo}, {box("qt  "), "a", aVideo}, {box("M4V "), "a", aVideo},
		{"II*\x00\x08\x00", "a.png", tiff}, {"MM\x00*\x00\x00", "a", tiff},
		{"\xFF\x0A\x00", "a", jpegXL}, {"\x00\x00\x00\x0CJXL \r\n", "a", jpegXL},
		{"RIFF\x00\x00\x00\x00WEBPVP8X\x0A\x00\x00\x00\x02\x00\x00\x00", "a.webp", animated},
		{"RIFF\x00\x00\x00\x00WEBPVP8X\x0A\x00\x00\x00\x10\x00\x00\x00", "a.webp", kind{}},
		{"RIFF\x00\x00\x00\x00AVI LIST", "a", aVideo}, {"\x1A\x45\xDF\xA3\x9F", "a", aVideo}, {"FLV\x01\x05", "a", aVideo},
		{"G" + strings.Repeat("\xFF", 187) + "G", "a", aVideo}, {"0000G" + strings.Repeat("\xFF", 191) + "G", "a", aVideo},
		{"G" + strings.Repeat("\xFF", 188) + "G", "a", kind{}}, {"G" + strings.Repeat("\xFF", 187), "a", kind{}}, {strings.Repeat("\xFF", 188) + "G", "a", kind{}},
		{"\xFF\xD8\xFF\xE0", "a.mp4", kind{}}, {"GIF89a", "a.mp4", kind{}}, {"BM", "a.bmp", kind{}},
		{"GIF89a" + strings.Repeat("\x00", 182) + "G", "a.gif", kind{}}, // a palette with the mark of a transport stream
		{"text", "a.txt", kind{}}, {"", "a", kind{}}, {"text", "a.mp4", aVideo}, {"", "a.MTS", aVideo},
	} {
		got, err := kindOf(bytes.NewReader([]byte(c.head)), c.name)
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%.20q", c.head)
	}
}

// Without ffmpeg, the message names the format and says what to do.
func TestKindsWithoutFFmpeg(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for file, want := range map[string]string{
		"picture.avif":  "reading an AVIF picture needs ffmpeg, which is not on the PATH: install it, or convert it to JPEG or PNG",
		"picture.jxl":   "reading a JPEG XL picture needs ffmpeg, which is not on the PATH: install it, or convert it to JPEG or PNG",
		"picture.tif":   "reading a TIFF picture needs ffmpeg, which is not on the PATH: install it, or convert it to JPEG or PNG",
		"animated.webp": "reading an animated WebP needs ffmpeg, which is not on the PATH: install it, or convert it to GIF",
		"video.ts":      "reading a video needs ffmpeg, which is not on the PATH: install it, or extract the frames into a folder",
	} {
		content, err := os.ReadFile(filepath.Join("testdata", "external", file))
		require.NoError(t, err)
		path := write(t, "noname", content)
		_, _, err = Open(t.Context(), path, OpenOptions{})
		require.EqualError(t, err, path+": "+want)
	}
}

// ffmpeg decodes pictures to images and videos to videos, whatever they are called.
func TestKindsThroughFFmpeg(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("no ffmpeg on the PATH")
	}
	want := readPNG(t, "images/rgb.png")
	for _, c := range []struct {
		file, name string
		want       Modality
	}{
		{"picture.avif", "wrong.mp4", Image}, {"picture.jxl", "noname", Image}, {"picture.tif", "wrong.png", Image},
		{"video.ts", "wrong.jpg", Video},
	} {
		content, err := os.ReadFile(filepath.Join("testdata", "external", c.file))
		require.NoError(t, err)
		path := write(t, c.name, content)
		sample, m, err := Open(t.Context(), path, OpenOptions{})
		if err != nil && strings.Contains(err.Error(), "this ffmpeg can't read") {
			t.Logf("%v", err) // an old one, or one built without the decoder
			continue
		}
		require.NoError(t, err)
		require.Equal(t, c.want, m)
		if m == Video {
			require.Equal(t, 5, sample.Len())
			_, err = OpenImage(t.Context(), path, OpenOptions{})
			require.EqualError(t, err, path+": a video, not an image")
			continue
		}
		require.Equal(t, 1, sample.Len())
		f, err := sample.Read(t.Context(), []int{0})
		require.NoError(t, err)
		require.Less(t, meanDifference(t, want, f), 8.0, c.file)
	}
}

// A tile is not the picture, and what ffmpeg can't read should be converted.
func TestPicturesThatFFmpegCannotRead(t *testing.T) {
	const tile = `printf 'P6\n2 1\n255\nabcdef'` + "\n"
	heif := func(w, h byte) []byte {
		start := "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00\x00\x00\x00\x14ispe\x00\x00\x00\x00"
		return append([]byte(start), 0, 0, 0, w, 0, 0, 0, h)
	}
	for _, c := range []struct {
		file         []byte
		script, want string
	}{
		{heif(8, 8), tile, "it decodes a part of 2×1 pixels alone"},
		{heif(2, 1), "echo moov atom not found >&2; exit 1", "moov atom not found"},
		{heif(1, 2), tile, ""},
		{heif(8, 8)[:30], tile, ""},
	} {
		fakeFFmpeg(t, c.script)
		path := write(t, "a.heic", c.file)
		_, m, err := Open(t.Context(), path, OpenOptions{})
		if c.want == "" {
			require.NoError(t, err)
			require.Equal(t, Image, m)
			_, err = OpenImage(t.Context(), path, OpenOptions{})
			require.NoError(t, err)
			continue
		}
		require.EqualError(t, err, path+": this ffmpeg can't read a HEIC picture (ffmpeg: "+c.want+"): convert it to JPEG or PNG")
	}
}

// The beginnings of files, each of its kind whatever the name.
func TestSignatures(t *testing.T) {
	for head, want := range map[string]kind{
		"1234ftyphev1": heic, "1234ftypmsf1": heic, "1234ftypheim": heic, "1234ftypavif": avif,
		"1234ftypisom": aVideo, "1234moov": aVideo, "1234mdat": aVideo,
		"\x1A\x45\xDF\xA3": aVideo, "FLV\x01": aVideo, "\x30\x26\xB2\x75\x8E\x66\xCF\x11": aVideo, "OggS": aVideo,
		"\x00\x00\x01\xBA": aVideo, "\x00\x00\x01\xB3": aVideo, "\x00\x00\x00\x08wide": aVideo, "\x00\x00\x00\x08free": aVideo,
		"\x06\x0E\x2B\x34": aVideo, "YUV4MPEG2 ": aVideo, "RIFF1234AVI ": aVideo, "II*\x00": tiff, "MM\x00*": tiff,
		"\xFF\x0A": jpegXL, "\x00\x00\x00\x0CJXL ": jpegXL,
		"RIFF1234WEBPVP8X5678\x02": animated, "RIFF1234WEBPVP8X5678\x12": animated,
		"RIFF1234WEBPVP8X5678\x01": {}, "RIFF1234WEBPVP8L5678\x02": {}, "RIFF1234WEBPVP8X5678": {},
		"moov": {}, "123ftypisom": {}, "12345ftypisom": {}, "AVI ": {}, " OggS": {}, "FLV\x02": {}, "MM*\x00": {},
	} {
		got, err := kindOf(strings.NewReader(head), "noname")
		require.NoError(t, err)
		require.Equal(t, want, got, "%q", head)
	}
	require.Equal(t, []kind{
		{"a video", "extract the frames into a folder", true}, {"an animated WebP", "convert it to GIF", false},
		{"a HEIC picture", "convert it to JPEG or PNG", false}, {"an AVIF picture", "convert it to JPEG or PNG", false},
		{"a TIFF picture", "convert it to JPEG or PNG", false}, {"a JPEG XL picture", "convert it to JPEG or PNG", false},
	}, []kind{aVideo, animated, heic, avif, tiff, jpegXL})
	for _, ext := range videoExts {
		got, err := kindOf(strings.NewReader("text"), "a"+strings.ToUpper(ext))
		require.NoError(t, err)
		require.Equal(t, aVideo, got)
	}
	require.Equal(t, ".mp4 .flv .avi .y4m .webm .mkv .mov .m4v .mpg .mpeg .wmv .3gp .ogv .ts .mts .m2ts", strings.Join(videoExts, " "))
	require.Equal(t, ".jpg .jpeg .png .bmp .webp .heic .heif .avif .tif .tiff .jxl", strings.Join(imageExts, " "))
}
