package enginetest

import (
	"math"
	"slices"

	"mien/engine"
)

func testFill(s *suite) {
	for _, n := range []int{0, 1, 5, large} {
		t := s.blank(n)
		s.b.Fill(t, 0.1)
		s.check(t, exactly(repeat(s.round(0.1), n)), "Fill of %d", n)
	}
	scalar := s.blank()
	s.b.Fill(scalar, -2)
	s.check(scalar, exactly([]float64{-2}), "Fill of a scalar")
	index := s.blankInts(7)
	s.b.Fill(index, 3)
	s.checkInts(index, repeat(int32(3), 7), "Fill of int32")
}

// offsets returns, for each element of a tensor of the given shape, where it is in an operand that was broadcast to it.
func offsets(shape, operand []int) []int {
	at := make([]int, engine.Elements(shape))
	for i := range at {
		rest, stride := i, 1
		for axis := len(shape) - 1; axis >= 0; axis-- {
			j := rest % shape[axis]
			rest /= shape[axis]
			if k := axis - (len(shape) - len(operand)); k >= 0 {
				at[i] += j % operand[k] * stride
				stride *= operand[k]
			}
		}
	}
	return at
}

// broadcasts pairs shapes with the shape of an operand that stretches to them.
var broadcasts = []struct{ full, part []int }{
	{[]int{}, []int{}},
	{[]int{1}, []int{}},
	{[]int{7}, []int{7}},
	{[]int{7}, []int{1}},
	{[]int{7}, []int{}},
	{[]int{0, 3}, []int{3}},
	{[]int{3, 0}, []int{3, 1}},
	{[]int{5, 9}, []int{9}},
	{[]int{5, 9}, []int{1, 9}},
	{[]int{5, 9}, []int{5, 1}},
	{[]int{5, 1}, []int{5, 1}},
	{[]int{9, 9}, []int{9, 1}},
	{[]int{3, 5, 5}, []int{5, 1}},
	{[]int{2, 3, 4}, []int{3, 1}},
	{[]int{2, 3, 4}, []int{2, 1, 4}},
	{[]int{2, 3, 4}, []int{2, 1, 1}},
	{[]int{2, 3, 4}, []int{1, 3, 1}},
	{[]int{2, 1, 3, 1, 5}, []int{1, 1, 3, 1, 1}},
	{[]int{2, 3, 2, 5}, []int{3, 1, 5}},
	{[]int{3, 4, 5, 2}, []int{3, 1, 5, 1}},
	{[]int{large}, []int{large}},
	{[]int{601, 203}, []int{203}},
	{[]int{601, 203}, []int{601, 1}},
	{[]int{7, 86, 203}, []int{7, 1, 203}},
	{[]int{203, 601}, []int{}},
}

func testBinary(s *suite) {
	for _, shapes := range broadcasts {
		for _, op := range []engine.BinaryOp{engine.Add, engine.Sub, engine.Mul, engine.Div, engine.PReLU} {
			a, av := s.random(shapes.full...)
			b, bv := s.random(shapes.part...)
			at := offsets(shapes.full, shapes.part)
			ab, ba := sums(len(av)), sums(len(av))
			for i, x := range av {
				y := bv[at[i]]
				xy, yx := apply(op, x, y), apply(op, y, x)
				ab.addSized(i, xy, max(math.Abs(x)+math.Abs(y), math.Abs(xy)))
				ba.addSized(i, yx, max(math.Abs(x)+math.Abs(y), math.Abs(yx)))
			}
			dst := s.blank(shapes.full...)
			s.b.Binary(op, dst, a, b)
			s.check(dst, ab, "op %d of %v and %v", op, shapes.full, shapes.part)
			s.b.Binary(op, dst, b, a)
			s.check(dst, ba, "op %d of %v and %v", op, shapes.part, shapes.full)
			s.check(b, exactly(bv), "an operand changed")
			s.b.Binary(op, a, a, b)
			s.check(a, ab, "op %d of %v and %v in place", op, shapes.full, shapes.part)
		}
	}
	s.binaryBothStretched()
	s.preluOfSpecials()
	if s.narrow() {
		s.addNarrow()
	}
}

func apply(op engine.BinaryOp, a, b float64) float64 {
	switch op {
	case engine.Add:
		return a + b
	case engine.Sub:
		return a - b
	case engine.Div:
		return a / b
	case engine.PReLU:
		if a > 0 {
			return a
		}
	}
	return a * b
}

// preluOfSpecials holds what is neither positive nor negative, and what has no end, against a slope of 1/4.
func (s *suite) preluOfSpecials() {
	inf, nan := math.Inf(1), math.NaN()
	x := s.tensor(slices.Repeat([]float64{inf, -inf, nan, 0, math.Copysign(0, -1), 3, -8}, 41), 41, 7)
	slope := s.tensor(repeat(0.25, 7), 7)
	dst := s.blank(41, 7)
	s.b.Binary(engine.PReLU, dst, x, slope)
	s.check(dst, exactly(slices.Repeat([]float64{inf, -inf, nan, 0, 0, 3, -2}, 41)), "PReLU")
}

// binaryBothStretched adds a column and a row, and tensors that stretch on different axes.
func (s *suite) binaryBothStretched() {
	for _, c := range []struct{ full, a, b []int }{
		{[]int{5, 7}, []int{5, 1}, []int{7}},
		{[]int{4, 5, 6}, []int{4, 1, 6}, []int{5, 1}},
		{[]int{2, 3, 4, 5}, []int{2, 1, 4, 1}, []int{3, 1, 5}},
	} {
		a, av := s.random(c.a...)
		b, bv := s.random(c.b...)
		ai, bi := offsets(c.full, c.a), offsets(c.full, c.b)
		want := sums(len(ai))
		for i := range ai {
			want.add(i, av[ai[i]])
			want.add(i, bv[bi[i]])
		}
		dst := s.blank(c.full...)
		s.b.Binary(engine.Add, dst, a, b)
		s.check(dst, want, "%v + %v", c.a, c.b)
	}
}

func testSumTo(s *suite) {
	for _, shapes := range broadcasts {
		src, sv := s.random(shapes.full...)
		dst, dv := s.random(shapes.part...)
		at := offsets(shapes.full, shapes.part)
		plain, added := sums(len(dv)), sums(len(dv))
		for i, v := range dv {
			added.add(i, v)
		}
		for i, v := range sv {
			plain.add(at[i], v)
			added.add(at[i], v)
		}
		s.b.SumTo(dst, src, true)
		s.check(dst, added, "sum of %v added to %v", shapes.full, shapes.part)
		s.b.SumTo(dst, src, false)
		s.check(dst, plain, "sum of %v to %v", shapes.full, shapes.part)
		blank := s.blank(shapes.part...)
		s.b.SumTo(blank, src, false)
		s.check(blank, plain, "sum of %v to %v over NaN", shapes.full, shapes.part)
	}
	if s.narrow() {
		s.sumNarrow()
	}
}

func testAxpy(s *suite) {
	for _, dtype := range s.activations() {
		for _, n := range []int{0, 1, 3, 8, 31, 257, 4100, large} {
			d, dv := s.randomOf(dtype, n)
			x, xv := s.randomOf(dtype, n)
			want := sums(n)
			for i := range n {
				want.add(i, dv[i])
				want.add(i, 0.3*xv[i])
			}
			s.b.Axpy(d, 0.3, x)
			s.check(d, want, "Axpy of %d %v", n, dtype)
			s.check(x, exactly(xv), "Axpy changed its operand")
		}
	}
}

func testScale(s *suite) {
	for _, n := range []int{0, 1, 3, 8, 31, 257, large} {
		x, xv := s.random(n)
		want := sums(n)
		for i, v := range xv {
			want.add(i, -0.7*v)
		}
		dst := s.blank(n)
		s.b.Scale(dst, x, -0.7)
		s.check(dst, want, "Scale of %d", n)
		s.b.Scale(x, x, -0.7)
		s.check(x, want, "Scale of %d in place", n)
	}
}

// curve is an elementwise function and its derivative.
type curve struct {
	op   engine.UnaryOp
	f, d func(x float64) float64
}

var curves = []curve{
	{engine.GELU,
		func(x float64) float64 { return x * normalCDF(x) },
		func(x float64) float64 {
			return normalCDF(x) + x*math.Exp(-x*x/2)/math.Sqrt(2*math.Pi)
		}},
	{engine.Softplus,
		func(x float64) float64 {
			if x > 40 {
				return x
			}
			return math.Log1p(math.Exp(x))
		},
		func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }},
	{engine.NormalCDF, normalCDF, func(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }},
	{engine.ReLU, func(x float64) float64 { return above(x, x, 0) }, func(x float64) float64 { return above(x, 1, 0) }},
	{engine.ELU,
		func(x float64) float64 { return above(x, x, math.Expm1(x)) },
		func(x float64) float64 { return above(x, 1, math.Exp(x)) }},
	{engine.Sigmoid,
		func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
		func(x float64) float64 { return 1 / (2 + math.Exp(x) + math.Exp(-x)) }},
	{engine.Rsqrt,
		func(x float64) float64 { return 1 / math.Sqrt(x) },
		func(x float64) float64 { return math.Pow(x, -1.5) / -2 }},
}

// above returns what a function with two branches is above 0 and below; NaN stays NaN.
func above(x, yes, no float64) float64 {
	switch {
	case x > 0:
		return yes
	case x <= 0:
		return no
	}
	return x
}

func normalCDF(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

// curvePoints covers the line, its far ends, and NaN.
func (s *suite) curvePoints(dtype engine.DType, n int) []float64 {
	x := s.values(n)
	for i := range x {
		x[i] *= 3
	}
	copy(x, []float64{0, math.Copysign(0, -1), 1, -1, 12, -12, 100, -100, 1e4, -1e4, 1e-20, math.NaN()})
	return s.roundTo(dtype, x)
}

// curveDTypes are those of an op.
func (s *suite) curveDTypes(op engine.UnaryOp) []engine.DType {
	if op == engine.GELU {
		return s.activations()
	}
	return []engine.DType{s.dtype}
}

func testUnary(s *suite) {
	for _, c := range curves {
		for _, dtype := range s.curveDTypes(c.op) {
			for _, n := range []int{0, 1, 12, 37, 4100, large} {
				s.unary(c, dtype, s.curvePoints(dtype, n))
			}
		}
	}
	if s.narrow() {
		s.unary(curves[engine.GELU], engine.BFloat16, []float64{math.Inf(1), 1, math.Inf(-1)})
	}
}

func (s *suite) unary(c curve, dtype engine.DType, points []float64) {
	n, want := len(points), sums(len(points))
	for i, v := range points {
		y := c.f(v)
		want.addSized(i, y, max(math.Abs(v), math.Abs(y)))
	}
	dst, x := s.blankOf(dtype, n), s.tensorOf(dtype, points, n)
	s.b.Unary(c.op, dst, x)
	s.check(dst, want, "op %d of %d %v", c.op, n, dtype)
	s.check(x, exactly(points), "op %d changed its operand", c.op)
}

func testUnaryBackward(s *suite) {
	for _, c := range curves {
		for _, dtype := range s.curveDTypes(c.op) {
			for _, n := range []int{0, 1, 12, 37, 4100, large} {
				s.unaryBackward(c, dtype, s.curvePoints(dtype, n))
			}
		}
	}
	if s.narrow() {
		s.unaryBackward(curves[engine.GELU], engine.BFloat16, []float64{math.Inf(1), 1, math.Inf(-1)})
	}
}

func (s *suite) unaryBackward(c curve, dtype engine.DType, points []float64) {
	n, want := len(points), sums(len(points))
	dy, up := s.randomOf(dtype, n)
	for i, v := range points {
		want.addSized(i, up[i]*c.d(v), math.Abs(up[i])*max(1, math.Abs(c.d(v))))
	}
	dx, x := s.blankOf(dtype, n), s.tensorOf(dtype, points, n)
	s.b.UnaryBackward(c.op, dx, x, dy)
	s.check(dx, want, "op %d of %d %v", c.op, n, dtype)
	s.check(dy, exactly(up), "op %d changed its operand", c.op)
	s.b.UnaryBackward(c.op, dy, x, dy)
	s.check(dy, want, "op %d of %d %v, in place", c.op, n, dtype)
}
