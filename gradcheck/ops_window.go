package gradcheck

import (
	ag "mien/autograd"
	"mien/engine"
)

// The windows of convolutions and pools in the table of ops, and inputs away from where these and other functions have kinks.

var (
	pointwise = engine.Window{Kernel: [3]int{1, 1, 1}, Stride: [3]int{1, 1, 1}}
	volume    = engine.Window{Kernel: [3]int{2, 1, 3}, Stride: [3]int{2, 1, 1}, Pad: [3]int{1, 0, 1}}
	few       = engine.Window{Kernel: [3]int{2, 1, 3}, Stride: [3]int{1, 1, 1}, Pad: [3]int{1, 0, 2}}
	image     = engine.Window{Kernel: [3]int{1, 3, 2}, Stride: [3]int{1, 2, 1}, Pad: [3]int{0, 1, 1}}
	stretched = engine.Window{Kernel: [3]int{3, 1, 3}, Stride: [3]int{2, 1, 1}, Pad: [3]int{1, 0, 1}}
	cube      = engine.Window{Kernel: [3]int{3, 3, 3}, Stride: [3]int{1, 1, 1}, Pad: [3]int{1, 1, 1}}
)

func convolve(w engine.Window) Func {
	return Ternary(func(x, weight, bias value) value { return ag.Convolve(x, weight, bias, w) })
}

func depthwise(w engine.Window) Func {
	return Ternary(func(x, weight, bias value) value { return ag.DepthwiseConvolve(x, weight, bias, w) })
}

// dilated has the prediction as an input.
func dilated(d ag.Dilation) Func {
	return func(_ *ag.Tape, in []value) []value {
		return []value{ag.DilatedConvolve(in[0], in[1], in[2], in[3], d)}
	}
}

// predictedDilation is the whole of D²Conv3D, in which x has a gradient by two ways.
func predictedDilation(_ *ag.Tape, in []value) []value {
	d := ag.Dilation{Window: stretched, Modulated: true}
	return []value{ag.DilatedConvolve(in[0], ag.Convolve(in[0], in[1], in[2], d.Window), in[3], in[4], d)}
}

func sample(w engine.Window) Func {
	return Ternary(func(x, at, factor value) value { return ag.Sample(x, at, factor, w) })
}

// twice adds two results of the same operands, whose gradients gather in one place.
func twice(f Func) Func {
	return func(t *ag.Tape, in []value) []value { return []value{ag.Add(f(t, in)[0], ag.Scale(f(t, in)[0], 2))} }
}

// distinct has elements too far apart for a step of a difference to change their order.
func distinct(name string, shape ...int) Input {
	in := tensor(name, shape...)
	n := engine.Elements(shape)
	for i := range n {
		in.Values = append(in.Values, 0.05*float64(i*11%n)-1)
	}
	return in
}

// nonzero has elements of both signs.
func nonzero(name string, shape ...int) Input {
	in := tensor(name, shape...)
	for i := range engine.Elements(shape) {
		in.Values = append(in.Values, (0.2+0.1*float64(i*5%13))*float64(i%2*2-1))
	}
	return in
}

// between has positions from −2 to 4 away from whole numbers.
func between(name string, shape ...int) Input {
	in := tensor(name, shape...)
	for i := range engine.Elements(shape) {
		in.Values = append(in.Values, float64(i*i%6-2)+0.2+0.05*float64(i*7%13))
	}
	return in
}
