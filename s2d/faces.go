package s2d

import (
	ag "mien/autograd"
	"mien/mobilefacenet"
	"mien/nn"
	"mien/recipe"
	"mien/vit"
)

// faces reads the features of landmarks in the frames that the model sees. The images of its network have as many positions as the frames
// have patches.
type faces struct {
	images     *mobilefacenet.Frames
	trunk      *mobilefacenet.Trunk
	from, side int // of a frame and of an image, in pixels
}

// newFaces makes the reader for frames of an encoder, with a landmark network of some width, a feature extractor in scope s.
func newFaces(s *nn.Scope, c vit.Config, width int) *faces {
	side := mobilefacenet.SideOf(recipe.Encoder(c))
	return &faces{mobilefacenet.NewFrames(s, c.ImageSize, side), mobilefacenet.NewTrunk(s.Extractor(landmarkScope), width), c.ImageSize, side}
}

// atOnce is how many pixels the landmark network reads in one pass, 4 images of the published size, whose activations stay in the cache: of
// all frames of a video they would come from memory.
const atOnce = 4 * mobilefacenet.Side * mobilefacenet.Side

// features are those [F, N, channels] of all frames of pixels, made for a few samples at a time. Nothing of them is learned, so that nothing
// is recorded.
func (f *faces) features(pixels *ag.Value) *ag.Value {
	t, samples := pixels.Tape(), pixels.Dim(0)
	frames := pixels.Data().Len() / (samples * 3 * f.from * f.from)
	n := max(1, atOnce/(frames*f.side*f.side))
	var all []*ag.Value
	for i := 0; i < samples; i += n {
		all = append(all, t.Scope(func() []*ag.Value {
			return f.inParts(f.images.Forward(t.Const(pixels.Data().Range(i, min(i+n, samples)))))
		})...)
	}
	x := ag.Concat(0, all...)
	return ag.Reshape(x, x.Dim(0), x.Dim(1)*x.Dim(2), x.Dim(3))
}

// inParts returns features [images, rows, columns, channels] of a few images after the other.
func (f *faces) inParts(images *ag.Value) (parts []*ag.Value) {
	t, n := images.Tape(), max(1, atOnce/(f.side*f.side))
	for i := 0; i < images.Dim(0); i += n {
		some := t.Const(images.Data().Range(i, min(i+n, images.Dim(0))))
		parts = append(parts, f.trunk.Features(some))
	}
	return parts
}

// macs counts the multiply-adds for a frame.
func (f *faces) macs() int { return f.trunk.MACs(f.side) }
