package autograd_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
)

// TestShapeErrors gives each op operands that do not fit. The panic is an *engine.ShapeError that names the op and what fits.
func TestShapeErrors(t *testing.T) {
	b := cpu.New()
	tape := ag.NewTape(b)
	defer tape.Close()
	other := ag.NewTape(b)
	defer other.Close()
	v := func(shape ...int) *ag.Value { return tape.Input(fill(b, engine.Float32, shape...)) }
	double := tape.Input(fill(b, engine.Float64, 3))
	rows := tape.Rows([]int32{1, 0}, 5)
	frames := func(shape ...int) func() {
		return func() { ag.Patchify(v(shape...), engine.Float32, engine.PatchifyArgs{Tubelet: 2, Patch: 4}) }
	}
	routing := ag.Route(v(2, 3), 1, 0, ag.ByToken)
	window := engine.Window{Kernel: [3]int{3, 1, 2}, Stride: [3]int{1, 2, 1}, Pad: [3]int{1, 0, 0}}
	wrong := func(change func(w *engine.Window)) engine.Window {
		w := window
		change(&w)
		return w
	}
	even := ag.Dilation{Window: window}
	cross := ag.Dilation{Window: engine.Window{Kernel: [3]int{3, 1, 1}, Stride: [3]int{1, 1, 1}, Pad: [3]int{1, 0, 0}}, Modulated: true}
	packed := ag.Packed(b.PackWeight(fill(b, engine.Float32, 5, 3), engine.Full), engine.Float32)
	for _, c := range []struct {
		want string
		fn   func()
	}{
		{"Add: got [4], want a shape that broadcasts with [3]", func() { ag.Add(v(3), v(4)) }},
		{"Add: got float64[3], want dtype float32", func() { ag.Add(v(3), double) }},
		{"Add: got parameters only, want an operand that belongs to a tape",
			func() { p := ag.Param(fill(b, engine.Float32, 3)); ag.Add(p, p) }},
		{"Add: got operands of two tapes, want one, which records the op", func() { ag.Add(v(3), other.Const(fill(b, engine.Float32, 3))) }},
		{"Sub: got [2], want a shape that broadcasts with [2 3]", func() { ag.Sub(v(2, 3), v(2)) }},
		{"Mul: got [3 2], want a shape that broadcasts with [2 3]", func() { ag.Mul(v(2, 3), v(3, 2)) }},
		{"Div: got [2], want a shape that broadcasts with [2 3]", func() { ag.Div(v(2, 3), v(2)) }},
		{"Attention: got [2 12], want [batch, tokens, 3·2·d]", func() { ag.Attention(v(2, 12), 2) }},
		{"Attention: got [1 2 12], want [batch, tokens, 3·5·d]", func() { ag.Attention(v(1, 2, 12), 5) }},
		{"Attention: got [1 2 12], want [batch, tokens, 3·0·d]", func() { ag.Attention(v(1, 2, 12), 0) }},
		{"AttentionComposed: got [1 2 13], want [batch, tokens, 3·2·d]", func() { ag.AttentionComposed(v(1, 2, 13), 2) }},
		{"Concat: got [2 4], want [-1 3]", func() { ag.Concat(0, v(2, 3), v(2, 4)) }},
		{"Concat: got [2], want [2 -1]", func() { ag.Concat(1, v(2, 3), v(2)) }},
		{"CrossEntropy target: got [2 4], want [2 3]", func() { ag.CrossEntropy(v(2, 3), v(2, 4)) }},
		{"Dropout: got 1, want a probability in [0, 1)", func() { ag.Dropout(v(3), 1, &engine.Key{}) }},
		{"DropPath: got -1, want a probability in [0, 1)", func() { ag.DropPath(v(3), -1, &engine.Key{}) }},
		{"Gather rows: got [5 1], want [4 -1]", func() { ag.Gather(v(4, 3), rows) }},
		{"Gather rows: got one direction, want Back, along which the gradient is gathered",
			func() { ag.Gather(v(5, 3), ag.Rows{From: rows.From}) }},
		{"GroupedLinear weight: got [5 3], want [5 4]", func() { ag.GroupedLinear(v(2, 4), []*ag.Value{v(5, 3)}, []*ag.Value{v(5)}, routing) }},
		{"GroupedLinear bias: got [4], want [5]", func() { ag.GroupedLinear(v(2, 3), []*ag.Value{v(5, 3)}, []*ag.Value{v(4)}, routing) }},
		{"GroupedLinear weight: got packed, want a parameter, where gradients flow",
			func() { ag.GroupedLinear(v(2, 3), []*ag.Value{packed}, []*ag.Value{v(5)}, routing) }},
		{"LayerNorm gamma: got [4], want [3]", func() { ag.LayerNorm(v(2, 3), v(4), v(3), 1e-6) }},
		{"LayerNorm beta: got [1], want [3]", func() { ag.LayerNorm(v(2, 3), v(3), v(1), 1e-6) }},
		{"Linear weight: got [5 4], want [5 3]", func() { ag.Linear(v(2, 3), v(5, 4), nil) }},
		{"Linear bias: got [3], want [5]", func() { ag.Linear(v(2, 3), v(5, 3), v(3)) }},
		{"Linear weight: got packed, want a parameter, where gradients flow", func() { ag.Linear(v(2, 3), packed, nil) }},
		{"Convolve: got [2 3 4 5], want [B, T, H, W, C]", func() { ag.Convolve(v(2, 3, 4, 5), v(2, 30), nil, window) }},
		{"Convolve: got {Kernel:[3 1 2] Stride:[1 2 1] Pad:[1 0 0]} over [2 3 4 1 5], want a window that has sites",
			func() { ag.Convolve(v(2, 3, 4, 1, 5), v(2, 30), nil, window) }},
		{"Convolve: got {Kernel:[3 1 2] Stride:[1 2 1] Pad:[1 0 0]} over [0 3 4 3 5], want a window that has sites",
			func() { ag.Convolve(v(0, 3, 4, 3, 5), v(2, 30), nil, window) }},
		{"Convolve: got {Kernel:[3 1 2] Stride:[1 0 1] Pad:[1 0 0]} over [2 3 4 3 5], want a window that has sites",
			func() {
				ag.Convolve(v(2, 3, 4, 3, 5), v(2, 30), nil, wrong(func(w *engine.Window) { w.Stride[1] = 0 }))
			}},
		{"Convolve: got {Kernel:[3 1 2] Stride:[1 2 1] Pad:[1 0 -1]} over [2 3 4 3 5], want a window that has sites",
			func() { ag.Convolve(v(2, 3, 4, 3, 5), v(2, 30), nil, wrong(func(w *engine.Window) { w.Pad[2] = -1 })) }},
		{"Convolve: got {Kernel:[0 1 2] Stride:[1 2 1] Pad:[1 0 0]} over [2 3 4 3 5], want a window that has sites",
			func() {
				ag.Convolve(v(2, 3, 4, 3, 5), v(2, 30), nil, wrong(func(w *engine.Window) { w.Kernel[0] = 0 }))
			}},
		{"Convolve weight: got [2 3 1 2 4], want [2 30]", func() { ag.Convolve(v(2, 3, 4, 3, 5), v(2, 3, 1, 2, 4), nil, window) }},
		{"Convolve bias: got [5], want [2]", func() { ag.Convolve(v(2, 3, 4, 3, 5), v(2, 30), v(5), window) }},
		{"Convolve weight: got [1 3 3 3 4], want [1 135]", func() { ag.Convolve(v(2, 3, 4, 3, 5), v(1, 3, 3, 3, 4), nil, cube) }},
		{"Convolve bias: got [5], want [1]", func() { ag.Convolve(v(2, 3, 4, 3, 5), v(1, 135), v(5), cube) }},
		{"Convolve weight: got packed, want a parameter, where gradients flow",
			func() { ag.Convolve(v(2, 3, 4, 3, 5), packed, nil, window) }},
		{"DepthwiseConvolve: got [3 4 3 5], want [B, T, H, W, C]", func() { ag.DepthwiseConvolve(v(3, 4, 3, 5), v(3, 1, 2, 5), nil, window) }},
		{"DepthwiseConvolve weight: got [3 1 2 4], want [3 1 2 5]", func() { ag.DepthwiseConvolve(v(2, 3, 4, 3, 5), v(3, 1, 2, 4), nil, window) }},
		{"DepthwiseConvolve weight: got [3 1 5], want [3 1 2 5]", func() { ag.DepthwiseConvolve(v(2, 3, 4, 3, 5), v(3, 1, 5), nil, window) }},
		{"DepthwiseConvolve bias: got [2], want [5]", func() { ag.DepthwiseConvolve(v(2, 3, 4, 3, 5), v(3, 1, 2, 5), v(2), window) }},
		{"DilatedConvolve: got kernel [3 1 2], want odd extents, which have a centre",
			func() { ag.DilatedConvolve(v(2, 3, 4, 3, 5), v(2, 3, 2, 2, 3), v(2, 30), nil, even) }},
		{"DilatedConvolve: got 4, want a known stretch",
			func() { ag.DilatedConvolve(v(2, 3, 4, 3, 5), v(2, 3, 4, 3, 6), v(2, 15), nil, ag.Dilation{Stretch: 4}) }},
		{"DilatedConvolve prediction: got [2 3 4 3 3], want [2 3 4 3 6]",
			func() { ag.DilatedConvolve(v(2, 3, 4, 3, 5), v(2, 3, 4, 3, 3), v(2, 15), nil, cross) }},
		{"Linear weight: got [2 3 1 1 4], want [2 15]",
			func() { ag.DilatedConvolve(v(2, 3, 4, 3, 5), v(2, 3, 4, 3, 6), v(2, 3, 1, 1, 4), nil, cross) }},
		{"MaxPool: got padding [1 0 2], want less than [3 1 2]",
			func() { ag.MaxPool(v(2, 3, 4, 3, 5), wrong(func(w *engine.Window) { w.Pad[2] = 2 })) }},
		{"MaxPool: got [3 5], want [B, T, H, W, C]", func() { ag.MaxPool(v(3, 5), window) }},
		{"AveragePool: got [3 5], want [B, T, H, W, C]", func() { ag.AveragePool(v(3, 5), window) }},
		{"PReLU slope: got [3], want [4]", func() { ag.PReLU(v(2, 4), v(3)) }},
		{"Sample input: got [3 4 5], want [-1 -1 -1 -1 -1]", func() { ag.Sample(v(3, 4, 5), v(3, 7, 3), nil, engine.Window{}) }},
		{"Sample positions: got [3 7 3], want [2 -1 3]", func() { ag.Sample(v(2, 3, 4, 3, 5), v(3, 7, 3), nil, engine.Window{}) }},
		{"Sample positions: got [2 7 3], want [2 72 3]", func() { ag.Sample(v(2, 3, 4, 3, 5), v(2, 7, 3), nil, window) }},
		{"Sample factor: got [2 6], want [2 7]", func() { ag.Sample(v(2, 3, 4, 3, 5), v(2, 7, 3), v(2, 6), engine.Window{}) }},
		{"MSE target: got [3 2], want [2 3]", func() { ag.MSE(v(2, 3), v(3, 2)) }},
		{"MSE: got float64[3], want dtype float32", func() { ag.MSE(v(3), double) }},
		{"MatMul: got [2 3] · [2 3], transposed false false, want equal inner extents and equal batch",
			func() { ag.MatMul(v(2, 3), v(2, 3), false, false) }},
		{"MatMul: got float32[3] float32[3 2], want operands with at least two axes", func() { ag.MatMul(v(3), v(3, 2), false, false) }},
		{"MatMul: got [2 3 4] · [3 4 5], transposed false false, want equal inner extents and equal batch",
			func() { ag.MatMul(v(2, 3, 4), v(3, 4, 5), false, false) }},
		{"MatMul: got [2 4 3] · [4 5], transposed true false, want equal inner extents and equal batch",
			func() { ag.MatMul(v(2, 4, 3), v(4, 5), true, false) }},
		{"Patchify: got [1 3 2 4], want [B, T, H, W, 3] bytes or [B, 3, T, H, W] floats", frames(1, 3, 2, 4)},
		{"Patchify: got float32[1 2 2 4 4], want 3 channels, and frames of whole patches", frames(1, 2, 2, 4, 4)},
		{"Patchify: got float32[1 3 3 4 4], want 3 channels, and frames of whole patches", frames(1, 3, 3, 4, 4)},
		{"Patchify: got float32[1 3 2 6 4], want 3 channels, and frames of whole patches", frames(1, 3, 2, 6, 4)},
		{"Patchify: got float32[1 3 2 4 7], want 3 channels, and frames of whole patches", frames(1, 3, 2, 4, 7)},
		{"Patchify: got [1 3 2 4 4], want [B, T, H, W, 3] bytes or [B, 3, T, H, W] floats",
			func() { ag.Patchify(v(1, 3, 2, 4, 4), engine.Float32, engine.PatchifyArgs{Tubelet: 2}) }},
		{"Patchify: got pixels that need a gradient, want all patches", func() {
			ag.Patchify(v(1, 3, 2, 4, 4), engine.Float32, engine.PatchifyArgs{Tubelet: 2, Patch: 4, Rows: rows.From})
		}},
		{"Permute: got [0 0], want each axis once", func() { ag.Permute(v(2, 3), 0, 0) }},
		{"Permute: got [0], want each axis once", func() { ag.Permute(v(2, 3), 0) }},
		{"engine.View: got [4], want 6 elements, as in [2 3]", func() { ag.Reshape(v(2, 3), 4) }},
		{"Route: got 4, want 1 to 3 experts a token", func() { ag.Route(v(2, 3), 4, 0, ag.ByToken) }},
		{"Route: got 0, want 1 to 3 experts a token", func() { ag.Route(v(2, 3), 0, 0, ag.ByToken) }},
		{"Route: got 4, want groups of equal size of 6 tokens", func() { ag.RouteGroups(v(6, 3), 1, 0, 4, ag.ByToken) }},
		{"Route: got 0, want groups of equal size of 6 tokens", func() { ag.RouteGroups(v(6, 3), 1, 0, 0, ag.ByToken) }},
		{"engine.View: got [6 1], want 8 elements, as in [2 4]", func() { ag.Chosen(v(2, 4), routing) }},
		{"Use: got a value of a tape, or a packed weight, want a parameter or a constant", func() { tape.Use(v(3)) }},
		{"Use: got a value of a tape, or a packed weight, want a parameter or a constant", func() { tape.Use(packed) }},
		{"Slice: got bfloat16[1 3 4], want a dtype that ops but those of products compute with",
			func() { ag.Slice(tape.Const(engine.New(b, engine.BFloat16, 1, 3, 4)), 1, 0, 1) }},
		{"Slice: got 2:4, want within axis 1 of [2 3]", func() { ag.Slice(v(2, 3), 1, 2, 4) }},
		{"Slice: got -1:2, want within axis 1 of [2 3]", func() { ag.Slice(v(2, 3), 1, -1, 2) }},
		{"Slice: got 2:1, want within axis 0 of [2 3]", func() { ag.Slice(v(2, 3), 0, 2, 1) }},
		{"Backward: got [2], want a scalar", func() { tape.Backward(v(2)) }},
		{"Sub: got float64[3], want dtype float32", func() { ag.Sub(v(3), tape.Const(fill(b, engine.Float64, 3))) }},
		{"DropPath: got 1, want a probability in [0, 1)", func() { ag.DropPath(v(3), 1, &engine.Key{}) }},
		{"Dropout: got -5e-324, want a probability in [0, 1)", func() { ag.Dropout(v(3), math.Nextafter(0, -1), &engine.Key{}) }},
		{"LinearAdd residual: got [2 4], want [2 5]", func() { ag.LinearAdd(v(2, 3), v(5, 3), v(5), v(2, 4)) }},
		{"LinearAddLast residual: got [2 4 4], want [2 -1 5]", func() { ag.LinearAddLast(v(2, 3, 3), v(5, 3), v(5), v(2, 4, 4)) }},
		{"LinearAddLast residual: got [3 4 5], want [2 -1 5]", func() { ag.LinearAddLast(v(2, 3, 3), v(5, 3), v(5), v(3, 4, 5)) }},
		{"LinearAddLast: got 3 rows, want at most 2", func() { ag.LinearAddLast(v(2, 3, 3), v(5, 3), v(5), v(2, 2, 5)) }},
		{"LinearLast input: got [6 3], want [-1 -1 -1]", func() { ag.LinearLast(v(6, 3), v(5, 3), v(5), 4) }},
		{"LinearGELU bias: got [4], want [5]", func() { ag.LinearGELU(v(2, 3), v(5, 3), v(4)) }},
		{"MSE target: got a value that needs a gradient, want a constant", func() { ag.MSE(v(3), v(3)) }},
		{"GroupedLinearGELU weight: got [4 3], want [5 3]",
			func() { ag.GroupedLinearGELU(v(2, 3), []*ag.Value{v(5, 3), v(4, 3)}, []*ag.Value{v(5), v(4)}, routing) }},
		{"Patchify: got [1 3 2 4 4 4], want [B, T, H, W, 3] bytes or [B, 3, T, H, W] floats", frames(1, 3, 2, 4, 4, 4)},
		{"Patchify: got [1 3 2 4 4], want [B, T, H, W, 3] bytes or [B, 3, T, H, W] floats",
			func() { ag.Patchify(v(1, 3, 2, 4, 4), engine.Float32, engine.PatchifyArgs{Patch: 4}) }},
		{"Patchify: got uint8[1 2 4 4 2], want 3 channels, and frames of whole patches", func() {
			bytes := tape.Const(engine.New(b, engine.Uint8, 1, 2, 4, 4, 2))
			ag.Patchify(bytes, engine.Float32, engine.PatchifyArgs{Tubelet: 2, Patch: 4})
		}},
		{"own backward: got 2, want 1", func() {
			own := ag.Custom("own", func(x []*engine.Tensor) *engine.Tensor { return x[0].Retain() },
				func(dy, _ *engine.Tensor, _ []*engine.Tensor) []*engine.Tensor {
					return []*engine.Tensor{dy.Retain(), nil}
				}, v())
			tape.Backward(own)
		}},
		{"own gradient: got float32[], want float32[2]", func() {
			tape := ag.NewTape(b)
			own := ag.Custom("own", func(x []*engine.Tensor) *engine.Tensor { return fill(b, engine.Float32) },
				func(dy, _ *engine.Tensor, _ []*engine.Tensor) []*engine.Tensor { return []*engine.Tensor{dy.Retain()} },
				tape.Input(fill(b, engine.Float32, 2)))
			tape.Backward(own)
		}},
		{"own gradient: got float64[2], want float32[2]", func() {
			tape := ag.NewTape(b)
			own := ag.Custom("own", func(x []*engine.Tensor) *engine.Tensor { return fill(b, engine.Float32) },
				func(_, _ *engine.Tensor, _ []*engine.Tensor) []*engine.Tensor {
					return []*engine.Tensor{fill(b, engine.Float64, 2)}
				},
				tape.Input(fill(b, engine.Float32, 2)))
			tape.Backward(own)
		}},
	} {
		func() {
			defer func() {
				err, ok := recover().(*engine.ShapeError)
				require.True(t, ok, "%s: no *engine.ShapeError", c.want)
				require.EqualError(t, err, c.want)
			}()
			c.fn()
		}()
	}
}
