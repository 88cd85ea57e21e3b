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
	v          []float64
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

func testGemm(s *suite) {
	for _, p := range products {
		for flags := range 16 {
			transA, transB, bias, accumulate := flags&1 > 0, flags&2 > 0, flags&4 > 0, flags&8 > 0
			if p.m*p.n*p.k > 100_000 && (transA != bias || transB != accumulate) {
				continue // the loops below are slow: large products try each flag, but not each combination
			}
			s.product(p, transA, transB, bias, accumulate)
		}
	}
	s.gemmKeepsNaN()
	s.gemmEpilogues()
}

// product compares one product, and the memory between the rows of C, which must not change.
func (s *suite) product(p product, transA, transB, bias, accumulate bool) {
	a, b := s.operand(p.a, p.batch, p.m, p.k, transA), s.operand(p.b, p.batch, p.k, p.n, transB)
	c := s.operand(p.c, p.batch, p.m, p.n, false)
	args := engine.GemmArgs{C: c.t, A: a.t, B: b.t, M: p.m, N: p.n, K: p.k, TransA: transA, TransB: transB,
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
				sum, size := 0.0, 0.0
				for k := range p.k {
					x := a.v[a.at(item, i, k)] * b.v[b.at(item, k, j)]
					sum, size = sum+x, size+math.Abs(x)
				}
				want.addSized(at, sum, size)
			}
		}
	}
	engine.Write(c.t, start)
	s.b.Gemm(args)
	s.check(c.t, want, "%v transA=%v transB=%v bias=%v accumulate=%v", p, transA, transB, bias, accumulate)
}

// gemmKeepsNaN multiplies zeros with a column that holds NaN and one that holds ∞: both products are NaN, and no other
// column may notice.
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

// grouped is a set of linear layers and the rows that go through each.
type grouped struct {
	k, n    int
	offsets []int32
}

var groupings = []grouped{
	{k: 3, n: 5, offsets: []int32{0, 4}},
	{k: 7, n: 9, offsets: []int32{0, 4, 4, 17, 18}}, // the second group is empty
	{k: 33, n: 17, offsets: []int32{0, 0, 65, 65}},
	{k: 5, n: 4, offsets: []int32{0, 0, 0}},
	{k: 67, n: 131, offsets: []int32{0, 150, 151, 151, 301}},
	{k: 128, n: 32, offsets: []int32{0, 100, 100, 230, 403}},
}

func testGroupedGemm(s *suite) {
	for _, g := range groupings {
		s.groupedForward(g)
		s.groupedInputGrad(g)
		s.groupedWeightGrad(g)
	}
}

func (g grouped) groups() int { return len(g.offsets) - 1 }
func (g grouped) rows() int   { return int(g.offsets[g.groups()]) }

// each calls fn for every row, output and input of every group.
func (g grouped) each(fn func(e, r, o, i int)) {
	for e := range g.groups() {
		for r := int(g.offsets[e]); r < int(g.offsets[e+1]); r++ {
			for o := range g.n {
				for i := range g.k {
					fn(e, r, o, i)
				}
			}
		}
	}
}

// layers makes the weights and biases of all groups.
func (s *suite) layers(g grouped) (w, b []*engine.Tensor, wv, bv [][]float64) {
	for range g.groups() {
		wt, wx := s.random(g.n, g.k)
		bt, bx := s.random(g.n)
		w, b, wv, bv = append(w, wt), append(b, bt), append(wv, wx), append(bv, bx)
	}
	return w, b, wv, bv
}

func (s *suite) groupedForward(g grouped) {
	w, b, wv, bv := s.layers(g)
	x, xv := s.random(g.rows(), g.k)
	want := sums(g.rows() * g.n)
	g.each(func(e, r, o, i int) {
		if i == 0 {
			want.add(r*g.n+o, bv[e][o])
		}
		want.add(r*g.n+o, xv[r*g.k+i]*wv[e][o*g.k+i])
	})
	y := s.blank(g.rows(), g.n)
	s.b.GroupedGemm(engine.GroupedArgs{Mode: engine.GroupedForward, X: x, Y: y, W: w, B: b,
		Offsets: s.ints(g.offsets, len(g.offsets))})
	s.check(y, want, "forward of %v", g)

	packed := []*engine.PackedWeight{}
	for _, t := range w {
		packed = append(packed, s.b.PackWeight(t, engine.Full))
		defer packed[len(packed)-1].Free()
	}
	y, pre := s.blank(g.rows(), g.n), s.blank(g.rows(), g.n)
	s.b.GroupedGemm(engine.GroupedArgs{Mode: engine.GroupedForward, X: x, Y: y, Packed: packed, B: b, Pre: pre, GELU: true,
		Offsets: s.ints(g.offsets, len(g.offsets))})
	s.check(pre, want, "values before GELU of %v with packed weights", g)
	for i, v := range want.value {
		want.value[i] = v * 0.5 * math.Erfc(-v/math.Sqrt2)
	}
	s.check(y, want, "GELU of %v with packed weights", g)
}

func (s *suite) groupedInputGrad(g grouped) {
	w, b, wv, _ := s.layers(g)
	dy, dyv := s.random(g.rows(), g.n)
	want := sums(g.rows() * g.k)
	g.each(func(e, r, o, i int) { want.add(r*g.k+i, dyv[r*g.n+o]*wv[e][o*g.k+i]) })
	dx := s.blank(g.rows(), g.k)
	s.b.GroupedGemm(engine.GroupedArgs{Mode: engine.GroupedInputGrad, X: dx, Y: dy, W: w, B: b,
		Offsets: s.ints(g.offsets, len(g.offsets))})
	s.check(dx, want, "input gradient of %v", g)
}

func (s *suite) groupedWeightGrad(g grouped) {
	dw, db, wv, bv := s.layers(g)
	x, xv := s.random(g.rows(), g.k)
	dy, dyv := s.random(g.rows(), g.n)
	wantW, wantB := make([]expected, g.groups()), make([]expected, g.groups())
	for e := range wantW {
		wantW[e], wantB[e] = sums(g.n*g.k), sums(g.n)
		for i, v := range wv[e] {
			wantW[e].add(i, v)
		}
		for i, v := range bv[e] {
			wantB[e].add(i, v)
		}
	}
	g.each(func(e, r, o, i int) {
		if i == 0 {
			wantB[e].add(o, dyv[r*g.n+o])
		}
		wantW[e].add(o*g.k+i, dyv[r*g.n+o]*xv[r*g.k+i])
	})
	s.b.GroupedGemm(engine.GroupedArgs{Mode: engine.GroupedWeightGrad, X: x, Y: dy, W: dw, B: db,
		Offsets: s.ints(g.offsets, len(g.offsets))})
	for e := range wantW {
		s.check(dw[e], wantW[e], "weight gradient of group %d of %v", e, g)
		s.check(db[e], wantB[e], "bias gradient of group %d of %v", e, g)
	}
}
