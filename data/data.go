// Package data reads, samples, combines and augments what mien learns from: images, videos and the lists that name
// them; and it draws the order in which a run sees them. It knows no tensors and hands out bytes and numbers.
package data

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

// Modality says which head of a dual-modal model a sample belongs to.
type Modality string

const (
	Image Modality = "image" // a single image
	Video Modality = "video" // a run of frames
)

// Sample is an opened image (one frame) or video. Frames are decoded on demand.
type Sample interface {
	Len() int
	// Read decodes the frames at the given indices, which may repeat and need not be sorted. All have one size.
	Read(indices []int) (*Frames, error)
}

// Dataset is a list of labelled images or of labelled videos, never a mixture.
type Dataset interface {
	Modality() Modality
	Len() int
	Name(i int) string // what a message or a result table calls sample i: its path, usually
	Label(i int) int   // 0-based class
	Classes() []string // their names in the order of labels, nil where the set does not say
	Open(i int) (Sample, error)
}
