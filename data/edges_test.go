package data

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The command line of ffmpeg, for videos and pictures, whole and for one frame.
func TestArgumentsOfFFmpeg(t *testing.T) {
	const before, after = "-v error -nostdin -protocol_whitelist file -max_pixels 77 -i file:/a b.mp4", "-pix_fmt rgb24 -c:v ppm -f image2pipe pipe:1"
	for _, c := range []struct {
		k      kind
		frames int
		want   string
	}{
		{aVideo, 9, before + " -map 0:V:0 -x y " + after},
		{heic, 9, before + " -x y " + after},
		{animated, 1, before + " -frames:v 1 -x y " + after},
	} {
		args := arguments("/a b.mp4", c.k, []string{"-x", "y"}, limits{pixels: 77, frames: c.frames})
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
		return "-v error -nostdin -protocol_whitelist file -max_pixels 64000000 -i file:" + filepath.Join(here, "-a.webm") +
			" -map 0:V:0 " + mode + " -pix_fmt rgb24 -c:v ppm -f image2pipe pipe:1\n"
	}
	require.Equal(t, call("-fps_mode passthrough")+call("-vsync 0"), string(log))
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
	var end tail
	for _, part := range []string{"begin", strings.Repeat("a", 5000), "bc ", strings.Repeat("d", 4000) + "\n"} {
		n, err := end.Write([]byte(part))
		require.NoError(t, err)
		require.Equal(t, len(part), n)
	}
	require.Equal(t, strings.Repeat("a", 92)+"bc "+strings.Repeat("d", 4000), end.String())
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
		f, err := os.Open(write(t, "a.heic", []byte("\x00\x00\x00\x18ftypheic"+c.boxes)))
		require.NoError(t, err)
		require.Equal(t, c.want, pixelsOfHEIF(f), "%q", c.boxes)
		require.NoError(t, f.Close())
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
	require.Equal(t, ".mp4 .flv .avi .webm .mkv .mov .m4v .mpg .mpeg .wmv .3gp .ogv .ts .mts .m2ts", strings.Join(videoExts, " "))
	require.Equal(t, ".jpg .jpeg .png .bmp .webp .heic .heif .avif .tif .tiff .jxl", strings.Join(imageExts, " "))
}

// A sample is found as written, with another extension, or with one added, in the order of the extensions.
func TestFindSample(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{
		"a.png", "a.jpg", "b.mp4", "b.gif", "c.v2.webp", "d", "e.gif", "f/x.png", "g.txt.png", "h.PNG", "folder.png/x.png", "folder.jpg",
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, nil, 0o644))
	}
	for _, c := range []struct {
		m           Modality
		named, want string
	}{
		{Image, "a.png", "a.png"}, {Image, "a.bmp", "a.jpg"}, {Image, "a.gif", "a.jpg"}, {Image, "a", "a.jpg"}, {Image, "a.mp4", ""},
		{Image, "c.v2", "c.v2.webp"}, {Image, "c", ""}, {Image, "d", "d"}, {Image, "e.png", "e.gif"}, {Image, "f", ""},
		{Image, "g.txt", "g.txt.png"}, {Image, "h.PNG", "h.PNG"}, {Image, "a.PNG", "a.jpg"}, {Image, "b", "b.gif"},
		{Image, "folder.png", "folder.jpg"},
		{Video, "b", "b.mp4"}, {Video, "b.avi", "b.mp4"}, {Video, "b.gif", "b.gif"}, {Video, "f", "f"}, {Video, "e.mp4", "e.gif"},
		{Video, "a", ""}, {Video, "a.png", "a.png"}, {Video, "a.gif", ""},
	} {
		want := c.want
		if want != "" {
			want = filepath.Join(root, want)
		}
		require.Equal(t, want, findSample(filepath.Join(root, c.named), c.m), "%s %s", c.m, c.named)
	}
}

// A missing file is an error that says where it is named, and where it was looked for.
func TestMissingSamples(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("list.csv", []byte("video_name,label\n\nsub/v,0\n"), 0o644))
	for _, c := range []struct {
		m                  Modality
		root, named, where string
	}{
		{Image, "", "image", "the current folder"}, {Image, "r", "image", "r"},
		{Video, "", "folder or video", "the current folder"}, {Video, "r", "folder or video", "r"},
	} {
		d, err := readList("list.csv", c.root, c.m)
		require.NoError(t, err)
		want := fmt.Sprintf("%s: no such %s (list.csv, line 3); is %s the folder that the list's names are relative to?",
			filepath.Join(c.root, "sub", "v"), c.named, c.where)
		_, err = d.Items[0].Open(t.Context(), OpenOptions{})
		require.EqualError(t, err, want)
		require.EqualError(t, d.Items[0].Check(t.Context()), want)
	}
}

// Samples of lists are opened at the size asked for, and are named by their paths.
func TestSamplesOfLists(t *testing.T) {
	list, root := tree(t, "a.png 0\nbad.png 1\n")
	writePNG(t, filepath.Join(root, "a.png"), grey(4, 6, 9))
	writePNG(t, filepath.Join(root, "v", "1.png"), grey(4, 6, 8))
	require.NoError(t, os.WriteFile(filepath.Join(root, "bad.png"), []byte("text"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(root, "list.csv"), []byte("video_name,label\nv,0\n"), 0o644))
	s, err := OpenLists(Lists{list, root, filepath.Join(root, "list.csv"), root})
	require.NoError(t, err)
	for name, d := range map[string]*Dataset{"a.png": s.Image, "v": s.Video} {
		sample, err := d.Items[0].Open(t.Context(), OpenOptions{H: 3, W: 5})
		require.NoError(t, err)
		f, err := sample.Read(t.Context(), []int{0})
		require.NoError(t, err)
		require.Equal(t, grey(3, 5, map[string]uint8{"a.png": 9, "v": 8}[name]), f)
		_, err = sample.Read(t.Context(), []int{1})
		require.EqualError(t, err, filepath.Join(root, name)+": frame 1 asked for, but there are 1")
	}
	_, err = s.Image.Items[1].Open(t.Context(), OpenOptions{})
	require.EqualError(t, err, filepath.Join(root, "bad.png")+": not an image: neither JPEG, PNG, GIF, WebP nor BMP")
}

// What Check says of the headers of single files and of folders.
func TestCheckHeaders(t *testing.T) {
	root := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	const unknown = ": not an image: neither JPEG, PNG, GIF, WebP nor BMP"
	huge := write(t, "huge.png", pngHeader(100_000, 100_000))
	for path, want := range map[string]string{
		put("a.mp4", "text"): "", put("a.GIF", "text"): unknown, put("noname", "text"): unknown, put("heic.png", "1234ftypheic"): "",
		huge:                              ": 100000×100000 pixels are more than the limit of 64000000",
		filepath.Join(root, "none"):       ": no such file or directory",
		filepath.Dir(put("e/x.txt", "")):  ": no images (*.jpg, *.jpeg, *.png, *.bmp, *.webp, *.heic, *.heif, *.avif, *.tif, *.tiff, *.jxl) in this folder",
		filepath.Dir(put("t/2.png", "x")): "",
	} {
		for _, m := range []Modality{Image, Video} {
			err := checkHeaders(t.Context(), path, m)
			switch {
			case filepath.Base(path) == "t":
				require.EqualError(t, err, filepath.Join(path, "2.png")+unknown)
			case want == "":
				require.NoError(t, err, path)
			default:
				require.EqualError(t, err, path+want)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, checkHeaders(ctx, filepath.Join(root, "t"), Video), context.Canceled)
}

// Samples are told apart by list and line, however often they are repeated; a drawn one is never left out.
func TestCheckOfJoinedLists(t *testing.T) {
	first, root := tree(t, "none.png 0\na.png 1\n", "a.png")
	second := write(t, "second.txt", []byte("a.png 2\ngone.png 3\n"))
	a, err := readList(first, root, Image)
	require.NoError(t, err)
	b, err := readList(second, root, Image)
	require.NoError(t, err)
	drawn := toy{name: "drawn", modality: Image, labels: []int{4}}
	joined := Join(Join(drawn.set(), a), Join(b, Repeat(a, 2)))
	skips := &Skips{Limit: 2}
	checked, err := skips.Check(t.Context(), Sets{Image: joined}, func(n, total int) { require.Equal(t, 4, total) })
	require.NoError(t, err)
	require.Equal(t, []string{"drawn0", "a.png", "a.png", "a.png", "a.png"}, names(checked.Image))
	require.Equal(t, []int{4, 1, 2, 1, 1}, labelsOf(checked.Image))
	require.Equal(t, 2, checked.Image.Skipped)
	for i, name := range []string{"none.png", "gone.png"} {
		bad := skips.Samples[i]
		require.Equal(t, Image, bad.Modality)
		require.Equal(t, name, bad.Path)
		require.Contains(t, bad.Error, filepath.Join(root, name)+": no such image (")
	}
	good, err := (&Skips{}).Check(t.Context(), Sets{Image: drawn.set()}, func(int, int) { t.Fatal("nothing to check") })
	require.NoError(t, err)
	require.Equal(t, []string{"drawn0"}, names(good.Image))
	require.Zero(t, good.Image.Skipped)
}

// A cache keeps frames of its size; another size is decoded from the file. What is longer than a video may be is not kept.
func TestCacheOfOtherSizes(t *testing.T) {
	d := &counted{}
	c := Cache(d.set(), NewBudget(1<<20), 6, 4)
	for range 2 {
		for i, opt := range []OpenOptions{{H: 6, W: 4}, {}, {H: 4, W: 6}} {
			sample, err := c.Items[1].Open(t.Context(), opt)
			require.NoError(t, err)
			f, err := sample.Read(t.Context(), []int{2})
			require.NoError(t, err)
			require.Equal(t, grey([]int{6, 6, 4}[i], []int{4, 4, 6}[i], 12), f)
		}
	}
	require.Equal(t, int32(1+2), d.opened.Load())
	sample, err := c.Items[1].Open(t.Context(), OpenOptions{})
	require.NoError(t, err)
	_, err = sample.Read(t.Context(), []int{5})
	require.EqualError(t, err, "video1: frame 5 asked for, but there are 5")

	for n, kept := range map[int]bool{170: true, 171: false} { // of 3 MiB each
		memory := NewBudget(1 << 40)
		ctx, cancel := context.WithCancel(t.Context())
		long := &Dataset{Modality: Video, Items: []Item{{Open: func(context.Context, OpenOptions) (Sample, error) {
			return NewSample("long", n, OpenOptions{}, func(context.Context, int) (*Frames, error) {
				require.Equal(t, int64(1<<40-3<<20*n), memory.free.Load(), "reserved")
				cancel()
				return NewFrames(1, 1024, 1024), nil
			}), nil
		}}}}
		_, err = Cache(long, memory, 1024, 1024).Items[0].Open(ctx, OpenOptions{})
		require.NoError(t, err)
		require.Equal(t, kept, ctx.Err() != nil, "%d frames", n)
		require.Equal(t, int64(1<<40), memory.free.Load(), "what was not kept is given back")
		cancel()
	}
}

// Rows of lists of paths that are not what they seem.
func TestOddLinesOfPathLists(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"a.png", "v.mp4"} {
		require.NoError(t, os.WriteFile(filepath.Join(root, name), nil, 0o644))
	}
	for text, want := range map[string]string{
		"a.png x/y": "a.png x/y", "a.png x.y": "a.png x.y", "b.png 3": "b.png 3", "v happiness": "v.mp4", "v\t3": "v.mp4", "v": "v",
		"path,label\na.bmp,3": "a.png", "path,label\n\"v\",3": "v.mp4", "label,path\n3,a.png": "label,path|3,a.png",
		"a.png\npath,label": "a.png|path,label", "Path,label\na.png,1": "Path,label|a.png,1",
	} {
		paths, err := ReadPaths(strings.NewReader(text), root)
		require.NoError(t, err)
		for i := range paths {
			paths[i] = strings.TrimPrefix(paths[i], root+string(filepath.Separator))
		}
		require.Equal(t, want, strings.Join(paths, "|"), "%q", text)
	}
	_, err := ReadPaths(strings.NewReader("path,label\na.png,1\n\"a.png,1"), root)
	require.EqualError(t, err, `"\"a.png,1" is no row of a CSV`)
	list := write(t, "list.txt", []byte("v 1\n"))
	paths, err := ReadPathList(list, root)
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(root, "v.mp4")}, paths)
	_, err = ReadPathList(write(t, "empty.txt", nil), root)
	require.ErrorContains(t, err, "empty.txt: no paths in this list")
}

// The longest name, the largest number and the last column of a list.
func TestListsUpToTheirLimits(t *testing.T) {
	long := strings.Repeat("é", 50)
	for _, c := range []struct {
		text   string
		labels []int
	}{
		{"a.png 999\nb.png 0\n", []int{999, 0}}, {"a.png " + long + "\nb.png a\n", []int{1, 0}},
		{"x,class,video\n1,5,a.png\n2,6,b.png", []int{5, 6}}, {"file,emotion\na.png, 7 \n b.png ,8", []int{7, 8}},
		{"filename,labels\na.png,7\nb.png,8", []int{7, 8}}, {"video_name label\na.png 1\nb.png 2", []int{1, 2}},
		{"a.png 1\npath label\n", nil},
	} {
		d, err := readList(write(t, "list", []byte(c.text)), "", Image)
		if c.labels == nil {
			require.ErrorContains(t, err, `line 2: label "label": a list has either numbers or names of classes`)
			continue
		}
		require.NoError(t, err, c.text)
		require.Equal(t, c.labels, labelsOf(d), c.text)
		require.Equal(t, []string{"a.png", "b.png"}, names(d), c.text)
	}
	_, err := readList(write(t, "list", []byte("\"video_name,label\na,1")), "", Video)
	require.ErrorContains(t, err, "extraneous or missing")
	var many strings.Builder
	for i := range maxLabel + 1 {
		fmt.Fprintf(&many, "a.png name%d\n", i)
	}
	d, err := readList(write(t, "list", []byte(many.String())), "", Image)
	require.NoError(t, err, "a thousand names")
	require.Len(t, d.Classes, 1000)
	d, err = readList(write(t, "list.csv", []byte("who,path,label\nx,a,happiness\n")), "", Video)
	require.NoError(t, err)
	require.Equal(t, &Dataset{Modality: Video, Classes: []string{"happiness"}, Named: true}, d.with(nil))
	require.Equal(t, []string{"a"}, names(d))
}

func TestOddFolders(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "folder.png"), 0o755))
	for _, name := range []string{"a.png", "a1.png", ".b.png", "c.PNG", "d.gif", "e.txt", "F.jpeg"} {
		writePNG(t, filepath.Join(dir, name), grey(2, 3, 0))
	}
	folder, err := ReadFolder(dir)
	require.NoError(t, err)
	want := Folder{Path: dir}
	for _, name := range []string{"F.jpeg", "a.png", "a1.png", "c.PNG"} {
		want.Pictures = append(want.Pictures, filepath.Join(dir, name))
	}
	require.Equal(t, want, folder)
	for _, c := range []struct {
		names string
		want  bool
	}{
		{"a.png a1.png", false}, {"a0.png a1.png", true}, {"a0.png a00.png", false}, {"a1.png a2.jpg", true}, {"1.png 2.png", true},
		{"x1.png y1.png", false}, {"a1 a2", true}, {"a01b a02b", false},
	} {
		require.Equal(t, c.want, numbered(strings.Fields(c.names)), c.names)
	}
	f := filepath.Join(dir, "a.png")
	_, err = ReadFolder(f)
	require.EqualError(t, err, f+": not a directory")
}
