package autograd

import (
	"fmt"

	"mien/engine"
)

// Stretch says which axes of a kernel are stretched, and which of them share a factor. In brackets are the names of the released code.
type Stretch uint8

const (
	PerAxis        Stretch = iota // time, rows and columns each have a factor (XYZ)
	TimeAndSpace                  // time has one, rows and columns share another (XXZ)
	RowsAndColumns                // rows and columns each have one (XY)
	Space                         // rows and columns share one (Size)
)

// stretches are the factors of each axis, −1 for none, and the number of factors.
var stretches = [...]struct {
	of      [3]int
	factors int
}{PerAxis: {[3]int{0, 1, 2}, 3}, TimeAndSpace: {[3]int{0, 1, 1}, 2}, RowsAndColumns: {[3]int{-1, 0, 1}, 2}, Space: {[3]int{-1, 0, 0}, 1}}

// Dilation is the geometry of D²Conv3D, dynamic dilated convolution. (Schmidt et al. 2022; equation 2 of FE-Adapter)
type Dilation struct {
	Window    engine.Window // odd kernels, which are stretched about their centres
	Stretch   Stretch
	Modulated bool // each tap has a factor of its own, too (v2 of the released code; v1 without)
	Depthwise bool // each channel is convolved by itself

	// Moves is a constant of the model with the values and shape of Grid; nil uploads them each time.
	Moves *Value
}

// Predicted returns how many numbers each site takes to say how its kernel is stretched: a factor for each group of axes and, if it is
// modulated, one for each tap.
func (d Dilation) Predicted() int {
	n := stretches[d.Stretch].factors
	if d.Modulated {
		n += d.Window.Taps()
	}
	return n
}

// Grid returns by how much the factors, each less 1, move the taps: [factors, taps·3].
func (d Dilation) Grid() (grid []float32, shape [2]int) {
	k, stretch, taps := d.Window.Kernel, stretches[d.Stretch], d.Window.Taps()
	grid, shape = make([]float32, stretch.factors*taps*3), [2]int{stretch.factors, taps * 3}
	for tap := range taps {
		number := [3]int{tap / (k[1] * k[2]), tap / k[2] % k[1], tap % k[2]}
		for axis, factor := range stretch.of {
			if factor >= 0 {
				grid[(factor*taps+tap)*3+axis] = float32(number[axis] - k[axis]/2)
			}
		}
	}
	return grid, shape
}

// moves returns Moves, or uploads it.
func (o op) moves(d Dilation) *Value {
	if d.Moves != nil {
		return d.Moves
	}
	grid, shape := d.Grid()
	return o.tape.Const(engine.FromSlice(o.be, o.dtype, grid, shape[:]...))
}

// DilatedConvolve is a convolution of x [B, T, H, W, C] whose kernel is stretched at each site, as a smaller convolution predicts from x:
// predicted [B, T′, H′, W′, d.Predicted()] has u for each factor s = ELU(u) + 1 and then, for each tap n, v of its modulation σ(v).
// With b_n the place of a tap from the centre of the kernel,
//
//	y(q) = bias + Σ_n w_n·σ(v_n)·x(centre(q) + s·b_n)
//
// for w [O, kT, kH, kW, C], or [kT, kH, kW, C] depth-wise, and bias, which may be nil; x(·) is that of Sample, and so are the gradients:
// where s·b_n is a whole number, and so also at u = 0, they take the slope of x towards larger positions. Sampled values are not
// kept for the backward pass.
func DilatedConvolve(x, predicted, w, bias *Value, d Dilation) *Value {
	o := begin("DilatedConvolve", x, predicted, w, bias)
	shape := o.dilated(x, predicted, d)
	sites, channels, taps, factors := engine.Elements(shape), x.Dim(-1), d.Window.Taps(), stretches[d.Stretch].factors
	moves := MatMul(Reshape(ELU(Slice(predicted, 4, 0, factors)), sites, factors), o.moves(d), false, false)
	var modulation *Value
	if d.Modulated {
		modulation = Reshape(Sigmoid(Slice(predicted, 4, factors, factors+taps)), shape[0], sites/shape[0]*taps)
	}
	values := Sample(x, Reshape(moves, shape[0], sites/shape[0]*taps, 3), modulation, d.Window)
	if d.Depthwise {
		row := engine.Window{Kernel: [3]int{1, 1, taps}, Stride: [3]int{1, 1, taps}}
		y := DepthwiseConvolve(Reshape(values, 1, 1, sites, taps, channels), w, bias, row)
		return Reshape(y, append(shape, channels)...)
	}
	return Reshape(Linear(Reshape(values, sites, taps*channels), w, bias), append(shape, w.Dim(0))...)
}

// dilated checks the geometry and returns [B, T′, H′, W′].
func (o op) dilated(x, predicted *Value, d Dilation) []int {
	if int(d.Stretch) >= len(stretches) {
		panic(&engine.ShapeError{Op: o.name, Got: d.Stretch, Want: "a known stretch"})
	}
	for _, k := range d.Window.Kernel {
		if k%2 == 0 {
			panic(&engine.ShapeError{Op: o.name, Got: fmt.Sprintf("kernel %v", d.Window.Kernel), Want: "odd extents, which have a centre"})
		}
	}
	shape := o.sites(x, d.Window)
	engine.CheckShape(o.name+" prediction", predicted.data, append(shape, d.Predicted())...)
	return shape
}
