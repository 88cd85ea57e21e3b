// Package data reads, samples, combines and augments the images, videos and lists that mien learns from, and draws the order in
// which a run uses them. It returns bytes and numbers, not tensors. Go on with lists.go, open.go and transform.go.
package data

import (
	"context"
	"fmt"
	"slices"
)

// Frames is an image (T = 1) or a run of video frames as 8-bit RGB.
type Frames struct {
	T, H, W int
	Pix     []uint8 // ((t·H + y)·W + x)·3 + c
}

// NewFrames returns black frames.
func NewFrames(t, h, w int) *Frames {
	return &Frames{T: t, H: h, W: w, Pix: make([]uint8, t*h*w*3)}
}

// Frame returns frame t's pixels; the slice is shared.
func (f *Frames) Frame(t int) []uint8 {
	n := f.H * f.W * 3
	return f.Pix[t*n : (t+1)*n]
}

// Clone returns frames with pixels of their own.
func (f *Frames) Clone() *Frames {
	return &Frames{T: f.T, H: f.H, W: f.W, Pix: slices.Clone(f.Pix)}
}

// Modality selects the head of a dual-modal model for a sample.
type Modality string

const (
	Image Modality = "image" // a single image
	Video Modality = "video" // a run of frames
)

// ByModality returns whichever of two values belongs to m.
func ByModality[T any](m Modality, image, video T) T {
	if m == Image {
		return image
	}
	return video
}

// Sample is an opened image (one frame) or video. Frames are decoded on demand; a context that ends stops reading between two.
type Sample interface {
	Len() int
	// Read decodes the frames at the given indices, which may repeat and need not be sorted. All have one size.
	Read(ctx context.Context, indices []int) (*Frames, error)
}

// Dataset is a list of images or of videos, never both; all of them are labelled, or none is.
type Dataset struct {
	Modality Modality
	Classes  []string // class names in the order of labels, nil if unknown
	Named    bool     // by a list that has names for labels, which are numbered here
	Skipped  int      // unreadable samples that are left out: see Skips
	Items    []Item
}

// Unlabelled is the label of a sample that has none.
const Unlabelled = -1

// Item is a sample that is not opened yet.
type Item struct {
	Name  string                                             // in messages and tables, usually its path
	Label int                                                // 0-based class, or Unlabelled
	List  string                                             // the file that lists it, "" for a drawn face
	Line  int                                                // in List
	Open  func(context.Context, OpenOptions) (Sample, error) // safe for concurrent use
	Check func(context.Context) error                        // reads headers only; nil if there are no files to check
}

// Place is the sample's name, after the line that lists it.
func (i Item) Place() string {
	if i.List == "" {
		return i.Name
	}
	return fmt.Sprintf("%s: line %d: %s", i.List, i.Line, i.Name)
}
