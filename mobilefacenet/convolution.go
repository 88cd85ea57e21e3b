package mobilefacenet

import (
	ag "mien/autograd"
	"mien/engine"
	"mien/nn"
)

// The layer of which all of the network is made.

// scope is where parameters of a network are made. Batch norms of one that learns are layers; those of a frozen one are part of the
// convolutions before them.
type scope struct {
	*nn.Scope
	norms *[]*nn.BatchNorm // of a network that learns, as they are made; nil of a frozen one
}

func (s scope) sub(name string) scope { return scope{s.Sub(name), s.norms} }

// frozen makes a network in a scope and turns its parameters into constants.
func frozen(s *nn.Scope, build func(s scope)) {
	first := len(s.Params())
	build(scope{Scope: s})
	for _, p := range s.Params()[first:] {
		p.Freeze()
	}
}

// mode is what batch norms normalise by: running statistics, or in training those of the batch.
type mode bool

const (
	inference mode = false
	training  mode = true
)

// convolution is one over rows and columns, with a batch norm after it, and PReLU.
type convolution struct {
	*nn.Convolution
	norm  *nn.BatchNorm // nil where it is folded in
	slope *ag.Value     // [out] of PReLU; nil without one
}

func newConvolution(s scope, in, out, kernel, stride int, prelu bool) *convolution {
	weight := s.Weight("weight", nn.FanInUniform, out, 1, kernel, kernel, in)
	return s.after(&nn.Convolution{Weight: weight, Window: square(kernel, stride, kernel/2)}, out, prelu)
}

func newDepthwise(s scope, channels, kernel, stride, pad int, prelu bool) *convolution {
	weight := s.Param("weight", nn.FanIn(kernel*kernel), 1, kernel, kernel, channels)
	return s.after(&nn.Convolution{Weight: weight, Window: square(kernel, stride, pad), Depthwise: true}, channels, prelu)
}

// square is a window over rows and columns alike.
func square(kernel, stride, pad int) engine.Window {
	return engine.Window{Kernel: [3]int{1, kernel, kernel}, Stride: [3]int{1, stride, stride}, Pad: [3]int{0, pad, pad}}
}

// after adds what follows a convolution. Its bias is that of the batch norm.
func (s scope) after(c *nn.Convolution, channels int, prelu bool) *convolution {
	all := &convolution{Convolution: c}
	if s.norms == nil {
		c.Bias = s.Param("bias", nn.Zeros, channels)
	} else {
		all.norm = nn.NewBatchNorm(s.Sub(normScope), channels)
		*s.norms = append(*s.norms, all.norm)
	}
	if prelu {
		all.slope = s.Param("slope", nn.Constant(0.25), channels)
	}
	return all
}

// normScope is what a layer calls its batch norm.
const normScope = "bn"

// forward frees what the convolution made for what follows it: images are large, and a frozen network keeps none.
func (c *convolution) forward(x *ag.Value, m mode) *ag.Value {
	return x.Tape().Scope(func() []*ag.Value {
		y := c.Forward(x)
		switch {
		case c.norm == nil:
		case m == training:
			y = c.norm.Train(y)
		default:
			y = c.norm.Forward(y)
		}
		if c.slope != nil {
			y = ag.PReLU(y, c.slope)
		}
		return []*ag.Value{y}
	})[0]
}
