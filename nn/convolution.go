package nn

import (
	ag "mien/autograd"
	"mien/engine"
)

// Convolution moves a kernel over activations [B, T, H, W, in]; those of images have one frame. A depth-wise one convolves each channel by
// itself.
type Convolution struct {
	Weight    *ag.Value // [out, kT, kH, kW, in], or depth-wise [kT, kH, kW, channels]
	Bias      *ag.Value // [out]
	Window    engine.Window
	Depthwise bool
}

// NewConvolution makes a convolution whose bias starts at 0.
func NewConvolution(s *Scope, in, out int, w engine.Window, init Init) *Convolution {
	k := w.Kernel
	return &Convolution{Weight: s.Weight("weight", init, out, k[0], k[1], k[2], in), Bias: s.Param("bias", Zeros, out), Window: w}
}

// NewPlainConvolution makes the same layer with a weight that inference neither packs nor rounds.
func NewPlainConvolution(s *Scope, in, out int, w engine.Window, init Init) *Convolution {
	k := w.Kernel
	return &Convolution{Weight: s.Param("weight", init, out, k[0], k[1], k[2], in), Bias: s.Param("bias", Zeros, out), Window: w}
}

// NewDepthwiseConvolution makes a depth-wise convolution, whose weight is never packed. Its bias starts at 0.
func NewDepthwiseConvolution(s *Scope, channels int, w engine.Window, init Init) *Convolution {
	k := w.Kernel
	return &Convolution{Weight: s.Param("weight", init, k[0], k[1], k[2], channels), Bias: s.Param("bias", Zeros, channels), Window: w, Depthwise: true}
}

// Forward maps x [B, T, H, W, in] to [B, T′, H′, W′, out], a row for each site of the window.
func (c *Convolution) Forward(x *ag.Value) *ag.Value {
	if c.Depthwise {
		return ag.DepthwiseConvolve(x, c.Weight, c.Bias, c.Window)
	}
	return ag.Convolve(x, c.Weight, c.Bias, c.Window)
}
