package main

import (
	"image"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/face"
	"mien/report"
	"mien/weights"
)

// toyFaces writes a video of a face that goes, a picture that is a cut-out face, and a detector that is surer than the one within.
func toyFaces(t *testing.T, dir string) {
	t.Helper()
	portrait, err := data.OpenImage(t.Context(), photos+"portrait.png", data.OpenOptions{})
	require.NoError(t, err)
	scene := &gif.GIF{}
	for i := range 6 {
		shown := portrait
		if i >= 4 {
			shown = data.NewFrames(1, portrait.H, portrait.W)
		}
		m := image.NewPaletted(image.Rect(0, 0, portrait.W, portrait.H), palette.Plan9)
		draw.FloydSteinberg.Draw(m, m.Rect, report.Picture(shown, 0), image.Point{})
		scene.Image, scene.Delay = append(scene.Image, m), append(scene.Delay, 10)
	}
	saveTo(t, filepath.Join(dir, "scene.gif"), func(f *os.File) error { return gif.EncodeAll(f, scene) })

	d, err := face.New(newCPU())
	require.NoError(t, err)
	found, err := d.Detect(portrait, face.DefaultOptions)
	require.NoError(t, err)
	crop, err := face.Drawn.Frames(portrait, found[0][0], 100)
	require.NoError(t, err)
	saveTo(t, filepath.Join(dir, "portrait.png"), func(f *os.File) error { return png.Encode(f, report.Picture(crop, 0)) })
	writeDetector(t, filepath.Join(dir, "finder.safetensors"))
}

// writeDetector writes the embedded detector with a higher bias of its scores, and of the places of left eyes.
func writeDetector(t *testing.T, path string) {
	t.Helper()
	from, err := weights.Open("../../face/weights/yunet_s.safetensors")
	require.NoError(t, err)
	defer from.Close()
	var tensors []weights.Tensor
	for _, name := range from.Names() {
		shape, _ := from.Shape(name)
		tensors = append(tensors, weights.Tensor{Name: name, Shape: shape, Fill: func(dst []float32) error {
			err := from.Read(name, dst)
			if len(dst) == 16 && name[len(name)-len("conv2.bias"):] == "conv2.bias" && name[0] == 'b' {
				dst[0] += 0.25
				dst[6] += 0.25
			}
			return err
		}})
	}
	require.NoError(t, weights.WriteSafetensors(path, tensors, from.Metadata()))
}

func saveTo(t *testing.T, path string, write func(*os.File) error) {
	t.Helper()
	f, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, write(f))
	require.NoError(t, f.Close())
}
