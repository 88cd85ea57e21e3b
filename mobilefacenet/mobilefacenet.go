// Package mobilefacenet is MobileFaceNet (Chen et al. 2018) as a network of 68 facial landmarks, whose features S2D reads. Batch norms are
// folded into the convolutions before them. It does not learn: its weights come from a file, see weights.go.
//
// The published weights were learned from pixels in [0, 1] as they are. S2D gives them the pixels that its image model reads, from which
// mean and deviation are taken (see [Frames]): points are then less than two pixels from where they were.
package mobilefacenet

import (
	ag "mien/autograd"
	"mien/engine"
	"mien/nn"
)

// Sizes of the published network.
const (
	Side     = 112 // of the image, in pixels
	Points   = 68
	Channels = 128 // of a feature
	Grid     = 14  // positions of a feature in a row, and rows
)

// stage halves the resolution by a unit of its own and goes on with residual ones.
type stage struct {
	name, rest             string // published names of the first unit and of the others
	width                  int    // channels of the result
	down, expand, repeated int    // channels inside the first unit, inside the others, and how many there are
}

// stages are those of the published network. Features are what the second makes.
var stages = [...]stage{{"conv_23", "conv_3", 64, 128, 128, 4}, {"conv_34", "conv_4", Channels, 256, 256, 6}, {"conv_45", "conv_5", 128, 512, 256, 2}}

// Net is the network, up to its landmarks.
type Net struct {
	stem   []*convolution
	stages [len(stages)][]*unit
	last   []*convolution
	points *nn.Linear
}

// New makes the network in scope s, and freezes it.
func New(s *nn.Scope) *Net {
	first := len(s.Params())
	n := &Net{stem: []*convolution{newConvolution(s.Sub("conv1"), 3, 64, 3, 2, true), newDepthwise(s.Sub("conv2_dw"), 64, 3, 1, 1, true)}}
	width := 64
	for i, g := range stages {
		n.stages[i] = []*unit{newUnit(s.Sub(g.name), width, g.down, g.width, 2)}
		for k := range g.repeated {
			n.stages[i] = append(n.stages[i], newUnit(s.Sub(g.rest).Index("model", k), g.width, g.expand, g.width, 1))
		}
		width = g.width
	}
	head := s.Sub("output_layer")
	n.last = []*convolution{newConvolution(s.Sub("conv_6_sep"), width, 512, 1, 1, true), newDepthwise(head.Sub("conv_6_dw"), 512, 7, 1, 0, false)}
	n.points = nn.NewPlainLinear(head.Sub("linear"), 512, 2*Points, nn.Zeros)
	for _, p := range s.Params()[first:] {
		p.Freeze()
	}
	return n
}

// Features maps images x [F, 112, 112, 3] to features [F, 14, 14, 128].
func (n *Net) Features(x *ag.Value) *ag.Value {
	engine.CheckShape("MobileFaceNet", x.Data(), -1, Side, Side, 3)
	x = ag.Reshape(x, x.Dim(0), 1, Side, Side, 3)
	for _, c := range n.stem {
		x = c.forward(x)
	}
	x = forward(x, n.stages[0], n.stages[1])
	return ag.Reshape(x, x.Dim(0), Grid, Grid, Channels)
}

// Landmarks maps features [F, 14, 14, 128] to points [F, 68, 2]: x and y as shares of the image's sides.
func (n *Net) Landmarks(features *ag.Value) *ag.Value {
	frames := features.Dim(0)
	x := forward(ag.Reshape(features, frames, 1, Grid, Grid, Channels), n.stages[2])
	for _, c := range n.last {
		x = c.forward(x)
	}
	return ag.Reshape(n.points.Forward(ag.Reshape(x, frames, 512)), frames, Points, 2)
}

func forward(x *ag.Value, stages ...[]*unit) *ag.Value {
	for _, units := range stages {
		for _, u := range units {
			x = u.forward(x)
		}
	}
	return x
}

// unit is an inverted bottleneck: a 1×1 convolution to more channels, a depth-wise one of 3×3, and a 1×1 convolution to few; residual where
// neither resolution nor channels change.
type unit struct {
	expand, depthwise, project *convolution
	residual                   bool
}

func newUnit(s *nn.Scope, in, inside, out, stride int) *unit {
	return &unit{newConvolution(s.Sub("conv"), in, inside, 1, 1, true), newDepthwise(s.Sub("conv_dw"), inside, 3, stride, 1, true),
		newConvolution(s.Sub("project"), inside, out, 1, 1, false), stride == 1}
}

func (u *unit) forward(x *ag.Value) *ag.Value {
	y := u.project.forward(u.depthwise.forward(u.expand.forward(x)))
	if u.residual {
		y = ag.Add(x, y)
	}
	return y
}

// convolution is one over rows and columns, with the batch norm after it folded in, and PReLU.
type convolution struct {
	*nn.Convolution
	slope *ag.Value // [out] of PReLU; nil without one
}

func newConvolution(s *nn.Scope, in, out, kernel, stride int, prelu bool) *convolution {
	c := nn.NewConvolution(s, in, out, square(kernel, stride, kernel/2), nn.FanInUniform)
	return withPReLU(s, c, out, prelu)
}

func newDepthwise(s *nn.Scope, channels, kernel, stride, pad int, prelu bool) *convolution {
	c := nn.NewDepthwiseConvolution(s, channels, square(kernel, stride, pad), nn.FanIn(kernel*kernel))
	return withPReLU(s, c, channels, prelu)
}

// square is a window over rows and columns alike.
func square(kernel, stride, pad int) engine.Window {
	return engine.Window{Kernel: [3]int{1, kernel, kernel}, Stride: [3]int{1, stride, stride}, Pad: [3]int{0, pad, pad}}
}

func withPReLU(s *nn.Scope, c *nn.Convolution, channels int, prelu bool) *convolution {
	if !prelu {
		return &convolution{c, nil}
	}
	return &convolution{c, s.Param("slope", nn.Constant(0.25), channels)}
}

func (c *convolution) forward(x *ag.Value) *ag.Value {
	x = c.Forward(x)
	if c.slope != nil {
		x = ag.PReLU(x, c.slope)
	}
	return x
}
