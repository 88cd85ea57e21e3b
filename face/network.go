package face

import (
	ag "mien/autograd"
	"mien/engine"
	"mien/nn"
)

// The network. Names are those of the published training code, but that the four branches of a level's head, which differ in nothing but
// what they predict, are one here.

// Strides of the three levels in pixels: cells of a level are so far apart.
var strides = [...]int{8, 16, 32}

// alignment of the sides of a picture: the coarsest stride.
const alignment = 32

// What a cell says, in the order of its channels.
const (
	class  = 0 // logit of a face
	box    = 1 // centre and size: x, y, log width, log height
	object = 5 // logit of an object
	points = 6 // x and y of five points

	perCell = 16
)

// shape tells the published networks apart.
type shape struct {
	width  int  // channels at stride 4: 32 of YuNet-s, 64 of YuNet-n
	shared bool // a unit stands before each level's head, as in YuNet-n
}

// deep is the number of channels at all levels.
const deep = 64

// network maps pixels to what cells say.
type network struct {
	first    *nn.Convolution
	stages   [6][]*unit
	laterals [len(strides)]*unit
	shared   [len(strides)]*unit
	heads    [len(strides)]*unit
}

func newNetwork(s *nn.Scope, of shape) *network {
	backbone, neck, head := s.Sub("backbone"), s.Sub("neck"), s.Sub("bbox_head")
	stem := backbone.Sub("model0")
	n := &network{}
	n.first = nn.NewConvolution(stem.Sub("conv1"), 3, 16, square(3, 2), nn.Zeros)
	n.stages[0] = []*unit{newUnit(stem.Sub("conv2"), 16, 16, pooled)}
	in := 16
	for i, out := range [...]int{of.width, deep, deep, deep, deep} {
		end := relu
		if i == 1 {
			end = pooled
		}
		stage := backbone.Sub([...]string{"model1", "model2", "model3", "model4", "model5"}[i])
		n.stages[i+1] = []*unit{newUnit(stage.Sub("conv1"), in, in, relu), newUnit(stage.Sub("conv2"), in, out, end)}
		in = out
	}
	for level := len(strides) - 1; level >= 0; level-- {
		n.laterals[level] = newUnit(neck.Index("lateral_convs", level), deep, deep, relu)
	}
	for level := range strides {
		if of.shared {
			n.shared[level] = newUnit(head.Index("multi_level_share_convs", level), deep, deep, relu)
		}
	}
	for level := range strides {
		n.heads[level] = newUnit(head.Index("multi_level", level), deep, perCell, plain)
	}
	return n
}

// square is a window over rows and columns that keeps the size, but for its stride.
func square(kernel, stride int) engine.Window {
	return engine.Window{Kernel: [3]int{1, kernel, kernel}, Stride: [3]int{1, stride, stride}, Pad: [3]int{0, kernel / 2, kernel / 2}}
}

// forward maps pixels x [B, 1, H, W, 3], red first and from 0 to 255, whose sides are multiples of 32, to what the cells of each level say,
// [B, 1, H/stride, W/stride, 16].
func (n *network) forward(x *ag.Value) (levels [len(strides)]*ag.Value) {
	x = nn.Layer(x, func(x *ag.Value) *ag.Value { return n.first.Forward(x) })
	x = nn.Layer(x, ag.ReLU)
	for i, units := range n.stages {
		for _, u := range units {
			x = u.forward(x)
		}
		if level := i - 3; level >= 0 {
			levels[level] = x
			if level+1 < len(strides) {
				x = ag.MaxPool(x, halved)
			}
		}
	}
	for level := len(strides) - 1; level >= 0; level-- {
		if level+1 < len(strides) {
			levels[level] = addDoubled(levels[level], levels[level+1])
		}
		levels[level] = n.laterals[level].forward(levels[level])
	}
	for level := range strides {
		if n.shared[level] != nil {
			levels[level] = n.shared[level].forward(levels[level])
		}
		levels[level] = n.heads[level].forward(levels[level])
	}
	return levels
}

// addDoubled adds each position of coarse [B, 1, H, W, C] to the four of fine [B, 1, 2·H, 2·W, C] that it covers.
func addDoubled(fine, coarse *ag.Value) *ag.Value {
	shape, rows := fine.Shape(), coarse.Dim(0)*coarse.Dim(2)
	sum := ag.Add(ag.Reshape(fine, rows, 2, shape[3]/2, 2, shape[4]), ag.Reshape(coarse, rows, 1, shape[3]/2, 1, shape[4]))
	return ag.Reshape(sum, shape...)
}

// halved is the window of a pool that halves the resolution.
var halved = engine.Window{Kernel: [3]int{1, 2, 2}, Stride: [3]int{1, 2, 2}}

// unit mixes channels and convolves each by itself.
type unit struct {
	mix, convolve *nn.Convolution
	end           ending
}

// ending is what follows in a unit.
type ending int

const (
	plain  ending = iota
	relu          // drops what is negative
	pooled        // takes the largest of four, and then drops what is negative, which is the same as before and less work
)

func newUnit(s *nn.Scope, in, out int, end ending) *unit {
	mix, convolve := s.Sub("conv1"), s.Sub("conv2")
	return &unit{
		nn.NewConvolution(mix, in, out, square(1, 1), nn.Zeros),
		nn.NewDepthwiseConvolution(convolve, out, square(3, 1), nn.Zeros), end,
	}
}

func (u *unit) forward(x *ag.Value) *ag.Value {
	return x.Tape().Scope(func() []*ag.Value {
		y := u.convolve.Forward(u.mix.Forward(x))
		if u.end == pooled {
			y = ag.MaxPool(y, halved)
		}
		if u.end != plain {
			y = ag.ReLU(y)
		}
		return []*ag.Value{y}
	})[0]
}
