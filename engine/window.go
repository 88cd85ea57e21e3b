package engine

// Convolution, pooling and sampling over activations [B, T, H, W, C]: the geometry that they share, and the arguments of their methods.
// Images have one frame.

// Window is how a kernel moves over time, rows and columns, the order of each of its fields. A result has sites, which are
// counted row-major, as are the taps of the kernel: along each axis, tap k of site q is position q·Stride − Pad + k of the input. Outside
// of the input there are zeros.
type Window struct{ Kernel, Stride, Pad [3]int }

// Taps returns the number of taps.
func (w Window) Taps() int { return Elements(w.Kernel[:]) }

// Sites returns the extents of the result on an input of the given ones, ⌊(in + 2·Pad − Kernel)/Stride⌋ + 1, 0 where the kernel does
// not fit.
func (w Window) Sites(in [3]int) (out [3]int) {
	for i, n := range in {
		if room := n + 2*w.Pad[i] - w.Kernel[i]; room >= 0 {
			out[i] = room/w.Stride[i] + 1
		}
	}
	return out
}

// Pointwise tells whether a site sees the position of its own number alone.
func (w Window) Pointwise() bool {
	one := [3]int{1, 1, 1}
	return w == Window{Kernel: one, Stride: one}
}

// DepthwiseMode names the three computations of a depth-wise convolution.
type DepthwiseMode uint8

const (
	DepthwiseForward    DepthwiseMode = iota // Y = Bias + Σ Weight·X over the taps
	DepthwiseInputGrad                       // dX = Σ Weight·dY over the sites that see it
	DepthwiseWeightGrad                      // dWeight += Σ dY·X over the sites
)

// DepthwiseArgs convolves each channel by itself. X is [B, T, H, W, C], Y has a row of C for each site and Weight one for each tap. In
// DepthwiseInputGrad, X is written; in DepthwiseWeightGrad Weight is added to. Bias [C] is optional and for DepthwiseForward only.
type DepthwiseArgs struct {
	Mode               DepthwiseMode
	X, Y, Weight, Bias *Tensor
	Window             Window
}

// SampleArgs reads X [B, T, H, W, C] between its positions, row i of Out [B, n, C] where row i of At [B, n, 3] points to:
//
//	Out = Factor·Σ Π (1 − |At − corner|)·X[corner] over the eight corners ⌊At⌋ and ⌊At⌋ + 1
//
// A corner outside of X counts as zero. At counts positions of X along time, rows and columns; with a Window, whose zero value is
// none, it counts from tap i mod taps of site i div taps. Factor [B, n] is optional.
type SampleArgs struct {
	X, At, Factor, Out *Tensor
	Window             Window
}

// SampleGrads holds the gradient of Out and receives those of At and Factor; that of X is added to DX. All but DOut may be nil. Where
// the slope of a sample changes, at whole numbers, the gradient of At is the slope on the right, towards larger numbers.
type SampleGrads struct{ DOut, DX, DAt, DFactor *Tensor }
