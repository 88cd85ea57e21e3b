package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"mien/data"
	"mien/data/drawn"
	"mien/face/eyes"
	"mien/internal/annotated"
)

// face is an example: a picture, where the corners of both eyes are in it, and the way from the left eye to the right one.
type face struct {
	picture *data.Frames
	corners [2][eyes.Corners]complex128 // of the left and of the right eye, the outer one first
	along   complex128
	sitter  int // by which folds are made: a number from 0
}

// newFace returns a face by the corners of its eyes from left to right.
func newFace(picture *data.Frames, at [4]complex128, sitter int) *face {
	along := (at[2] + at[3] - at[0] - at[1]) / 2
	return &face{picture, [2][eyes.Corners]complex128{{at[0], at[1]}, {at[3], at[2]}}, along, sitter}
}

// middle is that of an eye.
func (f *face) middle(i int) complex128 { return (f.corners[i][0] + f.corners[i][1]) / 2 }

// readLondon reads the portraits of the sitters for training.
func readLondon(folder string) (all []*face, err error) {
	list, err := os.ReadFile(filepath.Join(folder, "annotation", "static_train.txt"))
	if err != nil {
		return nil, err
	}
	portraits, err := annotated.Portraits()
	if err != nil {
		return nil, err
	}
	sitters := map[string]int{} // numbers of those in the list
	for _, p := range portraits {
		if !strings.Contains(string(list), "/"+p.Sitter()+" ") {
			continue
		}
		if _, ok := sitters[p.Sitter()]; !ok {
			sitters[p.Sitter()] = len(sitters)
		}
		picture, err := data.OpenImage(context.Background(), filepath.Join(folder, p.Picture), data.OpenOptions{})
		if err != nil {
			return nil, err
		}
		all = append(all, newFace(picture, p.Corners, sitters[p.Sitter()]))
	}
	return all, nil
}

const (
	// drawnFaces is how many faces are drawn.
	drawnFaces = 800
	// drawnSide is theirs in pixels: eyes are some 67 apart, as in the portraits.
	drawnSide = 160
)

// draw draws n faces.
func draw(n int) (all []*face, err error) {
	ctx, first := context.Background(), []int{0}
	for _, item := range drawn.Images(1, n, drawnSide).Items {
		sample, err := item.Open(ctx, data.OpenOptions{})
		if err != nil {
			return nil, err
		}
		frame, err := sample.Read(ctx, first)
		if err != nil {
			return nil, err
		}
		landmarks, err := sample.(*drawn.Sample).Landmarks(first)
		if err != nil {
			return nil, err
		}
		var at [4]complex128
		for i, k := range [4]int{36, 39, 42, 45} {
			at[i] = complex(landmarks[0][k].X*drawnSide, landmarks[0][k].Y*drawnSide)
		}
		all = append(all, newFace(frame, at, 0))
	}
	return all, nil
}
