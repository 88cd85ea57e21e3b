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

// eye is an example: a picture, where the outer and the inner corner of one eye are in it, and the way from the left eye to the right one.
type eye struct {
	picture *data.Frames
	corners [eyes.Corners]complex128
	along   complex128
	right   bool
	sitter  int // by which folds are made: a number from 0
}

func (e *eye) middle() complex128 { return (e.corners[0] + e.corners[1]) / 2 }

// pair returns both eyes of a face, by their corners from left to right.
func pair(picture *data.Frames, at [4]complex128, sitter int) []*eye {
	along := (at[2] + at[3] - at[0] - at[1]) / 2
	return []*eye{
		{picture, [eyes.Corners]complex128{at[0], at[1]}, along, false, sitter},
		{picture, [eyes.Corners]complex128{at[3], at[2]}, along, true, sitter},
	}
}

// readLondon reads the eyes of the sitters for training.
func readLondon(folder string) (all []*eye, err error) {
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
		all = append(all, pair(picture, p.Corners, sitters[p.Sitter()])...)
	}
	return all, nil
}

const (
	// drawnFaces is how many faces are drawn.
	drawnFaces = 800
	// drawnSide is theirs in pixels: eyes are some 67 apart, as in the portraits.
	drawnSide = 160
)

// drawEyes draws the eyes of n faces.
func drawEyes(n int) (all []*eye, err error) {
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
		all = append(all, pair(frame, at, 0)...)
	}
	return all, nil
}
