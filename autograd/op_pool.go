package autograd

import (
	"fmt"

	"mien/engine"
)

// MaxPool returns the largest element of each channel that each site of a window sees in x [B, T, H, W, C], the first one among equals,
// as [B, T′, H′, W′, C]. What lies outside is never chosen: padding must be smaller than the kernel.
//
// dx = Σ dy over the sites that chose it
func MaxPool(x *Value, window engine.Window) *Value {
	o := begin("MaxPool", x)
	shape := append(o.sites(x, window), x.Dim(-1))
	for axis, pad := range window.Pad {
		if pad >= window.Kernel[axis] {
			panic(&engine.ShapeError{Op: "MaxPool", Got: fmt.Sprintf("padding %v", window.Pad), Want: fmt.Sprintf("less than %v", window.Kernel)})
		}
	}
	out := o.new(shape...)
	var tap *engine.Tensor // for the backward pass
	if o.records() {
		tap = o.temp(engine.New(o.be, engine.Int32, shape...))
	}
	o.be.MaxPool(out, tap, x.data, window)
	return o.result(out, func(dy *engine.Tensor) {
		x.accumulateNew("MaxPool", func(dx *engine.Tensor) { o.be.MaxPoolBackward(dx, dy, tap, window) })
	}, tap)
}

// AveragePool averages, by channel, what each site of a window sees in x [B, T, H, W, C], zeros outside included.
//
// dx = Σ dy/taps over the sites that see it
func AveragePool(x *Value, window engine.Window) *Value {
	o := begin("AveragePool", x)
	o.sites(x, window)
	k := window.Kernel
	share := o.tape.Const(engine.Filled(o.be, o.dtype, 1/float64(window.Taps()), k[0], k[1], k[2], x.Dim(-1)))
	return DepthwiseConvolve(x, share, nil, window)
}
