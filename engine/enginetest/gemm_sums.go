package enginetest

import (
	"github.com/stretchr/testify/require"

	"mien/engine"
)

// gemmRowSums has products add the sums of the rows of op(A), of sizes that are cut along each side, at every precision that takes A.
func (s *suite) gemmRowSums() {
	forms := []rounding{{}}
	if s.supports(engine.BF16, true) {
		forms = append(forms, rounding{precision: engine.BF16})
	}
	if s.narrow() {
		forms = append(forms, rounding{a: true}, rounding{b: true}, rounding{a: true, b: true}, rounding{engine.BF16, true, false})
	}
	for _, p := range []product{
		{batch: 1, m: 1, n: 1, k: 1},
		{batch: 1, m: 5, n: 6, k: 0},
		{batch: 1, m: 0, n: 5, k: 3},
		{batch: 1, m: 5, n: 0, k: 3},
		{batch: 1, m: 3, n: 5, k: 7},
		{batch: 1, m: 301, n: 129, k: 37},
		{batch: 1, m: 130, n: 31, k: 1700},
		{batch: 1, m: 7, n: 163, k: 3101},
	} {
		for _, r := range forms {
			s.rowSums(p, r)
		}
	}
}

// rowSums compares the sums of one product, which must leave the bits of C as they are without.
func (s *suite) rowSums(p product, r rounding) {
	a, b := s.operand(p.a, 1, p.m, p.k, true), s.operand(p.b, 1, p.k, p.n, false)
	s.roundOperand(&a, engine.Full, r.a) // the sums are not of what the product rounds
	s.roundOperand(&b, engine.Full, r.b)
	c, plain, before := s.blank(p.m, p.n), s.blank(p.m, p.n), s.values(p.m)
	args := engine.GemmArgs{C: plain, A: a.t, B: b.t, Precision: r.precision, M: p.m, N: p.n, K: p.k, TransA: true,
		LDA: a.ld, LDB: b.ld, LDC: p.n, Batch: 1}
	s.b.Gemm(args)
	args.C, args.RowSums = c, s.tensor(before, p.m)
	s.b.Gemm(args)
	want := sums(p.m)
	for i, v := range before {
		want.add(i, v)
		for q := range p.k {
			want.add(i, a.v[a.at(0, i, q)])
		}
	}
	s.check(args.RowSums, want, "sums of the rows of op(A) in %v %+v", p, r)
	values, err := engine.Read[float64](plain)
	require.NoError(s.T, err)
	s.check(c, exactly(values), "%v %+v beside sums of rows", p, r)
}

// refusesRowSums tries sums of rows of what has none.
func (s *suite) refusesRowSums() {
	x, row := s.of(engine.Float32, 4, 4), s.of(engine.Float32, 4)
	for what, change := range map[string]func(a *engine.GemmArgs){
		"of A in place":          func(a *engine.GemmArgs) { a.TransA = false },
		"of two items":           func(a *engine.GemmArgs) { a.Batch = 2 },
		"of rows that are apart": func(a *engine.GemmArgs) { a.M, a.RowSums = 3, s.of(engine.Float32, 3) },
		"of rows that overlap":   func(a *engine.GemmArgs) { a.LDA = 3 },
		"of a part of A":         func(a *engine.GemmArgs) { a.K = 3 },
		"for other rows":         func(a *engine.GemmArgs) { a.RowSums = s.of(engine.Float32, 3) },
		"in a matrix":            func(a *engine.GemmArgs) { a.RowSums = s.of(engine.Float32, 4, 1) },
		"in whole numbers":       func(a *engine.GemmArgs) { a.RowSums = s.of(engine.Int32, 4) },
		"in bfloat16":            func(a *engine.GemmArgs) { a.RowSums = s.of(engine.BFloat16, 4) },
	} {
		product := s.square(engine.Full, s.of(engine.Float32, 4, 4), x, x)
		product.TransA, product.RowSums = true, row
		change(&product)
		s.refuses("Gemm with sums "+what, func() { s.b.Gemm(product) })
	}
}
