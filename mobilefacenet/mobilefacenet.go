// Package mobilefacenet is MobileFaceNet (Chen et al. 2018) as a network of 68 facial landmarks, whose features S2D reads. There it is frozen:
// batch norms are folded into the convolutions before them, and weights come from a file, see weights.go. A [Learner] has batch norms as
// layers and learns from drawn faces, see learner.go, and system.go for how runs use it.
//
// The published weights were learned from pixels in [0, 1] as they are. S2D gives them the pixels that its image model reads, from which
// mean and deviation are taken (see [Frames]): in the 160 faces of the London set, at 112 pixels, points are then 1.5 pixels from where they
// were in the mean, a quarter of them more than two, and one 10.9. A Learner learns from such pixels.
package mobilefacenet

import (
	"fmt"
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
func NewTrunk(s *nn.Scope, width int) (t *Trunk) {
	frozen(s, func(s scope) { t = newTrunk(s, width) })
	return t
}

func newTrunk(s scope, width int) *Trunk {
	t := &Trunk{Width: width, stem: []*convolution{newConvolution(s.sub("conv1"), 3, width, 3, 2, true), newDepthwise(s.sub("conv2_dw"), width, 3, 1, 1, true)}}
	t.units = append(stages[0].units(s, width, width), stages[1].units(s, width, width)...)
	return t
}

// Features maps images x [F, side, side, 3] to features [F, side/8, side/8, 2·width].
func (t *Trunk) Features(x *ag.Value) *ag.Value { return t.features(x, inference) }

func (t *Trunk) features(x *ag.Value, m mode) *ag.Value {
	frames, side := x.Dim(0), x.Dim(1)
	engine.CheckShape("MobileFaceNet", x.Data(), -1, side/Stride*Stride, side, 3)
	x = ag.Reshape(x, frames, 1, side, side, 3)
	x = nn.Layer(x, func(x *ag.Value) *ag.Value {
		for _, c := range t.stem {
			x = c.forward(x, m)
		}
		return x
	})
	return ag.Reshape(forward(x, t.units, m), frames, side/Stride, side/Stride, Channels(t.Width))
}

// MACs counts the multiply-adds of the features of an image of side×side pixels.
func (t *Trunk) MACs(side int) int {
	n, _ := macs(append(slices.Clip(t.stem), convolutions(t.units)...), side)
	return n
}

// macs counts the multiply-adds of convolutions one after the other, and returns the side of the result.
func macs(all []*convolution, side int) (n, to int) {
	for _, c := range all {
		side = c.Window.Sites([3]int{1, side, side})[1]
		n += side * side * c.Weight.Data().Len()
	}
	return n, side
}

func convolutions(units []*unit) (all []*convolution) {
	for _, u := range units {
		all = append(all, u.expand, u.depthwise, u.project)
	}
	return all
}

// Net is the network, up to its landmarks.
type Net struct {
	*Trunk
	side   int
	units  []*unit // of the last stage
	last   []*convolution
	points *nn.Linear
}

// New makes the network of some width for images of side×side pixels in scope s, and freezes it.
func New(s *nn.Scope, width, side int) (n *Net) {
	frozen(s, func(s scope) { n = newNet(s, width, side) })
	return n
}

func newNet(s scope, width, side int) *Net {
	grid, deep := side/Stride, 8*width
	n := &Net{Trunk: newTrunk(s, width), side: side, units: stages[2].units(s, Channels(width), width)}
	head := s.sub("output_layer")
	n.last = []*convolution{newConvolution(s.sub("conv_6_sep"), Channels(width), deep, 1, 1, true), newDepthwise(head.sub("conv_6_dw"), deep, (grid+1)/2, 1, 0, false)}
	linear := head.Sub("linear")
	n.points = &nn.Linear{Weight: linear.Param("weight", nn.FanInUniform, 2*Points, deep), Bias: linear.Param("bias", nn.Constant(0.5), 2*Points)}
	return n
}

// Landmarks maps features [F, side/8, side/8, 2·width] to points [F, 68, 2]: x and y as shares of the image's sides.
func (n *Net) Landmarks(features *ag.Value) *ag.Value { return n.landmarks(features, inference) }

func (n *Net) landmarks(features *ag.Value, m mode) *ag.Value {
	frames, grid := features.Dim(0), n.side/Stride
	x := forward(ag.Reshape(features, frames, 1, grid, grid, Channels(n.Width)), n.units, m)
	for _, c := range n.last {
		x = c.forward(x, m)
	}
	return ag.Reshape(n.points.Forward(ag.Reshape(x, frames, x.Dim(-1))), frames, Points, 2)
}

// MACs counts the multiply-adds of the landmarks of an image.
func (n *Net) MACs() int {
	rest, _ := macs(append(convolutions(n.units), n.last...), n.side/Stride)
	return n.Trunk.MACs(n.side) + rest + n.points.Weight.Data().Len()
}

func forward(x *ag.Value, units []*unit, m mode) *ag.Value {
	for _, u := range units {
		x = nn.Layer(x, func(x *ag.Value) *ag.Value { return u.forward(x, m) })
	}
	return x
}

// units makes those of a stage of a network of some width, whose input has in channels.
func (g stage) units(s scope, in, width int) []*unit {
	out := g.width * width
	units := []*unit{newUnit(s.sub(g.name), in, g.down*width, out, 2)}
	for i := range g.repeated {
		units = append(units, newUnit(s.sub(g.rest).sub(fmt.Sprint("model.", i)), out, g.expand*width, out, 1))
	}
	return units
}

// unit is an inverted bottleneck: a 1×1 convolution to more channels, a depth-wise one of 3×3, and a 1×1 convolution to few; residual where
// neither resolution nor channels change.
type unit struct {
	expand, depthwise, project *convolution
	residual                   bool
}

func newUnit(s scope, in, inside, out, stride int) *unit {
	return &unit{newConvolution(s.sub("conv"), in, inside, 1, 1, true), newDepthwise(s.sub("conv_dw"), inside, 3, stride, 1, true),
		newConvolution(s.sub("project"), inside, out, 1, 1, false), stride == 1}
}

func (u *unit) forward(x *ag.Value, m mode) *ag.Value {
	y := u.project.forward(u.depthwise.forward(u.expand.forward(x, m), m), m)
	if u.residual {
		y = ag.Add(x, y)
	}
	return y
}
