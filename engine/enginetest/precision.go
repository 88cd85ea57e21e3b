package enginetest

import (
	"math"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

// References for products at low precision. Rounding to bfloat16 is exact arithmetic: the reference multiplies the rounded
// operands in float64, and only the sums, which are float32, may differ. How a backend divides by an int8 scale is unspecified: the
// reference multiplies the values before quantization, and each operand may be half a step off; but integer multiples of
// their row's scale must be preserved exactly.

// unit is the relative error of rounding to bfloat16, which has eight significant bits.
const unit = 0x1p-8

// supports tells whether the backend multiplies at a precision, in the dtype under test.
func (s *suite) supports(p engine.Precision, training bool) bool {
	return s.dtype == engine.Float32 && s.b.Supports(p, training) == nil
}

// matrix is [rows, cols] and its steps: how far quantization may move a number, for each row.
type matrix struct {
	rows, cols int
	v, step    []float64
}

// quantizable draws a matrix for int8. Its rows differ in size, and one is zero. With exact all numbers are multiples of the scale.
func (s *suite) quantizable(rows, cols int, exact bool) matrix {
	m := matrix{rows, cols, s.values(rows * cols), make([]float64, rows)}
	for r := range rows {
		row := m.v[r*cols : (r+1)*cols]
		size := math.Ldexp(1, s.rng.IntN(9)-4)
		if r == 2 {
			size = 0
		}
		for j := range row {
			row[j] = s.round(row[j] * size)
			if exact {
				row[j] = float64(s.rng.IntN(255)-127) * size / 64
			}
		}
		if exact && cols > 0 {
			row[s.rng.IntN(cols)] = -127 * size / 64
			continue
		}
		top := 0.0
		for _, v := range row {
			top = max(top, math.Abs(v))
		}
		m.step[r] = top / 127 / 2 * (1 + 1e-5)
	}
	return m
}

// matrixFor draws an operand of a product at p, and returns it with the values that the product uses.
func (s *suite) matrixFor(p engine.Precision, rows, cols int, exact bool) (given []float64, m matrix) {
	switch p {
	case engine.Int8:
		m = s.quantizable(rows, cols, exact)
		return m.v, m
	case engine.BF16:
		given = s.values(rows * cols)
		return given, matrix{rows, cols, rounded(given), make([]float64, rows)}
	}
	given = s.values(rows * cols)
	return given, matrix{rows, cols, given, make([]float64, rows)}
}

// timesTransposed returns a·wᵀ and, as sizes, bounds of the errors from rounded sums and quantized operands.
func (s *suite) timesTransposed(a, w matrix) expected {
	out := sums(a.rows * w.rows)
	for i := range a.rows {
		for j := range w.rows {
			x, y := a.v[i*a.cols:(i+1)*a.cols], w.v[j*a.cols:(j+1)*a.cols]
			sum, size, steps := 0.0, 0.0, 0.0
			for k := range x {
				sum, size = sum+x[k]*y[k], size+math.Abs(x[k]*y[k])
				steps += math.Abs(x[k])*w.step[j] + math.Abs(y[k])*a.step[i] + a.step[i]*w.step[j]
			}
			out.value[i*w.rows+j], out.size[i*w.rows+j] = sum, size+steps/s.tolerance()
		}
	}
	return out
}

var lowSizes = [][3]int{{1, 1, 1}, {1, 5, 2}, {7, 33, 3}, {100, 7, 129}, {3, 200, 701}, {17, 65, 129}, {61, 192, 60}, {7, 5, 0}, {300, 65, 97}}

// lowProducts multiplies with packed weights of low precision, with every epilogue that it has.
func (s *suite) lowProducts(p engine.Precision) {
	for _, size := range lowSizes {
		for _, exact := range []bool{false, true} {
			for _, gelu := range []bool{false, true} {
				s.lowProduct(p, size[0], size[1], size[2], exact, gelu)
			}
		}
	}
	s.lowKeepsNaN(p)
}

func (s *suite) lowProduct(p engine.Precision, m, n, k int, exact, full bool) {
	given, a := s.matrixFor(p, m, k, exact)
	weight, w := s.matrixFor(p, n, k, exact)
	want := s.timesTransposed(a, w)
	packed := s.b.PackWeight(s.tensor(weight, n, k), p)
	defer packed.Free()
	require.Equal(s.T, p, packed.Precision)
	require.Equal(s.T, []int{n, k}, []int{packed.N, packed.K})
	c := s.blank(m, n+3)
	args := engine.GemmArgs{C: c, A: s.tensor(given, m, k), Packed: packed, M: m, N: n, K: k, LDA: k, LDC: n + 3, Batch: 1, GELU: full}
	if full {
		var bias, residual []float64
		args.Bias, bias = s.random(n)
		args.Residual, residual = s.random(m, n+3)
		for i := range want.value {
			r, j := i/n, i%n
			x := want.value[i] + bias[j]
			want.value[i] = x*normalCDF(x) + residual[r*(n+3)+j]
			want.size[i] = 1.13*(want.size[i]+math.Abs(bias[j])) + math.Abs(residual[r*(n+3)+j]) // GELU′ is at most 1.13
		}
	}
	padded := sums(m * (n + 3))
	for i := range padded.value {
		if r, j := i/(n+3), i%(n+3); j < n {
			padded.value[i], padded.size[i] = want.value[r*n+j], want.size[r*n+j]
		} else {
			padded.value[i] = math.NaN()
		}
	}
	if m%2 == 0 { // two items, one below the other
		args.Batch, args.M, args.AStride, args.CStride = 2, m/2, m/2*k, m/2*(n+3)
	}
	s.b.Gemm(args)
	s.check(c, padded, "[%d, %d] times a weight [%d, %d] at %v, exact=%v epilogue=%v", m, k, n, k, p, exact, full)
}

// lowKeepsNaN has NaN in one row of activations and one of the weight: a row and a column are NaN, and nothing else.
func (s *suite) lowKeepsNaN(p engine.Precision) {
	const m, n, k = 5, 37, 70
	given, a := s.matrixFor(p, m, k, true)
	weight, w := s.matrixFor(p, n, k, true)
	want := s.timesTransposed(a, w)
	given[3*k+1], weight[33*k+69] = math.NaN(), math.NaN()
	for i := range want.value {
		if i/n == 3 || i%n == 33 {
			want.value[i] = math.NaN()
		}
	}
	packed := s.b.PackWeight(s.tensor(weight, n, k), p)
	defer packed.Free()
	c := s.blank(m, n)
	s.b.Gemm(engine.GemmArgs{C: c, A: s.tensor(given, m, k), Packed: packed, M: m, N: n, K: k, LDA: k, LDC: n, Batch: 1})
	s.check(c, want, "NaN at %v", p)
}

// lowGroups multiplies groups of rows with packed weights of low precision.
func (s *suite) lowGroups(p engine.Precision, g grouped) {
	for _, gelu := range []bool{false, true} {
		given, x := s.matrixFor(p, g.rows(), g.k, false)
		a := engine.GroupedArgs{X: s.tensor(given, g.rows(), g.k), Y: s.blank(g.rows(), g.n), GELU: gelu,
			Offsets: s.ints(g.offsets, len(g.offsets))}
		want := sums(g.rows() * g.n)
		for e := range g.groups() {
			weight, w := s.matrixFor(p, g.n, g.k, false)
			bias, b := s.random(g.n)
			packed := s.b.PackWeight(s.tensor(weight, g.n, g.k), p)
			defer packed.Free()
			a.Packed, a.B = append(a.Packed, packed), append(a.B, bias)
			from, to := int(g.offsets[e]), int(g.offsets[e+1])
			part := s.timesTransposed(matrix{to - from, g.k, x.v[from*g.k : to*g.k], x.step[from:to]}, w)
			for i, v := range part.value {
				v += b[i%g.n]
				size := part.size[i] + math.Abs(b[i%g.n])
				if gelu {
					v, size = v*normalCDF(v), 1.13*size
				}
				want.addSized(from*g.n+i, v, size)
			}
		}
		s.groupedGemm(a)
		s.check(a.Y, want, "forward of %v at %v, gelu=%v", g, p, gelu)
	}
}
