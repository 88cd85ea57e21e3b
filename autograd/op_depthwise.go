package autograd

import "mien/engine"

// DepthwiseConvolve convolves each channel of x [B, T, H, W, C] by itself: with w [kT, kH, kW, C] and bias [C], which may be nil, the
// result is [B, T′, H′, W′, C]. Only the number of taps in w counts, not how its axes divide them.
//
// dx = Σ w·dy over the sites that see it, dw = Σ dy·x, dbias = Σ dy over sites
func DepthwiseConvolve(x, w, bias *Value, window engine.Window) *Value {
	o := begin("DepthwiseConvolve", x, w, bias)
	channels := x.Dim(-1)
	out := o.new(append(o.sites(x, window), channels)...)
	if w.Dim(-1) != channels || w.data.Rows() != window.Taps() {
		panic(&engine.ShapeError{Op: "DepthwiseConvolve weight", Got: w.Shape(), Want: append(window.Kernel[:], channels)})
	}
	forward := engine.DepthwiseArgs{X: x.data, Y: out, Weight: w.data, Window: window}
	if bias != nil {
		engine.CheckShape("DepthwiseConvolve bias", bias.data, channels)
		forward.Bias = bias.data
	}
	o.be.Depthwise(forward)
	return o.result(out, func(dy *engine.Tensor) {
		if x.needs {
			x.accumulateNew("DepthwiseConvolve", func(dx *engine.Tensor) {
				o.be.Depthwise(engine.DepthwiseArgs{Mode: engine.DepthwiseInputGrad, X: dx, Y: dy, Weight: w.data, Window: window})
			})
		}
		w.accumulateInto("DepthwiseConvolve", func(dw *engine.Tensor, accumulate bool) {
			if !accumulate {
				o.be.Fill(dw, 0)
			}
			o.be.Depthwise(engine.DepthwiseArgs{Mode: engine.DepthwiseWeightGrad, X: x.data, Y: dy, Weight: dw, Window: window})
		})
		if bias != nil {
			bias.accumulateInto("DepthwiseConvolve", func(dst *engine.Tensor, accumulate bool) { o.be.SumTo(dst, dy, accumulate) })
		}
	}, append(savedFor(w.needs, x.data), savedFor(x.needs, w.data)...)...)
}
