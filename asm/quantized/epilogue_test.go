package quantized

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm/internal/kerneltest"
	"mien/asm/vector"
)

// narrowCase is a product with a result in bfloat16 and what follows it.
type narrowCase struct{ bias, accumulate, pre, gelu, slope bool }

var narrowCases = []narrowCase{{}, {bias: true}, {accumulate: true}, {bias: true, accumulate: true}, {pre: true}, {gelu: true},
	{bias: true, pre: true, gelu: true}, {accumulate: true, pre: true, gelu: true}, {slope: true}, {bias: true, slope: true}}

func rounded16(x []float32) []uint16 {
	out := make([]uint16, len(x))
	vector.Reference[float32]().Round(out, x)
	return out
}

func widened(x []uint16) []float32 {
	out := make([]float32, len(x))
	vector.Reference[float32]().Widen(out, x)
	return out
}

// TestNarrowResults compares results in bfloat16 with those in float32, rounded where X and C are, bit for bit. Rows of C, Pre and Slope
// are longer than the result is wide, and what is between stays as it was.
func TestNarrowResults(t *testing.T) {
	eachBF16(t, func(t *testing.T, k, _ *Kernels) {
		rng := rand.New(rand.NewPCG(11, 12))
		for i, m := range []int{0, 1, 13, 14, 15, 33} {
			for j, n := range []int{1, 31, 32, 33, sweepColumns - 1, sweepColumns, sweepColumns + 33} {
				for form, c := range narrowCases {
					terms := []int{0, 1, 8, 33}[(i+j+form)%4]
					a, _ := layouts[form%4].operand(kerneltest.Normals(rng, m*terms), m, terms)
					b, _ := layouts[(form+j)%4].operand(kerneltest.Normals(rng, n*terms), n, terms)
					checkNarrow(t, k, k.converted(a, b, m, n, terms), c, rng)
				}
			}
		}
	})
}

func checkNarrow(t *testing.T, k *Kernels, g Product, c narrowCase, rng *rand.Rand) {
	t.Helper()
	g.LDC, g.LDPre, g.LDSlope = g.N+1, g.N+2, g.N+3
	result := func(ld int) []uint16 { return rounded16(kerneltest.Normals(rng, g.M*ld)) }
	before, pre, slope := result(g.LDC), result(g.LDPre), result(g.LDSlope)
	if g.Accumulate = c.accumulate; c.bias {
		g.Bias = kerneltest.Normals(rng, g.N)
	}
	sums := g
	sums.C = widened(before)
	k.Gemm(sums)
	want, wantPre, wide := slices.Clone(before), slices.Clone(pre), widened(slope)
	for i := range g.M {
		x := sums.C[i*g.LDC:][:g.N]
		if c.pre {
			copy(wantPre[i*g.LDPre:], rounded16(x))
		}
		if c.gelu {
			k.vector.GELU(x, widened(rounded16(x)))
		}
		if c.slope {
			k.vector.GELUBackward(x, wide[i*g.LDSlope:][:g.N], x)
		}
		copy(want[i*g.LDC:], rounded16(x))
	}
	g.C16, g.GELU = before, c.gelu
	if c.pre {
		g.Pre16 = pre
	}
	if c.slope {
		g.Slope16 = slope
	}
	k.Gemm(g)
	require.Equal(t, want, g.C16, "%d×%d, %+v", g.M, g.N, c)
	require.Equal(t, wantPre, pre, "%d×%d, %+v", g.M, g.N, c)
}

// TestNarrowBitsDoNotDependOnTheCut requires the same bits wherever rows, columns and sums are cut.
func TestNarrowBitsDoNotDependOnTheCut(t *testing.T) {
	const m, n, terms = 47, 301, 76
	eachBF16(t, func(t *testing.T, k, _ *Kernels) {
		rng := rand.New(rand.NewPCG(13, 14))
		for form, c := range narrowCases {
			a, _ := layouts[form%4].operand(kerneltest.Normals(rng, m*terms), m, terms)
			b, _ := layouts[form/4%4].operand(kerneltest.Normals(rng, n*terms), n, terms)
			before, slope, bias := rounded16(kerneltest.Normals(rng, m*n)), rounded16(kerneltest.Normals(rng, m*(n+3))), kerneltest.Normals(rng, n)
			run := func(rows, columns, at int) Product {
				g := Product{M: m, N: n, C16: slices.Clone(before), LDC: n, Accumulate: c.accumulate, GELU: c.gelu, LDPre: n + 2, LDSlope: n + 3,
					Sums: make([]float32, m*(n+1)), LDSums: n + 1}
				if c.bias {
					g.Bias = bias
				}
				if c.pre {
					g.Pre16 = make([]uint16, m*(n+2))
				}
				if c.slope {
					g.Slope16 = slope
				}
				for _, p := range [][2]int{{0, at}, {at, terms}} {
					if p[0] == p[1] {
						continue
					}
					piece := g.Of(k.inParts(a.Terms(p[0]), b.Terms(p[0]), m, n, p[1]-p[0], 2)).Piece(p[0] == 0, p[1] == terms)
					for _, half := range []Product{piece.Rows(0, rows), piece.Rows(rows, m)} {
						k.Gemm(half.Columns(0, columns))
						k.Gemm(half.Columns(columns, n))
					}
				}
				return g
			}
			whole := run(m, 0, terms)
			for _, cut := range [][3]int{{0, 0, 2}, {1, 32, 74}, {14, 96, terms}, {33, 256, 30}} {
				part := run(cut[0], cut[1], cut[2])
				require.Equal(t, whole.C16, part.C16, "%+v, cut %v", c, cut)
				require.Equal(t, whole.Pre16, part.Pre16, "%+v, cut %v", c, cut)
			}
		}
	})
}

// TestInPlace multiplies words where they are, and requires the bits of words that were copied.
func TestInPlace(t *testing.T) {
	const m, n = 30, 40
	eachBF16(t, func(t *testing.T, k, _ *Kernels) {
		rng := rand.New(rand.NewPCG(15, 16))
		memory := rounded16(kerneltest.Normals(rng, 8000))
		for _, terms := range []int{0, 1, 2, 34, 77} {
			b, _ := layout{}.operand(kerneltest.Normals(rng, n*terms), n, terms)
			for _, from := range []int{0, 1} {
				for _, ld := range []int{terms, terms + 1, terms + 2} {
					for _, across := range []bool{false, true} {
						x := Operand{BF16: memory[from:], LD: max(ld, m), Across: across}
						words := k.InPlace(x, m, terms)
						even := from == 0 && terms%2 == 0 && terms > 0 && x.LD%2 == 0
						require.Equal(t, even && !across && canBeInPlace, words != nil, "%d terms from %d, LD %d", terms, from, x.LD)
						if words == nil {
							continue
						}
						g := k.converted(x, b, m, n, terms)
						other := g.Of(words, g.B)
						g.C, other.C = make([]float32, m*n), make([]float32, m*n)
						k.Gemm(g)
						k.Gemm(other.Rows(0, 17))
						k.Gemm(other.Rows(17, m))
						require.Equal(t, g.C, other.C, "%d terms, LD %d", terms, x.LD)
					}
				}
			}
		}
	})
	require.Nil(t, implementations(bf16Format)[0].InPlace(Operand{F32: make([]float32, 4), LD: 2}, 2, 2))
}

var canBeInPlace = wordsInPlace(make([]uint16, 2)) != nil
