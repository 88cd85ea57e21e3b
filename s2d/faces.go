package s2d

import (
	ag "mien/autograd"
	"mien/mobilefacenet"
	"mien/nn"
	"mien/vit"
)

// faces reads the features of landmarks in the frames that the model sees. The images of its network have as many positions as the frames
// have patches.
type faces struct {
	images *mobilefacenet.Frames
	trunk  *mobilefacenet.Trunk
	side   int // of an image, in pixels
}

// newFaces makes the reader for frames of an encoder, with a landmark network of some width, a guest in scope s.
func newFaces(s *nn.Scope, c vit.Config, width int) *faces {
	side := c.ImageSize / c.PatchSize * mobilefacenet.Stride
	return &faces{mobilefacenet.NewFrames(s, c.ImageSize, side), mobilefacenet.NewTrunk(s.Guest(guestName), width), side}
}

// features are those [F, N, channels] of all frames of pixels, sample by sample, to take less memory. Nothing of them is learned, so that
// nothing is recorded.
func (f *faces) features(pixels *ag.Value) *ag.Value {
	t := pixels.Tape()
	var all []*ag.Value
	for i := range pixels.Dim(0) {
		all = append(all, t.Scope(func() []*ag.Value {
			return []*ag.Value{f.trunk.Features(f.images.Forward(t.Const(pixels.Data().Range(i, i+1))))} // [T, rows, columns, channels]
		})...)
	}
	x := ag.Concat(0, all...)
	return ag.Reshape(x, x.Dim(0), x.Dim(1)*x.Dim(2), x.Dim(3))
}

// macs counts the multiply-adds for a frame.
func (f *faces) macs() int { return f.trunk.MACs(f.side) }
