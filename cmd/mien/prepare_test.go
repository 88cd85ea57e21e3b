package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/face"
	"mien/face/eyes"
	"mien/report"
)

// dataset has pictures of people in folders: two with a face, one without, and a walk, whose eight frames show a face that moves right.
func dataset(t *testing.T) (dir string) {
	dir = filepath.Join(t.TempDir(), "photos")
	saveDataset(t, dir)
	return dir
}

func saveDataset(t *testing.T, dir string) {
	open := func(name string) *data.Frames {
		f, err := data.OpenImage(t.Context(), "../../face/testdata/"+name+".png", data.OpenOptions{})
		require.NoError(t, err)
		return f
	}
	save := func(f *data.Frames, path ...string) {
		file := filepath.Join(append([]string{dir}, path...)...)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o777))
		require.NoError(t, report.SavePNG(file, report.Picture(f, 0)))
	}
	portrait := open("portrait")
	save(portrait, "pictures", "anna", "1.png")
	save(open("two"), "pictures", "both.png")
	save(open("nobody"), "pictures", "nobody.png")
	for i := range 8 {
		save(on(data.NewFrames(1, 160, 260), portrait, 10+12*i, 30), "clips", "walk", fmt.Sprintf("%d.png", i))
	}
}

// on puts a picture into another, which it returns.
func on(to, f *data.Frames, x, y int) *data.Frames {
	for row := range f.H {
		copy(to.Pix[((y+row)*to.W+x)*3:], f.Pix[row*f.W*3:][:f.W*3])
	}
	return to
}

// tree is the content of all files in a folder, by their paths.
func tree(t *testing.T, dir string) map[string]string {
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		require.NoError(t, err)
		name, err := filepath.Rel(dir, path)
		require.NoError(t, err)
		if e.IsDir() {
			files[name] = "folder"
			return nil
		}
		text, err := os.ReadFile(path)
		files[name] = fmt.Sprintf("%x", sha256.Sum256(text))
		return err
	}))
	return files
}

func prepareLine(dir, out string, more ...string) []string {
	return append([]string{"prepare", "--images", filepath.Join(dir, "pictures"), "--videos", filepath.Join(dir, "clips"), "--out", out, "--size", "64", "--quiet"}, more...)
}

// Folders keep their tree. What has no face is named, and the rest is cut out as package face does.
func TestPrepare(t *testing.T) {
	dir := dataset(t)
	out := filepath.Join(dir, "cut")
	code, stdout, stderr := mien(prepareLine(dir, out)...)
	require.Equal(t, someBad, code)
	require.Equal(t, fmt.Sprintf("3 of 4 samples are cut out: %[1]s/pictures is now %[1]s/cut/images, %[1]s/clips is now %[1]s/cut/videos\n"+
		"%[1]s/cut/faces.csv says of each what was found in it\n", dir), stdout)
	require.Equal(t, "mien: nobody.png: no face is found\nmien: 1 of 4 inputs failed\n", stderr)
	var files []string
	for name, content := range tree(t, out) {
		if content != "folder" {
			files = append(files, name)
		}
	}
	want := []string{"crops.json", "faces.csv", "images/anna/1.png", "images/both.png"}
	for i := range 8 {
		want = append(want, fmt.Sprintf("videos/walk/%05d.png", i))
	}
	require.ElementsMatch(t, want, files)
	rows, err := os.ReadFile(filepath.Join(out, "faces.csv"))
	require.NoError(t, err)
	require.Equal(t, "path,frames,looked_at,with_face,reason\nanna/1.png,1,1,1,\nboth.png,1,1,1,\nnobody.png,1,1,0,no face is found\nwalk,8,8,8,\n", string(rows))
	text, err := os.ReadFile(filepath.Join(out, "crops.json"))
	require.NoError(t, err)
	var crops data.Crops
	require.NoError(t, json.Unmarshal(text, &crops))
	require.Equal(t, data.Crops{Format: "mien-crops-1", Crop: "eyes-nose", Size: 64, Videos: "alike", Detector: face.Digest(), Eyes: eyes.Digest(), Samples: 3, Failed: 1}, crops)
	require.NoDirExists(t, out+".part")

	d := finder(t)
	for _, name := range []string{"anna/1.png", "both.png"} {
		picture, err := data.OpenImage(t.Context(), filepath.Join(dir, "pictures", name), data.OpenOptions{})
		require.NoError(t, err)
		found, err := d.Detect(picture, face.DefaultOptions)
		require.NoError(t, err)
		f, err := d.Closer(picture, found[0][face.Largest(found[0])])
		require.NoError(t, err)
		crop, err := face.Drawn.Frames(picture, f, 64)
		require.NoError(t, err)
		got, err := data.OpenImage(t.Context(), filepath.Join(out, "images", name), data.OpenOptions{})
		require.NoError(t, err)
		require.Equal(t, crop.Pix, got.Pix)
	}
}

// A file that cannot be read is named once; of a folder it is said which.
func TestPrepareDamaged(t *testing.T) {
	dir := dataset(t)
	frame := filepath.Join(dir, "clips", "walk", "3.png")
	for _, path := range []string{filepath.Join(dir, "pictures", "anna", "1.png"), frame} {
		require.FileExists(t, path)
		require.NoError(t, os.WriteFile(path, []byte("no picture"), 0o644))
	}
	code, _, stderr := mien(prepareLine(dir, filepath.Join(dir, "cut"))...)
	require.Equal(t, someBad, code)
	const what = "not an image: neither JPEG, PNG, GIF, WebP nor BMP\n"
	require.Contains(t, stderr, "mien: anna/1.png: "+what)
	require.Contains(t, stderr, "mien: walk: "+frame+": "+what)
	rows, err := os.ReadFile(filepath.Join(dir, "cut", "faces.csv"))
	require.NoError(t, err)
	require.Contains(t, string(rows), "\nanna/1.png,0,0,0,")
	require.NotContains(t, string(rows), "pictures")
}

// eyesOf returns where the detector sees the left eye in each frame of a video of crops.
func eyesOf(t *testing.T, folder string) (all []face.Point) {
	sample, _, err := data.Open(t.Context(), folder, data.OpenOptions{})
	require.NoError(t, err)
	for i := range sample.Len() {
		f, err := sample.Read(t.Context(), []int{i})
		require.NoError(t, err)
		found, err := finder(t).Detect(f, face.DefaultOptions)
		require.NoError(t, err)
		require.NotEmpty(t, found[0], i)
		all = append(all, found[0][0].Points[face.LeftEye])
	}
	return all
}

// In a video whose crops are alike the face goes on to move, and stands still where they are steady, each way of cutting it out.
func TestPrepareVideo(t *testing.T) {
	dir := dataset(t)
	for _, crop := range []string{"eyes-nose", "box-rotation", "five-point"} {
		steady := filepath.Join(dir, "steady-"+crop)
		code, _, stderr := mien("prepare", "--videos", filepath.Join(dir, "clips"), "--out", steady, "--crop", crop, "--steady", "--quiet")
		require.Zero(t, code, stderr)
		eyes := eyesOf(t, filepath.Join(steady, "videos", "walk"))
		require.Len(t, eyes, 8)
		for _, q := range eyes {
			require.InDelta(t, eyes[0].X, q.X, 0.1*112, crop)
			require.InDelta(t, eyes[0].Y, q.Y, 0.1*112, crop)
		}
	}
	alike := filepath.Join(dir, "alike")
	code, _, stderr := mien("prepare", "--videos", filepath.Join(dir, "clips"), "--out", alike, "--crop", "five-point", "--quiet")
	require.Zero(t, code, stderr)
	first, err := data.OpenImage(t.Context(), filepath.Join(alike, "videos", "walk", "00000.png"), data.OpenOptions{})
	require.NoError(t, err)
	last, err := data.OpenImage(t.Context(), filepath.Join(alike, "videos", "walk", "00007.png"), data.OpenOptions{})
	require.NoError(t, err)
	black := func(f *data.Frames, x int) int { return int(f.Pix[(56*112+x)*3]) }
	require.Zero(t, black(first, 111), "the face is to the left of the crop's middle at first")
	require.Zero(t, black(last, 0), "and to the right in the end")
}

// Whatever the number of threads, the bytes are the same, and so they are after a kill, whatever it left behind.
func TestPrepareGoesOn(t *testing.T) {
	patient(t)
	dir := dataset(t)
	whole := filepath.Join(dir, "whole")
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	code, _, _ := mien(prepareLine(dir, whole)...)
	require.Equal(t, someBad, code)
	want := tree(t, whole)

	runtime.GOMAXPROCS(3)
	threads := filepath.Join(dir, "threads")
	code, _, _ = mien(prepareLine(dir, threads)...)
	require.Equal(t, someBad, code)
	require.Equal(t, want, tree(t, threads))

	out := filepath.Join(dir, "out")
	ctx, cancel := context.WithCancel(t.Context())
	var stdout bytes.Buffer
	stderr := &stopper{text: "no face is found", stop: cancel}
	require.Equal(t, interrupted, execute(ctx, prepareLine(dir, out), &stdout, stderr))
	require.Contains(t, stderr.written.String(), out+".part keeps what is done: the same command goes on\n")
	require.Empty(t, stdout.String())
	require.NoDirExists(t, out)

	rows := filepath.Join(out+".part", "faces.csv")
	text, err := os.ReadFile(rows)
	require.NoError(t, err)
	require.Equal(t, "path,frames,looked_at,with_face,reason\nanna/1.png,1,1,1,\nboth.png,1,1,1,\nnobody.png,1,1,0,no face is found\n", string(text))
	for _, cut := range []string{"", "walk,8,8", "walk,8,8,8,"} {
		require.NoError(t, os.RemoveAll(out))
		require.NoError(t, os.CopyFS(out+"-copy.part", os.DirFS(out+".part")))
		copied := filepath.Join(out+"-copy.part", "faces.csv")
		require.NoError(t, os.WriteFile(copied, append(text, cut...), 0o666))
		for _, folder := range []string{"walk", "walk.part"} { // of which the first would have got its row next
			left := filepath.Join(out+"-copy.part", "videos", folder)
			require.NoError(t, os.MkdirAll(left, 0o777))
			require.NoError(t, os.WriteFile(filepath.Join(left, "00099.png"), []byte("cut short"), 0o666))
		}
		code, _, said := mien(prepareLine(dir, out+"-copy")...)
		require.Equal(t, someBad, code, said)
		require.Equal(t, "mien: 1 of 4 inputs failed\n", said, "what was said before is not said again")
		require.Equal(t, want, tree(t, out+"-copy"), cut)
		require.NoError(t, os.RemoveAll(out+"-copy"))
	}

	begun := "was begun with other samples or flags: go on with those, or remove it"
	for name, line := range map[string][]string{
		"another size": prepareLine(dir, out, "--size", "65"), "another crop": prepareLine(dir, out, "--crop", "five-point"), "steady": prepareLine(dir, out, "--steady"),
		"fewer samples": {"prepare", "--images", filepath.Join(dir, "pictures", "anna"), "--out", out, "--size", "64"},
		"other samples": {"prepare", "--images", dir, "--out", out, "--size", "64"},
	} {
		code, _, said := mien(line...)
		require.Equal(t, 1, code, name)
		require.Contains(t, said, begun, name)
	}
	code, _, said := mien(prepareLine(dir, out)...)
	require.Equal(t, someBad, code, said)
	require.Equal(t, want, tree(t, out))
}

// Flags that do not go together and folders without pictures are refused, before anything is written.
func TestPrepareRefusesFlags(t *testing.T) {
	dir := dataset(t)
	out := filepath.Join(dir, "cut")
	empty := filepath.Join(dir, "empty")
	require.NoError(t, os.MkdirAll(filepath.Join(empty, ".hidden"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(empty, ".a.png"), nil, 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(empty, "notes.txt"), nil, 0o666))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "other.part"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "other.part", "mine"), nil, 0o666))
	for want, line := range map[string][]string{
		"--landmarks finds eyes and noses, for --crop eyes-nose: leave one of them out": prepareLine(dir, out, "--landmarks", "x", "--crop", "five-point"),
		"--landmarks places all crops of a video alike: leave it out, or --steady":      prepareLine(dir, out, "--landmarks", "x", "--steady"),
		empty + ": no images in this folder or below it":                                {"prepare", "--images", empty, "--out", out},
		empty + ": no videos in this folder or below it":                                {"prepare", "--videos", empty, "--out", out},
		filepath.Join(dir, "pictures", "both.png") + ": not a weights file":             prepareLine(dir, out, "--detector", filepath.Join(dir, "pictures", "both.png")),
		"--out " + filepath.Join(dir, "clips") + ": the folder is not empty":            prepareLine(dir, filepath.Join(dir, "clips")),
		"--out " + filepath.Join(dir, "other.part") + ": the folder is not empty":       prepareLine(dir, filepath.Join(dir, "other")),
		"gone: no such file or directory":                                               {"prepare", "--images", filepath.Join(dir, "gone"), "--out", out},
	} {
		code, stdout, stderr := mien(line...)
		require.Contains(t, []int{failed, misused}, code, want)
		require.Contains(t, stderr, want)
		require.Empty(t, stdout)
		require.NoDirExists(t, out)
		require.NoDirExists(t, out+".part")
	}
}

// A link to a folder stands for it.
func TestPrepareLink(t *testing.T) {
	dir := dataset(t)
	link, out := filepath.Join(dir, "link"), filepath.Join(dir, "cut")
	if err := os.Symlink(filepath.Join(dir, "clips"), link); err != nil {
		t.Skip(err)
	}
	code, _, stderr := mien("prepare", "--videos", link, "--out", out, "--quiet")
	require.Zero(t, code, stderr)
	require.FileExists(t, filepath.Join(out, "videos", "walk", "00007.png"))
}

// An empty folder is taken, and what can't be written ends the command at once.
func TestPrepareOut(t *testing.T) {
	dir := dataset(t)
	out := filepath.Join(dir, "cut")
	require.NoError(t, os.MkdirAll(out, 0o777))
	code, _, stderr := mien(prepareLine(dir, out+"/")...)
	require.Equal(t, someBad, code, stderr)
	require.FileExists(t, filepath.Join(out, "images", "both.png"))
	code, _, stderr = mien(prepareLine(dir, filepath.Join(dir, "clips", "walk", "0.png", "below"))...)
	require.Equal(t, 1, code)
	require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
}

// The looks at a video are spread over all of it.
func TestLookedAt(t *testing.T) {
	for frames, want := range map[int][]int{1: {0}, 3: {0, 1, 2}, 8: {0, 1, 2, 3, 4, 5, 6, 7}, 19: {1, 3, 5, 8, 10, 13, 15, 17}} {
		require.Equal(t, want, (&cutter{}).indices(frames))
	}
	all := (&cutter{steady: true}).indices(100)
	require.Len(t, all, 100)
	require.Equal(t, 99, all[99])
}
