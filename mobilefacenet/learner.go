package mobilefacenet

import (
	ag "mien/autograd"
	"mien/nn"
)

// Learner is a network that learns, from frames as S2D shows them to a frozen one.
type Learner struct {
	images *Frames
	net    *Net
	norms  []*nn.BatchNorm
}

// NewLearner makes a network of some width for frames of from×from pixels, which it sees as images of side×side. Its file is one of those
// that Source reads.
func NewLearner(s *nn.Scope, width, from, side int) *Learner {
	l := &Learner{images: NewFrames(s, from, side)}
	l.net = newNet(scope{s, &l.norms}, width, side)
	return l
}

// Train maps pixels, bytes [B, T, H, W, 3] or floats [B, 3, T, H, W] in [0, 1], to the points [B·T, 68, 2] in all frames: x and y as shares of
// the frame's sides. Batch norms go by the statistics of the batch.
func (l *Learner) Train(pixels *ag.Value) *ag.Value { return l.points(pixels, training) }

// Landmarks does the same by running statistics: what it finds in a frame depends on nothing else.
func (l *Learner) Landmarks(pixels *ag.Value) *ag.Value { return l.points(pixels, inference) }

func (l *Learner) points(pixels *ag.Value, m mode) *ag.Value {
	return l.net.landmarks(l.net.features(l.images.Forward(pixels), m), m)
}

// Update moves the running statistics towards those of the last batch.
func (l *Learner) Update() {
	for _, n := range l.norms {
		n.Update()
	}
}

// Loss is the mean distance between coordinates of points and of a constant target, both [F, 68, 2], in percent of the frame's sides: L1,
// by which landmarks are learned better than by the squared error (Feng et al. 2018, "Wing Loss").
//
//	loss = 100 · mean |point − target|
func Loss(points, target *ag.Value) *ag.Value {
	d := ag.Sub(points, target)
	return ag.Scale(ag.Mean(ag.Add(ag.ReLU(d), ag.ReLU(ag.Scale(d, -1)))), 100)
}
