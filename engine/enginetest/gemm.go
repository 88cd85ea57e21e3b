package enginetest

import (
	"fmt"
	"math"

	"mien/engine"
)

// layout is how the items of a batched operand lie in memory.
type layout int

const (
	dense       layout = iota // one matrix after the other
	padded                    // rows longer than the matrix is wide
	interleaved               // side by side in common rows, as the heads of a packed projection
	shared                    // one matrix for all items
)

// operand is a batch of matrices in one tensor.
type operand struct {
	t          *engine.Tensor
	v          []float64 // the values that products use
	ld, stride int
	transposed bool
}

// at returns where element (i, j) of item b is.
func (o operand) at(b, i, j int) int {
	if o.transposed {
		i, j = j, i
	}
	return b*o.stride + i*o.ld + j
}

// steps returns how far the next row and the next column of an item are.
func (o operand) steps() (row, column int) {
	if o.transposed {
		return 1, o.ld
	}
	return o.ld, 1
}

// multiply returns element (i, j) of item n of a·b, a sum of k products, and Σ |a·b|.
func multiply(a, b operand, n, i, j, k int) (sum, size float64) {
	_, next := a.steps()
	down, _ := b.steps()
	for at, bt := a.at(n, i, 0), b.at(n, 0, j); k > 0; k-- {
		x := a.v[at] * b.v[bt]
		sum, size = sum+x, size+math.Abs(x)
		at, bt = at+next, bt+down
	}
	return sum, size
}

// operand makes random matrices whose products use them as [rows, cols].
func (s *suite) operand(l layout, batch, rows, cols int, transposed bool) operand {
	if transposed {
		rows, cols = cols, rows
	}
	o := operand{ld: cols, stride: rows * cols, transposed: transposed}
	n := batch * rows * cols
	switch l {
	case padded:
		o.ld, o.stride = cols+3, rows*(cols+3)+5
		n = batch * o.stride
	case interleaved:
		o.ld, o.stride = batch*cols, cols
	case shared:
		o.stride, n = 0, rows*cols
	}
	o.t, o.v = s.random(n)
	return o
}

// product is one shape of GEMM to try.
type product struct {
	batch, m, n, k int
	a, b, c        layout
}

func (p product) String() string {
	return fmt.Sprintf("%d×[%d, %d]·[%d, %d] (layouts %d %d %d)", p.batch, p.m, p.k, p.k, p.n, p.a, p.b, p.c)
}

var products = []product{
	{1, 1, 1, 1, dense, dense, dense},
	{1, 3, 5, 7, dense, dense, dense},
	{1, 4, 16, 8, dense, dense, dense},
	{1, 17, 33, 65, dense, dense, dense},
	{1, 1, 100, 64, dense, dense, dense},
	{1, 130, 1, 70, dense, dense, dense},
	{1, 65, 127, 31, padded, padded, padded},
	{1, 5, 6, 0, dense, dense, dense},
	{1, 300, 257, 0, dense, dense, dense},
	{1, 0, 5, 3, dense, dense, dense},
	{1, 5, 0, 3, dense, dense, dense},
	{1, 7, 9, 3001, dense, dense, dense},
	{1, 301, 129, 37, dense, dense, dense},
	{1, 129, 301, 37, padded, padded, padded},
	{1, 1, 1003, 129, dense, dense, dense},
	{2, 3, 4, 5, dense, dense, dense},
	{3, 9, 17, 5, padded, padded, padded},
	{4, 7, 13, 11, interleaved, interleaved, interleaved},
	{5, 37, 41, 33, interleaved, dense, interleaved},
	{3, 7, 13, 11, dense, shared, dense},
	{3, 7, 13, 11, shared, dense, padded},
	{7, 31, 29, 67, dense, interleaved, dense},
	{9, 67, 61, 43, interleaved, interleaved, interleaved},
}

// rounding is how operands become bfloat16: by the product, or stored so.
type rounding struct {
	precision engine.Precision
	a, b      bool // stored
}

func testGemm(s *suite) {
	for i, p := range products {
		for flags := range 16 {
			transA, transB, bias, accumulate := flags&1 > 0, flags&2 > 0, flags&4 > 0, flags&8 > 0
			if p.m*p.n*p.k > 100_000 && (transA != bias || transB != accumulate) {
				continue // the loops below are slow: large products try each flag, but not each combination
			}
			s.product(p, rounding{}, transA, transB, bias, accumulate)
			if p.m*p.n*p.k > 20_000 && flags%5 != i%5 {
				continue
			}
			if s.supports(engine.BF16, true) {
				s.product(p, rounding{precision: engine.BF16}, transA, transB, bias, accumulate)
			}
			if s.supports(engine.BF16, false) {
				stored := []rounding{{a: true}, {b: true}, {a: true, b: true}, {engine.BF16, true, false}, {engine.BF16, false, true}}
				s.product(p, stored[(i+flags)%len(stored)], transA, transB, bias, accumulate)
			}
		}
	}
	s.gemmKeepsNaN()
	s.gemmEpilogues()
	s.gemmRowSums()
	s.residualBeside()
	if s.narrow() {
		s.narrowProducts()
	}
}

// product compares one product, and the memory between the rows of C, which must not change.
func (s *suite) product(p product, r rounding, transA, transB, bias, accumulate bool) {
	a, b := s.operand(p.a, p.batch, p.m, p.k, transA), s.operand(p.b, p.batch, p.k, p.n, transB)
	c := s.operand(p.c, p.batch, p.m, p.n, false)
	s.roundOperand(&a, r.precision, r.a)
	s.roundOperand(&b, r.precision, r.b)
	args := engine.GemmArgs{C: c.t, A: a.t, B: b.t, Precision: r.precision, M: p.m, N: p.n, K: p.k, TransA: transA, TransB: transB,
		LDA: a.ld, LDB: b.ld, LDC: c.ld, Batch: p.batch, AStride: a.stride, BStride: b.stride, CStride: c.stride,
		Accumulate: accumulate}
	offset := make([]float64, p.n)
	if bias {
		args.Bias, offset = s.random(p.n)
	}
	start, want := append([]float64{}, c.v...), exactly(append([]float64{}, c.v...))
	for item := range p.batch {
		for i := range p.m {
			for j := range p.n {
				at := c.at(item, i, j)
				want.value[at] = 0
				if accumulate {
					want.add(at, start[at])
				} else {
					start[at] = math.NaN()
				}
				want.add(at, offset[j])
				sum, size := multiply(a, b, item, i, j, p.k)
				want.addSized(at, sum, size)
			}
		}
	}
	engine.Write(c.t, start)
	s.b.Gemm(args)
	s.check(c.t, want, "%v %+v transA=%v transB=%v bias=%v accumulate=%v", p, r, transA, transB, bias, accumulate)
}

// roundOperand stores an operand as bfloat16, or has the product round it.
func (s *suite) roundOperand(o *operand, p engine.Precision, stored bool) {
	if stored {
		o.t = s.keep(engine.FromSlice(s.b, engine.BFloat16, o.v, len(o.v)))
	}
	if stored || p == engine.BF16 {
		o.v = rounded(o.v)
	}
}

// gemmKeepsNaN multiplies zeros with a column that holds NaN and one that holds ∞: both products are NaN, and no other
// column may be affected.
func (s *suite) gemmKeepsNaN() {
	const m, n, k = 5, 21, 9
	a := s.tensor(repeat(0.0, m*k), m, k)
	bv := s.values(k * n)
	bv[3*n+2], bv[k*n-n+20] = math.NaN(), math.Inf(1)
	want := make([]float64, m*n)
	for i := range m {
		want[i*n+2], want[i*n+20] = math.NaN(), math.NaN()
	}
	c := s.blank(m, n)
	s.b.Gemm(engine.GemmArgs{C: c, A: a, B: s.tensor(bv, k, n), M: m, N: n, K: k, LDA: k, LDB: n, LDC: n, Batch: 1})
	s.check(c, exactly(want), "zeros times NaN")
}
