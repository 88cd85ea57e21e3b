package feadapter

import (
	ag "mien/autograd"
	"mien/engine"
	"mien/nn"
	"mien/vit"
)

// AdapterConfig is what shapes an adapter.
type AdapterConfig struct {
	Width      int        // r, of the tokens between its two linear layers
	Kernel     [3]int     // over time, rows and columns; odd. All zeros are none: a plain adapter, which sees one token at a time
	Depthwise  bool       // each channel is convolved by itself
	Dilated    bool       // D²Conv3D: the kernel is stretched at each site
	Stretch    ag.Stretch // of it: which axes share a factor
	Modulated  bool       // and whether each tap has a factor of its own
	Activation bool       // f of equations 1 and 2 is GELU, not the identity
}

// Convolves reports whether the adapter sees more than one token at a time.
func (c AdapterConfig) Convolves() bool { return c.Kernel != [3]int{} }

// Window is how the kernel moves: one site for each token.
func (c AdapterConfig) Window() engine.Window {
	k := c.Kernel
	return engine.Window{Kernel: k, Stride: [3]int{1, 1, 1}, Pad: [3]int{k[0] / 2, k[1] / 2, k[2] / 2}}
}

// dilation is the geometry of D²Conv3D.
func (c AdapterConfig) dilation() ag.Dilation {
	return ag.Dilation{Window: c.Window(), Stretch: c.Stretch, Modulated: c.Modulated, Depthwise: c.Depthwise}
}

// Adapter is a bottleneck beside the frozen layers of a block, with or without a convolution inside:
//
//	A(X)  = X + f(X·W_d)·W_u               (FE-Adapter equation 1)
//	FE(X) = X + f(D²Conv3D(X·W_d))·W_u     (FE-Adapter equation 2)
//
// With a plain depth-wise convolution over time and the identity for f it is ST-Adapter (Pan et al. 2022).
type Adapter struct {
	AdapterConfig
	Down, Up  *nn.Linear
	Conv      *nn.Convolution // nil in a plain adapter
	Predictor *nn.Convolution // of D²Conv3D, of the factors by which its kernel is stretched and its taps are weighted; otherwise nil
	moves     *ag.Value       // of its kernel, a constant
}

// NewAdapter makes an adapter of tokens of width dim, which changes nothing at first: a plain convolution starts at 0, as released for
// ST-Adapter, or else the second linear layer does. So do all biases. The predictor starts at 0, as released for D²Conv3D, which stretches
// nothing and halves every tap.
func NewAdapter(s *nn.Scope, dim int, c AdapterConfig) *Adapter {
	conv, up := nn.FanIn(c.fanIn()), nn.Zeros
	if c.Convolves() && !c.Dilated {
		conv, up = nn.Zeros, nn.FanInUniform
	}
	a := &Adapter{AdapterConfig: c, Down: nn.NewLinear(s.Sub("down"), dim, c.Width, nn.FanInUniform)}
	switch {
	case c.Convolves() && c.Depthwise:
		a.Conv = nn.NewDepthwiseConvolution(s.Sub("conv"), c.Width, c.Window(), conv)
	case c.Convolves():
		a.Conv = nn.NewConvolution(s.Sub("conv"), c.Width, c.Width, c.Window(), conv)
	}
	if c.Dilated {
		grid, shape := c.dilation().Grid()
		a.moves = s.Constant(func() []float32 { return grid }, shape[:]...)
		a.Predictor = nn.NewPlainConvolution(s.Sub("predictor"), c.Width, c.dilation().Predicted(), c.Window(), nn.Zeros)
	}
	a.Up = nn.NewLinear(s.Sub("up"), c.Width, dim, up)
	return a
}

// fanIn is the number of values that make one value of the convolution.
func (c AdapterConfig) fanIn() int {
	if c.Depthwise {
		return c.Window().Taps()
	}
	return c.Window().Taps() * c.Width
}

// Forward adapts the patches of frames x [B·T, S, D], which are the last of their tokens, on a grid of T, H and W. Class tokens before
// them pass by; they too go down the bottleneck, which costs less than a copy of x without them.
func (a *Adapter) Forward(x *ag.Value, grid [3]int) *ag.Value {
	frames, n := x.Dim(0), grid[1]*grid[2]
	h := vit.LastTokens(a.Down.Forward(x), n)                                         // [B·T, H·W, r]
	h = a.convolve(ag.Reshape(h, frames/grid[0], grid[0], grid[1], grid[2], a.Width)) // [B, T, H, W, r]
	if a.Activation {
		h = ag.GELU(h)
	}
	return a.Up.AddToLast(x, ag.Reshape(h, frames, n, a.Width)) // [B·T, S, D]
}

// convolve keeps the shape of x [B, T, H, W, r].
func (a *Adapter) convolve(x *ag.Value) *ag.Value {
	switch {
	case a.Conv == nil:
		return x
	case a.Dilated:
		d := a.dilation()
		d.Moves = a.moves
		return ag.DilatedConvolve(x, a.Predictor.Forward(x), a.Conv.Weight, a.Conv.Bias, d)
	default:
		return a.Conv.Forward(x)
	}
}
