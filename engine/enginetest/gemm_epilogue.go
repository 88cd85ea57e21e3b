package enginetest

import (
	"math"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

// epilogue is what follows a product.
type epilogue struct {
	scale                            float64
	bias, pre, gelu, residual, added bool // added: the residual is C itself
}

var epilogues = []epilogue{
	{gelu: true},
	{pre: true, gelu: true},
	{bias: true, gelu: true},
	{bias: true, pre: true, gelu: true},
	{residual: true},
	{bias: true, residual: true},
	{bias: true, added: true},
	{scale: 0.125},
	{scale: -2, bias: true, pre: true, gelu: true, residual: true},
}

// gemmEpilogues tries every epilogue on products of one item and of several, that fit tiles and that do not.
func (s *suite) gemmEpilogues() {
	for _, p := range []product{
		{1, 1, 7, 5, dense, dense, dense},
		{1, 13, 70, 900, dense, dense, padded},
		{1, 65, 129, 131, dense, dense, dense},
		{1, 301, 32, 64, padded, dense, dense},
		{1, 5, 9, 0, dense, dense, dense},
		{3, 17, 19, 23, interleaved, shared, interleaved},
		{9, 67, 61, 43, interleaved, shared, interleaved},
	} {
		for i, e := range epilogues {
			for _, packed := range []bool{false, true} {
				s.epilogue(p, e, i%2 == 1 && !e.added, packed)
			}
		}
	}
}

// epilogue compares one product and what follows it; packed products take their weight from PackWeight.
func (s *suite) epilogue(p product, e epilogue, accumulate, packed bool) {
	a, w := s.operand(p.a, p.batch, p.m, p.k, false), s.operand(shared, p.batch, p.k, p.n, true)
	c, pre, residual := s.operand(p.c, p.batch, p.m, p.n, false), s.operand(p.c, p.batch, p.m, p.n, false), s.operand(p.c, p.batch, p.m, p.n, false)
	args := engine.GemmArgs{C: c.t, A: a.t, M: p.m, N: p.n, K: p.k, LDA: a.ld, LDC: c.ld, Batch: p.batch,
		AStride: a.stride, CStride: c.stride, Accumulate: accumulate, Scale: e.scale, GELU: e.gelu}
	if packed {
		view := w.t.View(p.n, p.k)
		args.Packed = s.b.PackWeight(view, engine.Full)
		view.Free()
		engine.Write(w.t, repeat(math.NaN(), len(w.v))) // it must not be read any more
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
	want, wantPre := exactly(append([]float64{}, c.v...)), exactly(append([]float64{}, pre.v...))
	for item := range p.batch {
		for i := range p.m {
			for j := range p.n {
				at := c.at(item, i, j)
				sum, size := 0.0, 0.0
				add := func(x float64) { sum, size = sum+x, size+math.Abs(x) }
				if accumulate || e.added {
					add(c.v[at])
				}
				for k := range p.k {
					add(a.v[a.at(item, i, k)] * w.v[w.at(item, k, j)])
				}
				if e.scale != 0 {
					sum, size = sum*e.scale, size*math.Abs(e.scale)
				}
				add(offset[j])
				if e.pre {
					wantPre.value[at], wantPre.size[at] = sum, size
				}
				if e.gelu {
					sum *= 0.5 * math.Erfc(-sum/math.Sqrt2)
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

// testPackWeight multiplies with a packed weight what testGemm multiplies with the weight itself, and follows its memory.
func testPackWeight(s *suite) {
	for _, size := range [][3]int{{1, 1, 1}, {100, 7, 129}, {3, 200, 1700}, {130, 192, 60}, {7, 5, 0}, {0, 5, 7}} {
		m, n, k := size[0], size[1], size[2]
		x, xv := s.random(m, k)
		w, wv := s.random(n, 1, k)
		before := s.b.Stats().LiveBytes
		packed := s.b.PackWeight(w, engine.Full)
		require.Equal(s.T, []int{n, k}, []int{packed.N, packed.K})
		require.Equal(s.T, engine.Full, packed.Precision)
		require.GreaterOrEqual(s.T, s.b.Stats().LiveBytes-before, n*k*s.dtype.Size(), "a packed weight counts as live")
		want := sums(m * n)
		for i := range m {
			for j := range n {
				for p := range k {
					want.add(i*n+j, xv[i*k+p]*wv[j*k+p])
				}
			}
		}
		for range 2 {
			y := s.blank(m, n)
			s.b.Gemm(engine.GemmArgs{C: y, A: x, Packed: packed, M: m, N: n, K: k, LDA: k, LDC: n, Batch: 1})
			s.check(y, want, "[%d, %d] times a packed weight [%d, %d]", m, k, n, k)
		}
		packed.Free()
		require.Panics(s.T, packed.Free, "freed twice")
	}
}
