// Faces writes drawn faces as a dataset of images: JPEG and PNG files of any size, a third of them grey, and a list.
//
//	go run ./bench/faces DIR SEED COUNT…
//
// DIR receives the files and list.txt, "path label" a line. COUNT is the number of images of each of AffectNet's seven classes. No
// person is in two sets of different seeds.
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"mien/data"
	"mien/data/drawn"
	"mien/report"
)

// Faces are drawn square, with sides from minSize to maxSize in steps, and up to a part of each side is cut off at either end: so
// images have any size and shape.
const minSize, maxSize, step, cut = 64, 464, 100, 0.12

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "faces:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2+len(data.AffectNet7) {
		return fmt.Errorf("usage: faces DIR SEED COUNT…, with %d counts", len(data.AffectNet7))
	}
	seed, err := strconv.ParseUint(args[1], 10, 64)
	counts := make([]int, len(data.AffectNet7))
	for i, arg := range args[2:] {
		n, e := strconv.Atoi(arg)
		counts[i], err = n, errors.Join(err, e)
	}
	if err != nil {
		return err
	}
	return write(args[0], newFaces(seed, counts))
}

// faces are the images of a dataset.
type faces struct {
	seed   uint64
	sets   []*data.Dataset // of each size
	labels []int           // of the images, the classes mixed
	number []int           // of each image among those of its class
}

func newFaces(seed uint64, counts []int) *faces {
	f := &faces{seed: seed}
	most := 0
	for label, n := range counts {
		most = max(most, n)
		for i := range n {
			f.labels, f.number = append(f.labels, label), append(f.number, i)
		}
	}
	rng := data.Stream(seed, "order")
	rng.Shuffle(len(f.labels), func(i, j int) {
		f.labels[i], f.labels[j] = f.labels[j], f.labels[i]
		f.number[i], f.number[j] = f.number[j], f.number[i]
	})
	for size := minSize; size <= maxSize; size += step {
		f.sets = append(f.sets, drawn.Images(seed, most*len(counts), size))
	}
	return f
}

// item is what image i is drawn as in a set: its sample k shows class k modulo their number.
func (f *faces) item(i int, set *data.Dataset) data.Item {
	return set.Items[f.number[i]*len(set.Classes)+f.labels[i]]
}

// draw draws image i.
func (f *faces) draw(ctx context.Context, i int) (image.Image, error) {
	rng := data.Stream(f.seed, "image", i)
	sample, err := f.item(i, f.sets[rng.IntN(len(f.sets))]).Open(ctx, data.OpenOptions{})
	if err != nil {
		return nil, err
	}
	frame, err := sample.Read(ctx, []int{0})
	if err != nil {
		return nil, err
	}
	return picture(frame, margins(rng, frame.W, frame.H), rng.IntN(3) == 0), nil
}

// margins draws what is left of w×h pixels.
func margins(rng *rand.Rand, w, h int) image.Rectangle {
	off := func(n int) int { return int(cut * rng.Float64() * float64(n)) }
	return image.Rect(off(w), off(h), w-off(w), h-off(h))
}

// picture cuts a rectangle out of a frame, and takes its colour away if it is to be grey.
func picture(f *data.Frames, r image.Rectangle, grey bool) image.Image {
	var out draw.Image = image.NewNRGBA(r)
	if grey {
		out = image.NewGray(r)
	}
	draw.Draw(out, r, report.Picture(f, 0), r.Min, draw.Src)
	return out
}

// write writes all images, and then their list.
func write(dir string, f *faces) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	list, i, workers := "", 0, runtime.GOMAXPROCS(0)
	for name, err := range data.Ordered(context.Background(), len(f.labels), workers, 4*workers, func(ctx context.Context, i int) (string, error) {
		return f.save(ctx, dir, i)
	}) {
		if err != nil {
			return err
		}
		list += fmt.Sprintf("%s %d\n", name, f.labels[i])
		i++
	}
	return os.WriteFile(filepath.Join(dir, "list.txt"), []byte(list), 0o644)
}

// save writes image i, every other one as PNG, and returns the name of its file.
func (f *faces) save(ctx context.Context, dir string, i int) (name string, err error) {
	m, err := f.draw(ctx, i)
	if err != nil {
		return "", err
	}
	var file bytes.Buffer
	if i%2 == 1 {
		name, err = fmt.Sprintf("%05d.png", i), png.Encode(&file, m)
	} else {
		name, err = fmt.Sprintf("%05d.jpg", i), jpeg.Encode(&file, m, &jpeg.Options{Quality: 90})
	}
	return name, cmp.Or(err, os.WriteFile(filepath.Join(dir, name), file.Bytes(), 0o644))
}
