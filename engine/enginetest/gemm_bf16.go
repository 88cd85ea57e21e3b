package enginetest

import (
	"math"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

// Products whose result is bfloat16, on backends whose activations are. Sums are float32, and X and C are rounded once each.

// narrowEpilogues are what may follow such a product.
var narrowEpilogues = []epilogue{
	{},
	{bias: true},
	{pre: true},
	{gelu: true},
	{bias: true, pre: true, gelu: true},
	{slope: true},
	{bias: true, slope: true},
}

// narrowOperands are the dtypes of A and B: stored as bfloat16, or rounded by the product.
var narrowOperands = []rounding{{a: true, b: true}, {engine.BF16, true, false}, {engine.BF16, false, true}, {engine.BF16, false, false},
	{engine.BF16, true, true}}

func (s *suite) narrowProducts() {
	form := 0
	for _, p := range append([]product{{1, 70, 40, 4100, dense, dense, dense}, {1, 300, 66, 64, padded, dense, dense}}, products...) {
		for _, e := range narrowEpilogues {
			if e.slope && p.c != dense {
				continue
			}
			form++
			if p.m*p.n*p.k > 20_000 && form%3 > 0 {
				continue
			}
			flags, r := form/2, narrowOperands[form%len(narrowOperands)]
			s.narrowProduct(p, e, r, flags&1 > 0, flags&2 > 0, flags&4 > 0 && !e.slope, false)
			if p.b = shared; p.n > 0 {
				s.narrowProduct(p, epilogue{bias: e.bias, gelu: e.gelu, slope: e.slope}, rounding{engine.BF16, r.a, false}, false, true, false, true)
			}
		}
	}
}

// narrowProduct compares one product, and the memory between the rows of C and Pre, which must not change.
func (s *suite) narrowProduct(p product, e epilogue, r rounding, transA, transB, accumulate, packed bool) {
	a, b := s.operand(p.a, p.batch, p.m, p.k, transA), s.operand(p.b, p.batch, p.k, p.n, transB)
	result := func() operand { return s.operand(p.c, p.batch, p.m, p.n, false) }
	c, pre, slope := result(), result(), result()
	for _, o := range []*operand{&c, &pre, &slope} {
		s.roundOperand(o, engine.Full, true)
	}
	s.roundOperand(&a, r.precision, r.a)
	s.roundOperand(&b, r.precision, r.b)
	args := engine.GemmArgs{C: c.t, A: a.t, B: b.t, Precision: r.precision, M: p.m, N: p.n, K: p.k, TransA: transA, TransB: transB,
		LDA: a.ld, LDB: b.ld, LDC: c.ld, Batch: p.batch, AStride: a.stride, BStride: b.stride, CStride: c.stride,
		Accumulate: accumulate, GELU: e.gelu}
	if packed {
		view := b.t.View(p.n, p.k)
		args.B, args.TransB, args.Packed = nil, false, s.b.PackWeight(view, engine.BF16)
		view.Free()
		defer args.Packed.Free()
	}
	offset := make([]float64, p.n)
	if e.bias {
		args.Bias, offset = s.random(p.n)
	}
	if e.pre {
		args.Pre = pre.t
	}
	if e.slope {
		args.Slope = slope.t
	}
	start, want, wantPre := append([]float64{}, c.v...), exactly(append([]float64{}, c.v...)), exactly(append([]float64{}, pre.v...))
	for item := range p.batch {
		for i := range p.m {
			for j := range p.n {
				at := c.at(item, i, j)
				x, size := multiply(a, b, item, i, j, p.k)
				x, size = x+offset[j], size+math.Abs(offset[j])
				if accumulate {
					x, size = x+start[at], size+math.Abs(start[at])
				} else {
					start[at] = math.NaN()
				}
				if e.pre {
					wantPre.value[at], wantPre.size[at] = x, size+s.halfPlace(x)
				}
				switch {
				case e.gelu: // GELU′ is at most 1.13, and so much does GELU feel that X is rounded
					size = 1.13 * (size + s.halfPlace(x))
					x *= normalCDF(x)
				case e.slope:
					z := slope.v[at]
					size *= 1.13
					x *= normalCDF(z) + z*math.Exp(-z*z/2)/math.Sqrt(2*math.Pi)
				}
				want.value[at], want.size[at] = x, size+s.halfPlace(x)
			}
		}
	}
	engine.Write(c.t, start)
	s.b.Gemm(args)
	s.check(c.t, want, "bfloat16 of %v %+v %+v transA=%v transB=%v accumulate=%v packed=%v", p, e, r, transA, transB, accumulate, packed)
	if e.pre && e.gelu && p.c == dense { // as a pass that computes GELU again
		again := s.blankOf(engine.BFloat16, c.t.Len())
		s.b.Unary(engine.GELU, again, pre.t)
		values, err := engine.Read[float64](again)
		require.NoError(s.T, err)
		s.check(c.t, exactly(values), "GELU of what Pre keeps, of %v", p)
	}
	s.check(pre.t, wantPre, "bfloat16 before GELU of %v %+v %+v transA=%v transB=%v accumulate=%v", p, e, r, transA, transB, accumulate)
}

// halfPlace is how far rounding to bfloat16 may move a number, as a size that [suite.check] allows for.
func (s *suite) halfPlace(x float64) float64 { return math.Abs(x) * unit / s.tolerance() }

// refusesNarrowProducts tries what products in bfloat16 do not have.
func (s *suite) refusesNarrowProducts() {
	x, narrow := s.of(engine.Float32, 4, 4), s.of(engine.BFloat16, 4, 4)
	for what, g := range map[string]engine.GemmArgs{
		"a residual":            {Residual: narrow},
		"a residual of its own": {Residual: s.of(engine.BFloat16, 4, 4)},
		"float32 before GELU":   {Pre: x, GELU: true},
		"a float32 slope":       {Slope: x},
	} {
		product := s.square(engine.BF16, narrow, narrow, narrow)
		product.Residual, product.Pre, product.GELU, product.Slope = g.Residual, g.Pre, g.GELU, g.Slope
		s.refuses("Gemm to bfloat16 with "+what, func() { s.b.Gemm(product) })
	}
	s.refuses("Gemm of float32 to bfloat16 at f32", func() { s.b.Gemm(s.square(engine.Full, narrow, x, x)) })
	preceded := s.square(engine.BF16, x, x, x)
	preceded.Pre, preceded.GELU = narrow, true
	s.refuses("Gemm to float32 with bfloat16 before GELU", func() { s.b.Gemm(preceded) })
	for _, p := range []engine.Precision{engine.Full, engine.Int8} {
		packed := s.b.PackWeight(x, p)
		for _, operands := range [][2]*engine.Tensor{{narrow, x}, {x, narrow}, {narrow, narrow}} {
			product := s.square(engine.Full, operands[0], operands[1], nil)
			product.Packed = packed
			s.refuses("Gemm of bfloat16 with a weight packed at "+p.String(), func() { s.b.Gemm(product) })
		}
		packed.Free()
	}
}
