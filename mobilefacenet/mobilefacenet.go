// Package mobilefacenet is MobileFaceNet (Chen et al. 2018) as a network of 68 facial landmarks, whose features S2D reads. Batch norms are
// folded into the convolutions before them. It does not learn: its weights come from a file, see weights.go.
//
// The published weights were learned from pixels in [0, 1] as they are. S2D gives them the pixels that its image model reads, from which
// mean and deviation are taken (see [Frames]): points are then less than two pixels from where they were.
package mobilefacenet

import (
	"slices"

	ag "mien/autograd"
	"mien/engine"
	"mien/nn"
)

// The published network is of this size. Others have another width, and read images of another side.
const (
	Width  = 64  // channels of the first convolution, of which all others have multiples
	Side   = 112 // of the image, in pixels
	Points = 68

	// Stride is the number of pixels, in a row and in a column, for each position of a feature.
	Stride = 8
)

// Channels is the number of channels of a feature of a network of some width.
func Channels(width int) int { return 2 * width }

// stage halves the resolution by a unit of its own and goes on with residual ones.
type stage struct {
	name, rest             string // published names of the first unit and of the others
	width                  int    // channels of the result, in widths of the network
	down, expand, repeated int    // channels inside the first unit, inside the others, and how many there are
}

// stages are those of the published network. Features are what the second makes.
var stages = [...]stage{{"conv_23", "conv_3", 1, 2, 2, 4}, {"conv_34", "conv_4", 2, 4, 4, 6}, {"conv_45", "conv_5", 2, 8, 4, 2}}

// Trunk is the network up to its features, which is all that S2D reads.
type Trunk struct {
	Width int
	stem  []*convolution
	units []*unit // of the first two stages
}

// NewTrunk makes the trunk of a network of some width in scope s, and freezes it.
func NewTrunk(s *nn.Scope, width int) *Trunk {
	first := len(s.Params())
	t := &Trunk{Width: width, stem: []*convolution{newConvolution(s.Sub("conv1"), 3, width, 3, 2, true), newDepthwise(s.Sub("conv2_dw"), width, 3, 1, 1, true)}}
	t.units = append(stages[0].units(s, width, width), stages[1].units(s, width, width)...)
	freeze(s, first)
	return t
}

// Features maps images x [F, side, side, 3] to features [F, side/8, side/8, 2·width].
func (t *Trunk) Features(x *ag.Value) *ag.Value {
	frames, side := x.Dim(0), x.Dim(1)
	engine.CheckShape("MobileFaceNet", x.Data(), -1, side/Stride*Stride, side, 3)
	x = ag.Reshape(x, frames, 1, side, side, 3)
	x = nn.Layer(x, func(x *ag.Value) *ag.Value {
		for _, c := range t.stem {
			x = c.forward(x)
		}
		return x
	})
	return ag.Reshape(forward(x, t.units), frames, side/Stride, side/Stride, Channels(t.Width))
}

// MACs counts the multiply-adds of the features of an image of side×side pixels.
func (t *Trunk) MACs(side int) (n int) {
	all := t.stem
	for _, u := range t.units {
		all = append(slices.Clip(all), u.expand, u.depthwise, u.project)
	}
	for _, c := range all {
		side = c.Window.Sites([3]int{1, side, side})[1]
		n += side * side * c.Weight.Data().Len()
	}
	return n
}

// Net is the network, up to its landmarks, of the published size.
type Net struct {
	*Trunk
	units  []*unit // of the last stage
	last   []*convolution
	points *nn.Linear
}

// New makes the network in scope s, and freezes it.
func New(s *nn.Scope) *Net {
	first := len(s.Params())
	n := &Net{Trunk: NewTrunk(s, Width), units: stages[2].units(s, Channels(Width), Width)}
	head := s.Sub("output_layer")
	n.last = []*convolution{newConvolution(s.Sub("conv_6_sep"), Channels(Width), 512, 1, 1, true), newDepthwise(head.Sub("conv_6_dw"), 512, Side/16, 1, 0, false)}
	n.points = nn.NewPlainLinear(head.Sub("linear"), 512, 2*Points, nn.Zeros)
	freeze(s, first)
	return n
}

// freeze turns what was made in a scope since it had first parameters into constants.
func freeze(s *nn.Scope, first int) {
	for _, p := range s.Params()[first:] {
		p.Freeze()
	}
}

// Landmarks maps features [F, 14, 14, 128] to points [F, 68, 2]: x and y as shares of the image's sides.
func (n *Net) Landmarks(features *ag.Value) *ag.Value {
	frames, grid := features.Dim(0), Side/Stride
	x := forward(ag.Reshape(features, frames, 1, grid, grid, Channels(Width)), n.units)
	for _, c := range n.last {
		x = c.forward(x)
	}
	return ag.Reshape(n.points.Forward(ag.Reshape(x, frames, 512)), frames, Points, 2)
}

func forward(x *ag.Value, units []*unit) *ag.Value {
	for _, u := range units {
		x = nn.Layer(x, u.forward)
	}
	return x
}

// units makes those of a stage of a network of some width, whose input has in channels.
func (g stage) units(s *nn.Scope, in, width int) []*unit {
	out := g.width * width
	units := []*unit{newUnit(s.Sub(g.name), in, g.down*width, out, 2)}
	for i := range g.repeated {
		units = append(units, newUnit(s.Sub(g.rest).Index("model", i), out, g.expand*width, out, 1))
	}
	return units
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
