package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/data/drawn"
	"mien/engine"
	"mien/engine/cpu"
	"mien/face"
	"mien/mobilefacenet"
	"mien/modelfile"
	"mien/nn"
	"mien/recipe"
	"mien/run"
)

// alike is the source of a landmark network that finds nearly the same face in all frames.
type alike struct {
	nn.Random
	face data.Landmarks
}

func (a alike) Fill(values []float32, name string, shape []int, init nn.Init) error {
	if err := a.Random.Fill(values, name, shape, init); err != nil {
		return err
	}
	switch name {
	case "output_layer.linear.weight":
		for i := range values {
			values[i] *= 1000 // of its features, which nobody trained
		}
	case "output_layer.linear.bias":
		for i, q := range a.face {
			values[2*i], values[2*i+1] = float32(q.X), float32(q.Y)
		}
	}
	return nil
}

// writeLocator writes a landmark network as a run does, drawn by a seed.
func writeLocator(t *testing.T, path string, seed uint64) {
	r, err := recipe.Load("landmarks-tiny")
	require.NoError(t, err)
	var face data.Landmarks // as that of an aligned face
	for i := range 6 {
		face[36+i], face[42+i] = data.Point{X: 0.295, Y: 0.31}, data.Point{X: 0.705, Y: 0.31}
	}
	face[33] = data.Point{X: 0.5, Y: 0.6}
	s := nn.NewScope(cpu.New(), engine.Float32, alike{nn.Random{Seed: seed}, face})
	mobilefacenet.System.Build(s, r)
	metadata, err := modelfile.Metadata(r, nil, nil)
	require.NoError(t, err)
	require.NoError(t, modelfile.Write(path, s.Params(), metadata))
}

// finder is the detector that is part of mien.
func finder(t *testing.T) *face.Detector {
	d, err := face.New(cpu.New())
	require.NoError(t, err)
	t.Cleanup(d.Close)
	return d
}

// drawnFiles has drawn faces in files, whose lists have unlike names, and in the folders that they lead to.
func drawnFiles(t *testing.T) (dir string) {
	dir = filepath.Join(t.TempDir(), "faces")
	code, _, stderr := mien("data", "draw", "--out", dir, "--images", "3", "--videos", "2", "--frames", "4", "--size", "40", "--quiet")
	require.Zero(t, code, stderr)
	return dir
}

// prepareFlags are those of prepare with --landmarks for the lists of drawnFiles.
func prepareFlags(dir, net, out string) []string {
	return []string{"prepare", "--landmarks", net, "--out", out, "--static-list", filepath.Join(dir, "static.txt"), "--static-root", dir,
		"--dynamic-list", filepath.Join(dir, "dynamic.csv"), "--dynamic-root", dir}
}

// Lists with the new roots name the aligned faces: each image by its landmarks, a video by the mean of those of its frames.
func TestPrepareLandmarks(t *testing.T) {
	dir := drawnFiles(t)
	net, out := filepath.Join(dir, "net.safetensors"), filepath.Join(dir, "aligned")
	writeLocator(t, net, 3)
	code, stdout, stderr := mien(append(prepareFlags(dir, net, out), "--size", "24", "--quiet")...)
	require.Zero(t, code, stderr)
	require.Equal(t, "5 of 5 samples are cut out: --static-root is now "+out+"/images, --dynamic-root is now "+out+"/videos\n", stdout)
	require.Empty(t, stderr)
	lists := data.Lists{StaticList: filepath.Join(dir, "static.txt"), StaticRoot: filepath.Join(out, "images"),
		DynamicList: filepath.Join(dir, "dynamic.csv"), DynamicRoot: filepath.Join(out, "videos")}
	sets, err := data.OpenLists(lists)
	require.NoError(t, err)
	locator, err := run.OpenLocator(net, cpu.New())
	require.NoError(t, err)
	defer locator.Close()
	unlike := map[data.Landmarks]bool{}
	for _, c := range []struct{ got, from *data.Dataset }{{sets.Image, drawn.Images(0, 3, 40)}, {sets.Video, drawn.Videos(0, 2, 4, 40)}} {
		for i, item := range c.from.Items {
			face, err := locator.Locate(t.Context(), item)
			require.NoError(t, err)
			aligned, err := locator.Align(face.Frames, finder(t), 24)
			require.NoError(t, err)
			require.Equal(t, aligned.Frames(face.Frames).Pix, pixels(t, c.got.Items[i]))
			unlike[face.Found[0]] = true
		}
	}
	require.Len(t, unlike, 5, "samples are alike")
}

// A list alone will do, and without --size a face has 112 pixels.
func TestPrepareLandmarksOfImages(t *testing.T) {
	dir := drawnFiles(t)
	net, out := filepath.Join(dir, "net.safetensors"), filepath.Join(dir, "aligned")
	writeLocator(t, net, 3)
	code, stdout, _ := mien(append(prepareFlags(dir, net, out)[:9], "--quiet")...)
	require.Zero(t, code)
	require.Equal(t, "3 of 3 samples are cut out: --static-root is now "+out+"/images\n", stdout)
	require.NoDirExists(t, filepath.Join(out, "videos"))
	files, err := filepath.Glob(filepath.Join(out, "images", "images", "*.png"))
	require.NoError(t, err)
	require.Len(t, files, 3)
	image, err := data.OpenImage(t.Context(), files[1], data.OpenOptions{})
	require.NoError(t, err)
	require.Equal(t, []int{112, 112}, []int{image.H, image.W})
}

// What can't be aligned is named, and the rest is.
func TestPrepareSkips(t *testing.T) {
	dir := drawnFiles(t)
	net, out := filepath.Join(dir, "net.safetensors"), filepath.Join(dir, "aligned")
	writeLocator(t, net, 3)
	images, err := filepath.Glob(filepath.Join(dir, "images", "*.png"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(images[1], []byte("no picture"), 0o666))
	code, stdout, stderr := mien(append(prepareFlags(dir, net, out), "--quiet")...)
	require.Equal(t, 3, code)
	require.Contains(t, stdout, "4 of 5 samples are cut out: ")
	require.Contains(t, stderr, "static.txt: line 2: images/"+filepath.Base(images[1])+": ")
	require.Contains(t, stderr, "mien: 1 of 5 inputs failed\n")
	require.NoFileExists(t, filepath.Join(out, "images", "images", filepath.Base(images[1])))
}

// Where no sample can be aligned, there is no folder.
func TestPrepareNothing(t *testing.T) {
	dir := drawnFiles(t)
	net, out := filepath.Join(dir, "net.safetensors"), filepath.Join(dir, "aligned")
	writeLocator(t, net, 3)
	flags := append(prepareFlags(dir, net, out)[:7], "--static-root", filepath.Join(dir, "videos"), "--quiet")
	code, stdout, stderr := mien(flags...)
	require.Equal(t, 1, code)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "mien: 3 of 3 inputs failed\n")
	require.NoDirExists(t, out)
	require.NoDirExists(t, out+".part")
}

// Nothing is written where the command can't do what was asked.
func TestPrepareLandmarksRefuses(t *testing.T) {
	dir := drawnFiles(t)
	net, out := filepath.Join(dir, "net.safetensors"), filepath.Join(dir, "aligned")
	writeLocator(t, net, 3)
	write := func(name, list string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(list), 0o666))
		return path
	}
	replaced := func(flag, value string) []string {
		flags := prepareFlags(dir, net, out)
		for i := range flags {
			if flags[i] == flag {
				flags[i+1] = value
			}
		}
		return flags
	}
	for want, flags := range map[string][]string{
		"nothing to prepare: give --static-list, --dynamic-list, --images or --videos": prepareFlags(dir, net, out)[:5],
		"--size 15: it must be from 16 to 4096":                                        append(prepareFlags(dir, net, out), "--size", "15"),
		"--size 4097: it must be from 16 to 4096":                                      append(prepareFlags(dir, net, out), "--size", "4097"),
		"--static-root " + dir + " is given without --static-list":                     replaced("--static-list", ""),
		"the folder is not empty: give another":                                        replaced("--out", filepath.Join(dir, "images")),
		filepath.Join(dir, "static.txt") + ": not a weights file":                      replaced("--landmarks", filepath.Join(dir, "static.txt")),
		"line 1: ../a.png: the name leads out of the list's folder":                    replaced("--static-list", write("up.txt", "../a.png 0\n")),
		"line 2: a.jpg: it would be written to images/a.png, as a.png":                 replaced("--static-list", write("two.txt", "a.png 0\na.jpg 1\n")),
	} {
		code, stdout, stderr := mien(flags...)
		require.NotZero(t, code, want)
		require.Contains(t, stderr, want)
		require.Empty(t, stdout)
		require.Equal(t, 1, strings.Count(strings.Split(stderr, "hint:")[0], "\n"), stderr)
		require.NoDirExists(t, out)
	}
}

// The face of a longer video is looked for in eight of its frames, and all are written.
func TestPrepareLandmarksOfALongVideo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "faces")
	code, _, stderr := mien("data", "draw", "--out", dir, "--images", "0", "--videos", "1", "--frames", "19", "--size", "40", "--quiet")
	require.Zero(t, code, stderr)
	net, out := filepath.Join(dir, "net.safetensors"), filepath.Join(dir, "aligned")
	writeLocator(t, net, 3)
	flags := prepareFlags(dir, net, out)
	code, stdout, stderr := mien(append(slices.Concat(flags[:5], flags[9:]), "--size", "24", "--quiet")...)
	require.Zero(t, code, stderr)
	require.Equal(t, "1 of 1 samples are cut out: --dynamic-root is now "+out+"/videos\n", stdout)
	locator, err := run.OpenLocator(net, cpu.New())
	require.NoError(t, err)
	defer locator.Close()
	video, err := drawn.Videos(0, 1, 19, 40).Items[0].Open(t.Context(), data.OpenOptions{})
	require.NoError(t, err)
	looked, err := video.Read(t.Context(), []int{1, 3, 5, 8, 10, 13, 15, 17})
	require.NoError(t, err)
	face, err := locator.Align(looked, finder(t), 24)
	require.NoError(t, err)
	last, err := video.Read(t.Context(), []int{18})
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(out, "videos", "videos", "*", "*.png"))
	require.NoError(t, err)
	require.Len(t, files, 19)
	got, err := data.OpenImage(t.Context(), files[18], data.OpenOptions{})
	require.NoError(t, err)
	require.Equal(t, face.Frames(last).Pix, got.Pix)
}
