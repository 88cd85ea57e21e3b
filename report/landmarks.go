package report

import (
	"image"
	"image/color"
	"image/draw"

	"mien/data"
	"mien/run"
)

// Pictures of landmarks.

const (
	faceSize    = 160 // pixels of a face in the picture
	facesInARow = 6
)

var (
	foundColor = color.RGBA{R: 0, G: 230, B: 64, A: 255}
	truthColor = color.RGBA{R: 255, G: 48, B: 48, A: 255}
)

// Landmarks draws the middle frame of each face with the landmarks that a network found, green, over the true ones, red.
func Landmarks(faces []run.LocatedFace) image.Image {
	rows := (len(faces) + facesInARow - 1) / facesInARow
	out := image.NewRGBA(image.Rect(0, 0, min(len(faces), facesInARow)*(faceSize+2), rows*(faceSize+2)))
	draw.Draw(out, out.Rect, image.White, image.Point{}, draw.Src)
	for i, f := range faces {
		x, y, t := i%facesInARow*(faceSize+2), i/facesInARow*(faceSize+2), f.T/2
		one := &data.Frames{T: 1, H: f.H, W: f.W, Pix: f.Frame(t)}
		paint(out, x, y, data.Resize(one, faceSize, faceSize), 0)
		cell := out.SubImage(image.Rect(x, y, x+faceSize, y+faceSize)).(*image.RGBA)
		dots(cell, f.Truth[t], truthColor)
		dots(cell, f.Found[t], foundColor)
	}
	return out
}

// dots paints landmarks, 2×2 pixels each, where they are in the cell.
func dots(cell *image.RGBA, l data.Landmarks, c color.Color) {
	b := cell.Bounds()
	for _, q := range l {
		x, y := b.Min.X+int(q.X*float64(b.Dx())), b.Min.Y+int(q.Y*float64(b.Dy()))
		draw.Draw(cell, image.Rect(x-1, y-1, x+1, y+1), image.NewUniform(c), image.Point{}, draw.Src)
	}
}
