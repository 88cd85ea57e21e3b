package autograd_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/engine/enginetest"
)

// Convolution, pooling and sampling beyond their derivatives: what they keep and compute, and what they do at kinks.

var (
	cube       = engine.Window{Kernel: [3]int{3, 3, 3}, Stride: [3]int{1, 1, 1}, Pad: [3]int{1, 1, 1}}
	threeInRow = engine.Window{Kernel: [3]int{1, 1, 3}, Stride: [3]int{1, 1, 1}, Pad: [3]int{0, 0, 1}}
)

// inRow makes a row of positions of the rows of a matrix.
func inRow(h *ag.Value) *ag.Value { return ag.Reshape(h, 1, 1, 1, h.Dim(0), h.Dim(1)) }

// TestConvolveComputesWhatIsAskedFor counts kernels: columns are made again for the gradient of the weight, and folded for that of the
// input, but only where these are needed; a pointwise kernel is a linear layer, and for one channel of seven the results are folded.
func TestConvolveComputesWhatIsAskedFor(t *testing.T) {
	type calls struct{ Unfold, Fold, Gemm int }
	for _, c := range []struct {
		input, weight    bool
		window           engine.Window
		taps, channels   int
		forward, counted calls
	}{
		{true, true, threeInRow, 3, 4, calls{Unfold: 1, Gemm: 1}, calls{Unfold: 1, Fold: 1, Gemm: 2}},
		{true, false, threeInRow, 3, 4, calls{Unfold: 1, Gemm: 1}, calls{Fold: 1, Gemm: 1}},
		{false, true, threeInRow, 3, 4, calls{Unfold: 1, Gemm: 1}, calls{Unfold: 1, Gemm: 1}},
		{true, true, engine.Window{Kernel: [3]int{1, 1, 1}, Stride: [3]int{1, 1, 1}}, 1, 4, calls{Gemm: 1}, calls{Gemm: 2}},
		{true, true, threeInRow, 3, 1, calls{Fold: 1, Gemm: 1}, calls{Unfold: 2, Gemm: 2}},
		{true, false, threeInRow, 3, 1, calls{Fold: 1, Gemm: 1}, calls{Unfold: 1, Gemm: 1}},
		{false, true, threeInRow, 3, 1, calls{Fold: 1, Gemm: 1}, calls{Unfold: 1, Gemm: 1}},
	} {
		b := enginetest.NewCounting(cpu.New())
		tape := ag.NewTape(b)
		x, w := tape.Const(fill(b, engine.Float32, 2, 1, 3, 5, 7)), ag.Param(fill(b, engine.Float32, c.channels, c.taps*7))
		if c.input {
			x = tape.Input(x.Data().Retain())
		}
		if !c.weight {
			w.Freeze()
		}
		count := func() calls { return calls{b.Kernels["Unfold"], b.Kernels["Fold"], b.Kernels["Gemm"]} }
		loss := ag.Sum(ag.Convolve(x, w, nil, c.window))
		require.Equal(t, c.forward, count())
		b.Reset()
		tape.Backward(loss)
		require.Equal(t, c.counted, count())
		require.Equal(t, []bool{c.input, c.weight}, []bool{x.Grad() != nil, w.Grad() != nil})
		tape.Close()
	}
}

// TestConvolveInParts compares three samples at once, whose columns are made for one after the other, with each of them alone. A stride
// makes columns of the input; without one, two channels have columns of the result.
func TestConvolveInParts(t *testing.T) {
	strided := cube
	strided.Stride[0] = 2
	t.Run("of the input", func(t *testing.T) { checkConvolveInParts(t, strided, 40, 110) })
	t.Run("of the result", func(t *testing.T) { checkConvolveInParts(t, cube, 200, 8) })
}

func checkConvolveInParts(t *testing.T, window engine.Window, side, channels int) {
	const batch, width = 3, 2
	b := enginetest.NewCounting(cpu.New())
	w := ag.Param(fill(b, engine.Float64, width, 27*channels))
	pixels := fill(b, engine.Float64, batch, 1, side, side, channels)
	run := func(x *engine.Tensor) (y, dx, dw []float64) {
		tape := ag.NewTape(b)
		defer tape.Close()
		in := tape.Input(x)
		out := ag.Convolve(in, w, nil, window)
		tape.Backward(ag.Sum(ag.Mul(out, out)))
		y, dx, dw = read(t, out.Data()), read(t, in.Grad()), read(t, w.Grad())
		w.ZeroGrad()
		in.ZeroGrad()
		return y, dx, dw
	}
	y, dx, dw := run(pixels.Retain())
	require.Equal(t, 2*batch, b.Kernels["Unfold"])
	require.Equal(t, batch, b.Kernels["Fold"])
	sum := make([]float64, len(dw))
	for i := range batch {
		yi, dxi, dwi := run(pixels.Range(i, i+1))
		require.Equal(t, y[i*len(yi):(i+1)*len(yi)], yi)
		require.Equal(t, dx[i*len(dxi):(i+1)*len(dxi)], dxi)
		for j, v := range dwi {
			sum[j] += v
		}
	}
	require.InDeltaSlice(t, sum, dw, 1e-6, "of a million")
}

// TestConvolveToFew compares a convolution that multiplies first with the same beside as many channels more as make one of columns of it.
// Where there are fewer sites than positions it multiplies columns, too.
func TestConvolveToFew(t *testing.T) {
	const few, more, channels = 2, 5, 9
	b := enginetest.NewCounting(cpu.New())
	window := engine.Window{Kernel: [3]int{2, 3, 3}, Stride: [3]int{1, 1, 1}, Pad: [3]int{1, 2, 1}}
	width := window.Taps() * channels
	tape := ag.NewTape(b)
	defer tape.Close()
	x := tape.Const(fill(b, engine.Float64, 2, 3, 4, 5, channels))
	w, bias := tape.Const(fill(b, engine.Float64, few, width)), tape.Const(fill(b, engine.Float64, few))
	got := ag.Convolve(x, w, bias, window)
	require.Zero(t, b.Kernels["Unfold"])
	fewer := window
	fewer.Pad[1] = 0
	ag.Convolve(x, w, bias, fewer)
	require.Equal(t, 1, b.Kernels["Unfold"])
	w = ag.Concat(0, w, tape.Const(fill(b, engine.Float64, more, width)))
	bias = ag.Concat(0, bias, tape.Const(fill(b, engine.Float64, more)))
	all := ag.Convolve(x, w, bias, window)
	require.Equal(t, 2, b.Kernels["Unfold"])
	require.InDeltaSlice(t, read(t, ag.Slice(all, 4, 0, few).Data()), read(t, got.Data()), 1e-9)
}

// TestConvolvePacked convolves with a weight that inference has packed.
func TestConvolvePacked(t *testing.T) {
	b := cpu.New()
	tape := ag.NewInferenceTape(b, engine.Full)
	defer tape.Close()
	x, w := tape.Const(fill(b, engine.Float32, 2, 3, 4, 5, 7)), fill(b, engine.Float32, 6, 27*7)
	want := ag.Convolve(x, ag.Constant(w), nil, cube)
	got := ag.Convolve(x, ag.Packed(b.PackWeight(w, engine.Full), engine.Float32), nil, cube)
	require.Equal(t, want.Shape(), got.Shape())
	require.Equal(t, read(t, want.Data()), read(t, got.Data()))
}

// TestSampleAtWholeNumbers reads 2, 5 and 11 along time: the slope is the one on the right, where the last position goes down to the zeros
// outside, and what is one step before the first already rises.
func TestSampleAtWholeNumbers(t *testing.T) {
	b := cpu.New()
	tape := ag.NewTape(b)
	defer tape.Close()
	x := tape.Input(engine.FromSlice(b, engine.Float64, []float64{2, 5, 11}, 1, 3, 1, 1, 1))
	times := []float64{-2, -1, 0, 1, 2, 3, 0.5}
	positions := make([]float64, 3*len(times))
	for i, at := range times {
		positions[3*i] = at
	}
	at := tape.Input(engine.FromSlice(b, engine.Float64, positions, 1, len(times), 3))
	y := ag.Sample(x, at, nil, engine.Window{})
	require.Equal(t, []float64{0, 0, 2, 5, 11, 0, 3.5}, read(t, y.Data()))
	tape.Backward(ag.Sum(y))
	slopes := []float64{}
	for i, g := range read(t, at.Grad()) {
		if i%3 == 0 {
			slopes = append(slopes, g)
		}
	}
	require.Equal(t, []float64{0, 2, 3, 6, -11, 0, 3}, slopes)
	require.Equal(t, []float64{1.5, 1.5, 1}, read(t, x.Grad()))
}

// TestDilatedConvolveAtRest has a prediction of zeros: the convolution is the ordinary one, halved if it is modulated, and the gradient
// of a factor is Σ w·b·(the slope on the right).
func TestDilatedConvolveAtRest(t *testing.T) {
	b := cpu.New()
	for _, modulated := range []bool{false, true} {
		tape := ag.NewTape(b)
		d := ag.Dilation{Window: engine.Window{Kernel: [3]int{3, 1, 1}, Stride: [3]int{1, 1, 1}, Pad: [3]int{1, 0, 0}}, Modulated: modulated}
		x := tape.Const(engine.FromSlice(b, engine.Float64, []float64{2, 5, 11, 4}, 1, 4, 1, 1, 1))
		w := tape.Const(engine.FromSlice(b, engine.Float64, []float64{3, 7, 10}, 1, 3))
		u := tape.Input(engine.Zeros(b, engine.Float64, 1, 4, 1, 1, d.Predicted()))
		y, share := ag.DilatedConvolve(x, u, w, nil, d), 1.
		if modulated {
			share = 0.5
		}
		require.Equal(t, []float64{64 * share, 151 * share, 132 * share, 61 * share}, read(t, y.Data()))
		require.Equal(t, read(t, ag.Scale(ag.Convolve(x, w, nil, d.Window), share).Data()), read(t, y.Data()))
		tape.Backward(ag.Sum(y))
		got := read(t, u.Grad())
		for site, want := range []float64{10*6 - 3*2, 10*-7 - 3*3, 10*-4 - 3*6, 0*10 - 3*-7} {
			require.Equal(t, []float64{want * share, 0, 0}, got[site*d.Predicted():][:3], "site %d", site)
		}
		tape.Close()
	}
}

// TestDilatedConvolveKeepsNoSamples runs it in a scope: what stays is of the size of the prediction, not of taps·channels values at each
// site.
func TestDilatedConvolveKeepsNoSamples(t *testing.T) {
	const channels = 120
	for _, depthwise := range []bool{false, true} {
		b := cpu.New()
		d := ag.Dilation{Window: cube, Modulated: true, Depthwise: depthwise}
		tape := ag.NewTape(b)
		x, u := tape.Input(fill(b, engine.Float32, 1, 4, 5, 6, channels)), tape.Input(fill(b, engine.Float32, 1, 4, 5, 6, d.Predicted()))
		w := ag.Param(fill(b, engine.Float32, 4, 27*channels))
		if depthwise {
			w = ag.Param(fill(b, engine.Float32, 3, 3, 3, channels))
		}
		values := sizeOf(b, engine.Float32, 120, 27*channels)
		grown := liveAfter(b, func() { tape.Scope(func() []*ag.Value { return []*ag.Value{ag.DilatedConvolve(x, u, w, nil, d)} }) })
		require.Less(t, grown, values/10)
		tape.Close()
	}
}

// TestMaxPoolTakesTheFirst has equal elements, and NaN.
func TestMaxPoolTakesTheFirst(t *testing.T) {
	b := cpu.New()
	tape := ag.NewTape(b)
	defer tape.Close()
	x := tape.Input(engine.FromSlice(b, engine.Float64, []float64{-3, -3, -5, 8, 8, 2, -1}, 1, 1, 1, 7, 1))
	y := ag.MaxPool(x, engine.Window{Kernel: [3]int{1, 1, 3}, Stride: [3]int{1, 1, 2}, Pad: [3]int{0, 0, 1}})
	require.Equal(t, []float64{-3, 8, 8, 2}, read(t, y.Data()))
	weights := tape.Const(engine.FromSlice(b, engine.Float64, []float64{1, 10, 100, 1000}, 1, 1, 1, 4, 1))
	tape.Backward(ag.Sum(ag.Mul(y, weights)))
	require.Equal(t, []float64{1, 0, 0, 110, 0, 1000, 0}, read(t, x.Grad()))
}
