package enginetest

import (
	"math"

	"mien/engine"
)

// Activations of bfloat16 are tested on backends that have them: with exact operands, and results that must be rounded once.

// activations returns the dtypes of activations that a float32 run of the suite tests, or the one of another run.
func (s *suite) activations() []engine.DType {
	if s.dtype == engine.Float32 && s.b.Activations(engine.BF16) == engine.BFloat16 {
		return []engine.DType{engine.Float32, engine.BFloat16}
	}
	return []engine.DType{s.dtype}
}

// narrow tells whether bfloat16 is one of them.
func (s *suite) narrow() bool { return len(s.activations()) > 1 }

// roundTo returns values as a dtype of activations holds them.
func (s *suite) roundTo(dtype engine.DType, values []float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		if out[i] = s.round(v); dtype == engine.BFloat16 {
			out[i] = bf16(v)
		}
	}
	return out
}

// randomOf is random for a dtype of activations.
func (s *suite) randomOf(dtype engine.DType, shape ...int) (*engine.Tensor, []float64) {
	v := s.roundTo(dtype, s.values(engine.Elements(shape)))
	return s.tensorOf(dtype, v, shape...), v
}

// blankOf is blank for a dtype of activations.
func (s *suite) blankOf(dtype engine.DType, shape ...int) *engine.Tensor {
	return s.tensorOf(dtype, repeat(math.NaN(), engine.Elements(shape)), shape...)
}

func (s *suite) tensorOf(dtype engine.DType, values []float64, shape ...int) *engine.Tensor {
	return s.keep(engine.FromSlice(s.b, dtype, values, shape...))
}

// narrowSizes are lengths around vectors and pieces.
var narrowSizes = []int{0, 1, 8, 31, 33, 257, 1023, 1024, 1025, 4100, large}

// addNarrow adds tensors of one shape, also where infinities meet.
func (s *suite) addNarrow() {
	for _, n := range narrowSizes {
		a, av := s.randomOf(engine.BFloat16, n)
		b, bv := s.randomOf(engine.BFloat16, n)
		if n > 30 {
			inf := math.Inf(1)
			copy(av[n-6:], []float64{inf, inf, -inf, math.NaN(), 1, bf16(math.MaxFloat32 / 2)})
			copy(bv[n-6:], []float64{inf, -inf, 1, 1, math.NaN(), bf16(math.MaxFloat32 / 1.5)})
			engine.Write(a, av)
			engine.Write(b, bv)
		}
		want := sums(n)
		for i := range n {
			want.addSized(i, float64(float32(av[i]+bv[i])), math.Abs(av[i])+math.Abs(bv[i]))
		}
		dst := s.blankOf(engine.BFloat16, n)
		s.b.Binary(engine.Add, dst, a, b)
		s.check(dst, want, "sum of %d", n)
		s.check(b, exactly(bv), "an operand changed")
		s.b.Binary(engine.Add, b, a, b)
		s.check(b, want, "sum of %d in place of the second", n)
		s.b.Binary(engine.Add, a, a, dst)
		again := sums(n)
		for i, v := range rounded(want.value) {
			again.addSized(i, float64(float32(av[i]+v)), (math.Abs(av[i])+math.Abs(v))*(1+2*unit/s.tolerance()))
		}
		s.check(a, again, "sum of %d in place of the first", n)
	}
}

// sumNarrow sums rows to a float32 row.
func (s *suite) sumNarrow() {
	for _, shape := range [][]int{{0, 5}, {3, 0}, {1, 1}, {1, 7}, {5, 9}, {300, 1}, {64, 33}, {65, 16}, {128, 3}, {2, 3, 17}, {5, 31, 67},
		{7001, 67}, {3, 5000}} {
		n := shape[len(shape)-1]
		src, sv := s.randomOf(engine.BFloat16, shape...)
		dst, dv := s.random(n)
		plain, added := sums(n), sums(n)
		for i, v := range dv {
			added.add(i, v)
		}
		for i, v := range sv {
			plain.add(i%n, v)
			added.add(i%n, v)
		}
		blank := s.blank(n)
		s.b.SumTo(dst, src, true) // threads that it wakes take part in the next sum
		s.b.SumTo(blank, src, false)
		s.check(dst, added, "sum of rows %v added", shape)
		s.check(blank, plain, "sum of rows %v over NaN", shape)
	}
}

// refusesNarrow tries what no method has at bfloat16, beside what it has.
func (s *suite) refusesNarrow() {
	x, row, narrow, narrowRow := s.of(engine.Float32, 4, 4), s.of(engine.Float32, 4), s.of(engine.BFloat16, 4, 4), s.of(engine.BFloat16, 4)
	column := s.of(engine.Float32, 4, 1)
	for op := engine.Sub; op <= engine.PReLU; op++ {
		s.refuses("Binary", func() { s.b.Binary(op, narrow, narrow, narrow) })
	}
	s.refuses("Add with broadcasting", func() { s.b.Binary(engine.Add, narrow, narrow, narrowRow) })
	s.refuses("Add of two dtypes", func() { s.b.Binary(engine.Add, narrow, narrow, x) })
	s.refuses("Add to float32", func() { s.b.Binary(engine.Add, x, narrow, narrow) })
	s.refuses("Axpy of float32 to bfloat16", func() { s.b.Axpy(narrow, 2, x) })
	s.refuses("Axpy of bfloat16 to float32", func() { s.b.Axpy(x, 2, narrow) })
	s.refuses("SumTo a column", func() { s.b.SumTo(column, narrow, false) })
	s.refuses("SumTo bfloat16", func() { s.b.SumTo(narrowRow, narrow, true) })
	s.refuses("SumTo of float32 to bfloat16", func() { s.b.SumTo(narrowRow, x, true) })
	for op := engine.GELU + 1; op <= engine.Rsqrt; op++ {
		s.refuses("Unary", func() { s.b.Unary(op, narrow, narrow) })
		s.refuses("UnaryBackward", func() { s.b.UnaryBackward(op, narrow, narrow, narrow) })
	}
	s.refuses("GELU to float32", func() { s.b.Unary(engine.GELU, x, narrow) })
	s.refuses("GELU of float32", func() { s.b.Unary(engine.GELU, narrow, x) })
	s.refuses("GELU's gradient from float32", func() { s.b.UnaryBackward(engine.GELU, narrow, narrow, x) })
	s.refuses("LayerNorm of bfloat16", func() { s.b.LayerNorm(narrow, row, row, narrow, row, row, 1e-6) })
	s.refuses("LayerNorm with a bfloat16 scale", func() { s.b.LayerNorm(narrow, row, row, x, narrowRow, row, 1e-6) })
	s.refuses("LayerNormBackward to bfloat16", func() { s.b.LayerNormBackward(narrow, row, row, x, row, narrow, row, row, false) })
	if s.options.Float64 {
		y, yrow := s.of(engine.Float64, 4, 4), s.of(engine.Float64, 4)
		s.refuses("LayerNorm of float64 to bfloat16", func() { s.b.LayerNorm(narrow, yrow, yrow, y, yrow, yrow, 1e-6) })
		s.refuses("LayerNormBackward of such", func() { s.b.LayerNormBackward(y, yrow, yrow, y, yrow, narrow, yrow, yrow, false) })
		s.refuses("SumTo float64", func() { s.b.SumTo(yrow, narrow, false) })
	}
}
