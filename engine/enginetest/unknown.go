package enginetest

import (
	"maps"
	"slices"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

// testUnknown calls methods with ops, modes, precisions and dtypes that they do not have. They must fail with a *ShapeError, in the
// call or in the next Flush or Sync, and the backend must still work.
func testUnknown(s *suite) {
	x := s.of(engine.Float32, 4, 4)
	for _, op := range []engine.BinaryOp{engine.PReLU + 1, 255} {
		s.refuses("Binary", func() { s.b.Binary(op, x, x, x) })
	}
	for _, op := range []engine.UnaryOp{engine.Rsqrt + 1, 255} {
		s.refuses("Unary", func() { s.b.Unary(op, x, x) })
		s.refuses("UnaryBackward", func() { s.b.UnaryBackward(op, x, x, x) })
	}
	for _, mode := range []engine.GroupedMode{engine.GroupedWeightGrad + 1, 255} {
		s.refuses("GroupedGemm", func() { s.b.GroupedGemm(s.group(mode, engine.Full, engine.Float32)) })
	}
	for _, mode := range []engine.DepthwiseMode{engine.DepthwiseWeightGrad + 1, 255} {
		s.refuses("Depthwise", func() { s.b.Depthwise(s.depthwise4(mode, engine.Float32)) })
	}
	for _, dtype := range []engine.DType{engine.Int32, engine.Uint8, engine.BFloat16} {
		s.refusesDType(dtype)
	}
	if s.narrow() {
		s.refusesNarrow()
		s.refusesNarrowProducts()
	}
	if !s.options.Float64 {
		s.refusesDType(engine.Float64)
	}
	s.refusesPrecisions()
	s.refusesRowSums()
	s.refusesStrangers()
	s.refusesLargeStrangers()
}

// refuses requires a *ShapeError from a call, or from the next Flush or Sync.
func (s *suite) refuses(what string, call func()) {
	s.Helper()
	defer func() {
		s.Helper()
		p := recover()
		_, ok := p.(*engine.ShapeError)
		require.True(s.T, ok, "%s panics with %v, want a *ShapeError", what, p)
		require.NoError(s.T, s.b.Sync())
	}()
	call()
	s.b.Flush()
	require.NoError(s.T, s.b.Sync())
}

// of returns a tensor of any dtype.
func (s *suite) of(dtype engine.DType, shape ...int) *engine.Tensor {
	t := s.keep(engine.New(s.b, dtype, shape...))
	n := engine.Elements(shape)
	switch dtype {
	case engine.Int32:
		engine.Write(t, make([]int32, n))
	case engine.Uint8:
		engine.Write(t, make([]uint8, n))
	default:
		engine.Write(t, make([]float64, n))
	}
	return t
}

// group is a linear layer of one group.
func (s *suite) group(mode engine.GroupedMode, p engine.Precision, dtype engine.DType) engine.GroupedArgs {
	return engine.GroupedArgs{Mode: mode, Precision: p, X: s.of(dtype, 4, 4), Y: s.of(dtype, 4, 4), W: []*engine.Tensor{s.of(dtype, 4, 4)},
		B: []*engine.Tensor{s.of(dtype, 4)}, Offsets: s.ints([]int32{0, 4}, 2)}
}

func (s *suite) square(p engine.Precision, c, a, b *engine.Tensor) engine.GemmArgs {
	return engine.GemmArgs{C: c, A: a, B: b, Precision: p, M: 4, N: 4, K: 4, LDA: 4, LDB: 4, LDC: 4, Batch: 1}
}

func (s *suite) route4(keep *engine.Tensor) engine.RouteArgs {
	return engine.RouteArgs{Choice: s.ints([]int32{0, 3, 5, 6}, 4), Slot: s.blankInts(4), Place: s.blankInts(4), Token: s.blankInts(4),
		Chosen: s.blankInts(8), Offsets: s.blankInts(3), Keep: keep, K: 1, Experts: 2}
}

// depthwise4 is a convolution of four channels.
func (s *suite) depthwise4(mode engine.DepthwiseMode, dtype engine.DType) engine.DepthwiseArgs {
	return engine.DepthwiseArgs{Mode: mode, X: s.of(dtype, 1, 1, 2, 2, 4), Y: s.of(dtype, 1, 4, 4), Weight: s.of(dtype, 1, 4),
		Bias: s.of(dtype, 4), Window: pointwise}
}

// sample4 reads four channels at three points.
func (s *suite) sample4(dtype engine.DType) (engine.SampleArgs, engine.SampleGrads) {
	a := engine.SampleArgs{X: s.of(dtype, 1, 1, 2, 2, 4), At: s.of(dtype, 1, 3, 3), Factor: s.of(dtype, 1, 3), Out: s.of(dtype, 1, 3, 4)}
	return a, engine.SampleGrads{DOut: s.of(dtype, 1, 3, 4), DX: s.of(dtype, 1, 1, 2, 2, 4), DAt: s.of(dtype, 1, 3, 3), DFactor: s.of(dtype, 1, 3)}
}

// takeActivations are the calls of refusesDType whose operands may all be activations.
var takeActivations = []string{"Axpy", "Binary", "Gemm", "Unary", "UnaryBackward"}

// refusesDType gives every floating point method tensors of another dtype.
func (s *suite) refusesDType(dtype engine.DType) {
	x, row, one, index := s.of(dtype, 4, 4), s.of(dtype, 4), s.of(dtype), s.ints(make([]int32, 4), 4, 1)
	heads := engine.AttentionArgs{QKV: s.of(dtype, 1, 4, 3, 1, 4), Out: s.of(dtype, 1, 4, 1, 4), LSE: s.of(dtype, 1, 1, 4),
		Batch: 1, Tokens: 4, Heads: 1, HeadDim: 4}
	list := []*engine.Tensor{row}
	image, taps := s.of(dtype, 1, 1, 2, 2, 4), s.ints(make([]int32, 16), 1, 1, 2, 2, 4)
	sample, sampleGrads := s.sample4(dtype)
	calls := map[string]func(){
		"Cast":              func() { s.b.Cast(x, x) },
		"Cast to Float64":   func() { s.b.Cast(s.of(engine.Float64, 4, 4), x) },
		"Permute":           func() { s.b.Permute(x, x, []int{1, 0}) },
		"Patchify":          func() { s.b.Patchify(s.patches(x, s.of(engine.Uint8, 1, 1, 4, 4, 3))) },
		"Binary":            func() { s.b.Binary(engine.Add, x, x, x) },
		"Axpy":              func() { s.b.Axpy(row, 2, row) },
		"Scale":             func() { s.b.Scale(row, row, 2) },
		"SumTo":             func() { s.b.SumTo(row, x, false) },
		"SumTo on top":      func() { s.b.SumTo(row, x, true) },
		"Copy on top":       func() { s.b.Copy(engine.CopyArgs{Dst: x, Src: x, Block: 1, Count: 1, Accumulate: true}) },
		"Unary":             func() { s.b.Unary(engine.GELU, x, x) },
		"UnaryBackward":     func() { s.b.UnaryBackward(engine.GELU, x, x, x) },
		"Gemm":              func() { s.b.Gemm(s.square(engine.Full, x, x, x)) },
		"GroupedGemm":       func() { s.b.GroupedGemm(s.group(engine.GroupedForward, engine.Full, dtype)) },
		"Softmax":           func() { s.b.Softmax(x, x) },
		"SoftmaxBackward":   func() { s.b.SoftmaxBackward(x, x, x) },
		"LogSoftmax":        func() { s.b.LogSoftmax(x, x) },
		"…Backward":         func() { s.b.LogSoftmaxBackward(x, x, x) },
		"LayerNorm":         func() { s.b.LayerNorm(x, row, row, x, row, row, 1e-6) },
		"LayerNormBackward": func() { s.b.LayerNormBackward(x, row, row, x, row, x, row, row, false) },
		"Attention":         func() { s.b.Attention(heads) },
		"AttentionBackward": func() {
			s.b.AttentionBackward(heads, engine.AttentionGrads{DOut: heads.Out, DQKV: heads.QKV})
		},
		"Unfold":          func() { s.b.Unfold(x, image, pointwise) },
		"Fold":            func() { s.b.Fold(image, x, pointwise, false) },
		"Fold on top":     func() { s.b.Fold(image, x, pointwise, true) },
		"Depthwise":       func() { s.b.Depthwise(s.depthwise4(engine.DepthwiseForward, dtype)) },
		"MaxPool":         func() { s.b.MaxPool(image, taps, image, pointwise) },
		"MaxPoolBackward": func() { s.b.MaxPoolBackward(image, image, taps, pointwise) },
		"Sample":          func() { s.b.Sample(sample) },
		"SampleBackward":  func() { s.b.SampleBackward(sample, sampleGrads) },
		"Gather":          func() { s.b.Gather(x, x, index, false) },
		"TopK":            func() { s.b.TopK(index, x) },
		"Route":           func() { s.b.Route(s.route4(row)) },
		"MSE":             func() { s.b.MSE(one, x, x) },
		"MSEBackward":     func() { s.b.MSEBackward(x, x, x, one) },
		"RandomNormal":    func() { s.b.RandomNormal(x, engine.Key{}) },
		"RandomMask":      func() { s.b.RandomMask(x, 0.5, engine.Key{}) },
		"StepFigures":     func() { s.b.StepFigures(engine.FiguresArgs{Figures: row, Loss: one, Grads: list}) },
		"AdamW": func() {
			s.b.AdamW(engine.AdamWArgs{Params: list, Grads: list, M: list, V: list, LR: []float64{1}, Decay: []float64{0},
				Steps: s.ints([]int32{0}, 1), Index: []int{0}, Figures: row})
		},
	}
	if slices.Contains(s.activations(), dtype) {
		maps.DeleteFunc(calls, func(what string, _ func()) bool { return slices.Contains(takeActivations, what) })
	}
	for what, call := range calls {
		s.refuses(what+" of "+dtype.String(), call)
	}
	if dtype != engine.BFloat16 {
		s.refuses("PackWeight of "+dtype.String(), func() { s.b.PackWeight(x, engine.Full).Free() })
	}
	if dtype == engine.Uint8 || dtype == engine.BFloat16 {
		s.refuses("Fill of "+dtype.String(), func() { s.b.Fill(x, 1) })
	}
}

func (s *suite) patches(dst, pixels *engine.Tensor) engine.PatchifyArgs {
	return engine.PatchifyArgs{Dst: dst, Pixels: pixels, Tubelet: 1, Patch: 2, Std: [3]float32{1, 1, 1}}
}

// refusesPrecisions tries precisions that do not exist and those that the backend does not support.
func (s *suite) refusesPrecisions() {
	x := s.of(engine.Float32, 4, 4)
	heads := engine.AttentionArgs{QKV: s.of(engine.Float32, 1, 4, 3, 1, 4), Out: s.of(engine.Float32, 1, 4, 1, 4),
		LSE: s.of(engine.Float32, 1, 1, 4), Batch: 1, Tokens: 4, Heads: 1, HeadDim: 4}
	for _, p := range []engine.Precision{engine.BF16, engine.Int8, engine.Int8 + 1, 255} {
		if s.b.Supports(p, false) != nil {
			s.refuses("PackWeight at "+p.String(), func() { s.b.PackWeight(x, p).Free() })
		}
		if p == engine.Int8 || s.b.Supports(p, true) != nil {
			s.refuses("Gemm at "+p.String(), func() { s.b.Gemm(s.square(p, x, x, x)) })
			for mode := range engine.GroupedWeightGrad + 1 {
				s.refuses("GroupedGemm at "+p.String(), func() { s.b.GroupedGemm(s.group(mode, p, engine.Float32)) })
			}
		}
		if heads.Precision = p; p > engine.Int8 {
			s.refuses("Attention at "+p.String(), func() { s.b.Attention(heads) })
		}
		if p >= engine.Int8 { // which is for inference
			s.refuses("AttentionBackward at "+p.String(), func() {
				s.b.AttentionBackward(heads, engine.AttentionGrads{DOut: heads.Out, DQKV: heads.QKV})
			})
		}
	}
	if s.options.Float64 {
		y := s.of(engine.Float64, 4, 4)
		s.refuses("Gemm of float64 at bf16", func() { s.b.Gemm(s.square(engine.BF16, y, y, y)) })
		s.refuses("GroupedGemm of float64 at bf16", func() { s.b.GroupedGemm(s.group(engine.GroupedForward, engine.BF16, engine.Float64)) })
		s.refuses("PackWeight of float64 at bf16", func() { s.b.PackWeight(y, engine.BF16).Free() })
		s.refuses("PackWeight of float64 at int8", func() { s.b.PackWeight(y, engine.Int8).Free() })
	}
}

// refusesStrangers gives methods one operand whose elements are as long as those of the others, but of another kind.
func (s *suite) refusesStrangers() {
	x, row, n, index := s.of(engine.Float32, 4, 4), s.of(engine.Float32, 4), s.of(engine.Int32, 4, 4), s.of(engine.Float32, 4, 1)
	items := s.square(engine.Full, x, x, n)
	items.Batch, items.M, items.N, items.K = 4, 1, 1, 1
	grouped := s.group(engine.GroupedForward, engine.Full, engine.Float32)
	grouped.W = []*engine.Tensor{n}
	floating := s.group(engine.GroupedForward, engine.Full, engine.Float32)
	floating.Offsets = s.of(engine.Float32, 2)
	route := s.route4(row)
	route.Choice = row
	list := []*engine.Tensor{row}
	image, depthwise := s.of(engine.Float32, 1, 1, 2, 2, 4), s.depthwise4(engine.DepthwiseForward, engine.Float32)
	depthwise.Weight = s.of(engine.Int32, 1, 4)
	sample, sampleGrads := s.sample4(engine.Float32)
	sample.At = s.of(engine.Int32, 1, 3, 3)
	steps := engine.AdamWArgs{Params: list, Grads: list, M: list, V: list, LR: []float64{1}, Decay: []float64{0}, Steps: row,
		Index: []int{0}, Figures: s.figures(1, 1)}
	for what, call := range map[string]func(){
		"Binary of whole numbers":        func() { s.b.Binary(engine.Add, x, x, n) },
		"Gemm of whole numbers":          func() { s.b.Gemm(s.square(engine.Full, x, n, x)) },
		"Gemm of items of whole numbers": func() { s.b.Gemm(items) },
		"GroupedGemm of whole numbers":   func() { s.b.GroupedGemm(grouped) },
		"GroupedGemm by floats":          func() { s.b.GroupedGemm(floating) },
		"Unfold to whole numbers":        func() { s.b.Unfold(n, image, pointwise) },
		"Fold of whole numbers":          func() { s.b.Fold(image, n, pointwise, false) },
		"Depthwise of whole numbers":     func() { s.b.Depthwise(depthwise) },
		"MaxPool to floats":              func() { s.b.MaxPool(image, image, image, pointwise) },
		"MaxPoolBackward by floats":      func() { s.b.MaxPoolBackward(image, image, image, pointwise) },
		"Sample at whole numbers":        func() { s.b.Sample(sample) },
		"SampleBackward of such":         func() { s.b.SampleBackward(sample, sampleGrads) },
		"Gather by floats":               func() { s.b.Gather(x, x, index, false) },
		"TopK to floats":                 func() { s.b.TopK(index, x) },
		"Route of floats":                func() { s.b.Route(route) },
		"AdamW that counts in floats":    func() { s.b.AdamW(steps) },
		"Patchify of whole numbers":      func() { s.b.Patchify(s.patches(s.of(engine.Float32, 4, 12), s.of(engine.Int32, 1, 3, 1, 4, 4))) },
		"Copy between dtypes":            func() { s.b.Copy(engine.CopyArgs{Dst: x, Src: n, Block: 4, Count: 1}) },
	} {
		s.refuses(what, call)
	}
}

// refusesLargeStrangers does so with enough work to be split: a panic on a worker thread would end the program.
func (s *suite) refusesLargeStrangers() {
	const n, batch = 96, 8
	x, strange := s.of(engine.Float32, batch, n, n), s.of(engine.Int32, batch, n, n)
	items := engine.GemmArgs{C: x, A: x, B: strange, M: n, N: n, K: n, LDA: n, LDB: n, LDC: n, Batch: batch,
		AStride: n * n, BStride: n * n, CStride: n * n}
	rows := x.View(batch*n, n)
	defer rows.Free()
	grouped := engine.GroupedArgs{X: rows, Y: s.of(engine.Float32, batch*n, n), W: []*engine.Tensor{s.of(engine.Int32, n, n)},
		B: []*engine.Tensor{s.of(engine.Float32, n)}, Offsets: s.ints([]int32{0, batch * n}, 2)}
	heads := engine.AttentionArgs{QKV: s.of(engine.Float32, 4, n, 3, 2, 16), Out: s.of(engine.Float32, 4, n, 2, 16),
		LSE: s.of(engine.Int32, 4, 2, n), Batch: 4, Tokens: n, Heads: 2, HeadDim: 16}
	list, wrong := []*engine.Tensor{s.of(engine.Float32, large)}, []*engine.Tensor{s.of(engine.Int32, large)}
	figures, loss := s.figures(1, 1), s.of(engine.Float32)
	steps := engine.AdamWArgs{Params: list, Grads: list, M: list, V: wrong, LR: []float64{1}, Decay: []float64{0},
		Steps: s.ints([]int32{0}, 1), Index: []int{0}, Figures: figures}
	s.refuses("Gemm of many whole numbers", func() { s.b.Gemm(items) })
	s.refuses("GroupedGemm of many whole numbers", func() { s.b.GroupedGemm(grouped) })
	s.refuses("Attention that writes whole numbers", func() { s.b.Attention(heads) })
	s.refuses("AttentionBackward of whole numbers", func() {
		s.b.AttentionBackward(heads, engine.AttentionGrads{DOut: heads.Out, DQKV: heads.QKV})
	})
	s.refuses("AdamW of many whole numbers", func() { s.b.AdamW(steps) })
	s.refuses("StepFigures of many whole numbers", func() {
		s.b.StepFigures(engine.FiguresArgs{Figures: figures, Loss: loss, Grads: append(wrong, wrong...)})
	})
}
