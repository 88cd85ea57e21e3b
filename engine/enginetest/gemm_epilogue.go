package enginetest

import (
	"math"

	"mien/engine"
)

// epilogue is what follows a product.
type epilogue struct {
	bias, pre, gelu, residual, added, slope bool // added: the residual is C itself
}

var epilogues = []epilogue{
	{gelu: true},
	{pre: true, gelu: true},
	{bias: true, gelu: true},
	{bias: true, pre: true, gelu: true},
	{residual: true},
	{bias: true, residual: true},
	{bias: true, added: true},
	{bias: true, pre: true, gelu: true, residual: true},
	{slope: true},
	{bias: true, slope: true},
}

// gemmEpilogues tries every epilogue on products of one item and of several, that fit tiles and that do not.
func (s *suite) gemmEpilogues() {
	for _, p := range []product{
		{1, 1, 7, 5, dense, dense, dense},
		{1, 13, 70, 900, dense, dense, padded},
		{1, 65, 129, 131, dense, dense, dense},
		{1, 301, 32, 64, padded, dense, dense},
		{1, 5, 9, 0, dense, dense, dense},
		{4, 19, 21, 23, dense, shared, dense},
		{3, 17, 19, 23, interleaved, shared, interleaved},
		{9, 67, 61, 43, interleaved, shared, interleaved},
	} {
		for i, e := range epilogues {
			for _, packed := range []bool{false, true} {
				if e.slope && p.c != dense {
					continue
				}
				s.epilogue(p, e, i%2 == 1 && !e.added && !e.slope, packed)
			}
		}
	}
}

// residualBeside has the residual in the same tensor as C, but not in its place.
func (s *suite) residualBeside() {
	const m, n, k = 5, 7, 3
	a, av := s.random(m, k)
	w, wv := s.random(n, k)
	both, before := s.random(2, m, n)
	c, residual := s.keep(both.Range(1, 2)), s.keep(both.Range(0, 1))
	want := exactly(before)
	for i := range m {
		for j := range n {
			x, size := dotProduct(av[i*k:(i+1)*k], wv[j*k:(j+1)*k])
			want.value[(m+i)*n+j] = x*normalCDF(x) + before[i*n+j]
			want.size[(m+i)*n+j] = size + math.Abs(before[i*n+j])
		}
	}
	s.b.Gemm(engine.GemmArgs{C: c, A: a, B: w, M: m, N: n, K: k, TransB: true, LDA: k, LDB: k, LDC: n, Batch: 1,
		GELU: true, Residual: residual})
	s.check(both, want, "a residual beside C")
}

// epilogue compares one product and what follows it; packed products take their weight from PackWeight.
func (s *suite) epilogue(p product, e epilogue, accumulate, packed bool) {
	a, w := s.operand(p.a, p.batch, p.m, p.k, false), s.operand(shared, p.batch, p.k, p.n, true)
	c, pre, residual := s.operand(p.c, p.batch, p.m, p.n, false), s.operand(p.c, p.batch, p.m, p.n, false), s.operand(p.c, p.batch, p.m, p.n, false)
	args := engine.GemmArgs{C: c.t, A: a.t, M: p.m, N: p.n, K: p.k, LDA: a.ld, LDC: c.ld, Batch: p.batch,
		AStride: a.stride, CStride: c.stride, Accumulate: accumulate, GELU: e.gelu}
	if packed {
		view := w.t.View(p.n, p.k)
		args.Packed = s.b.PackWeight(view, engine.Full)
		view.Free()
		engine.Write(w.t, repeat(math.NaN(), len(w.v))) // it must not be read again
		defer args.Packed.Free()
	} else {
		args.B, args.TransB, args.LDB = w.t, true, w.ld
	}
	offset := make([]float64, p.n)
	if e.bias {
		args.Bias, offset = s.random(p.n)
	}
	if e.pre {
		args.Pre = pre.t
	}
	if e.residual {
		args.Residual = residual.t
	}
	if e.added {
		args.Residual = c.t
	}
	if e.slope {
		args.Slope = residual.t
	}
	want, wantPre := exactly(append([]float64{}, c.v...)), exactly(append([]float64{}, pre.v...))
	for item := range p.batch {
		for i := range p.m {
			for j := range p.n {
				at := c.at(item, i, j)
				sum, size := multiply(a, w, item, i, j, p.k)
				add := func(x float64) { sum, size = sum+x, size+math.Abs(x) }
				if accumulate || e.added {
					add(c.v[at])
				}
				add(offset[j])
				if e.pre {
					wantPre.value[at], wantPre.size[at] = sum, size
				}
				if e.gelu {
					sum *= 0.5 * math.Erfc(-sum/math.Sqrt2)
				}
				if e.slope {
					z := residual.v[at]
					d := normalCDF(z) + z*math.Exp(-z*z/2)/math.Sqrt(2*math.Pi)
					sum, size = sum*d, 1.13*size // the largest slope
				}
				if e.residual {
					add(residual.v[at])
				}
				want.value[at], want.size[at] = sum, size
			}
		}
	}
	s.b.Gemm(args)
	s.check(c.t, want, "%v %+v packed=%v accumulate=%v", p, e, packed, accumulate)
	s.check(pre.t, wantPre, "values before GELU of %v %+v packed=%v", p, e, packed)
}
