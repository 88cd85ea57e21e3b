package quantized

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm/internal/kernel"
	"mien/asm/internal/kerneltest"
	"mien/asm/vector"
)

// passedOver are kernels for int8 that this CPU can run, and that a better one of the same set keeps from being chosen.
var passedOver []*Kernels

// implementations are the kernels of one format that this CPU can run, the reference last.
func implementations(f format) (list []*Kernels) {
	if f == int8Format {
		list = slices.Clone(passedOver)
	}
	for _, set := range kernel.Supported() {
		v := vector.New(set)
		if f == bf16Format {
			list = append(list, NewBF16(set, v))
		} else {
			list = append(list, NewInt8(set, v))
		}
	}
	return list
}

var formats = []format{bf16Format, int8Format}

// each runs a test for every implementation of both formats, beside the reference.
func each(t *testing.T, fn func(t *testing.T, k, reference *Kernels)) {
	for _, f := range formats {
		list := implementations(f)
		for i, k := range list {
			require.Equal(t, f, k.format)
			t.Run(fmt.Sprintf("%s/%d-%s", f.name, i, k.Name), func(t *testing.T) { fn(t, k, list[len(list)-1]) })
		}
	}
}

// pack rounds weights [n, k] and packs them; back holds the rounded weights.
func pack(f format, w []float32, n, k int) (panels *Panels, back []float32) {
	back = make([]float32, n*k)
	if f == bf16Format {
		bits := make([]uint16, n*k)
		for i, v := range w {
			bits[i] = ToBF16(v)
			back[i] = FromBF16(bits[i])
		}
		return PackBF16(bits, n, k), back
	}
	values, scales := make([]int8, n*k), make([]float32, n)
	for j := range n {
		scales[j] = ToInt8(values[j*k:][:k], w[j*k:][:k])
		for i := j * k; i < (j+1)*k; i++ {
			back[i] = float32(values[i]) * scales[j]
		}
	}
	return PackInt8(values, scales, n, k), back
}

// roundedBy returns activations as the kernels round them.
func roundedBy(f format, a []float32, k int) []float64 {
	out := make([]float64, len(a))
	values := make([]int8, k)
	for i := 0; i < len(a) && k > 0; i += k {
		scale := ToInt8(values, a[i:i+k])
		for j, v := range a[i : i+k] {
			out[i+j] = float64(FromBF16(ToBF16(v)))
			if f == int8Format {
				out[i+j] = float64(values[j]) * float64(scale)
			}
		}
	}
	return out
}

// check compares a product with the sums in float64 of the same rounded operands, and its bits with the reference's.
func check(t *testing.T, k, reference *Kernels, m, n, kk int, bias bool) {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(m*1000+n), uint64(kk)))
	guards := &kerneltest.Arena{T: t}
	slice := func(n, offset int) []float32 {
		return guards.Slice(kerneltest.Widen(kerneltest.Normals(rng, n)), offset)
	}
	a, w, c := slice(m*kk, 1), slice(n*kk, 2), slice(m*(n+2), 3)
	before := slices.Clone(c)
	panels, back := pack(k.format, w, n, kk)
	g := Product{M: m, N: n, A: a, LDA: kk, B: panels, C: c, LDC: n + 2}
	if bias {
		g.Bias = slice(n, 5)
	}
	k.Gemm(g)
	guards.Check()
	ra := roundedBy(k.format, a, kk)
	for i := range m {
		require.Equal(t, before[i*g.LDC+n:(i+1)*g.LDC], c[i*g.LDC+n:(i+1)*g.LDC], "beyond column %d was written", n)
		for j := range n {
			want, scale := 0.0, 0.0
			for p := range kk {
				v := ra[i*kk+p] * float64(back[j*kk+p])
				want, scale = want+v, scale+math.Abs(v)
			}
			if bias {
				want, scale = want+float64(g.Bias[j]), scale+math.Abs(float64(g.Bias[j]))
			}
			if !kerneltest.Near(c[i*g.LDC+j], want, 0, 4e-7*scale) {
				t.Fatalf("%d×%d×%d: C[%d,%d] is %g, want %g", m, n, kk, i, j, c[i*g.LDC+j], want)
			}
		}
	}
	other := g
	other.C = slices.Clone(before)
	reference.Gemm(other)
	require.Equal(t, other.C, c, "%d×%d×%d: not the bits of the reference", m, n, kk)
}

func TestGemm(t *testing.T) {
	each(t, func(t *testing.T, k, reference *Kernels) {
		form := 0
		for _, m := range []int{0, 1, 2, 5, 6, 7, 13, 14, 15, 29, 67} {
			for _, n := range []int{0, 1, 15, 16, 17, 31, 32, 33, 67} {
				for _, kk := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 33, 67} {
					form++
					check(t, k, reference, m, n, kk, form&1 > 0)
				}
			}
		}
		for m := range 30 { // a tile for every number of rows
			check(t, k, reference, m, 40, 45, true)
		}
		for kk := range 68 {
			check(t, k, reference, 3, 33, kk, false)
		}
		for _, n := range []int{sweepColumns - 1, sweepColumns, sweepColumns + 1} {
			check(t, k, reference, 3, n, 9, true)
		}
		check(t, k, reference, 3, 5, 5000, true)
		check(t, k, reference, 2, 165, 12000, true) // of int8, two panels a call
	})
}

// The bits of an element depend neither on the cut into rows and columns, nor on where activations are converted.
func TestGemmBitsDoNotDependOnTheCut(t *testing.T) {
	const m, n, kk = 61, 171, 75 // the last panel is cut off
	each(t, func(t *testing.T, k, _ *Kernels) {
		rng := rand.New(rand.NewPCG(7, 8))
		panels, _ := pack(k.format, kerneltest.Normals(rng, n*kk), n, kk)
		g := Product{M: m, N: n, A: kerneltest.Normals(rng, m*kk), LDA: kk, B: panels, C: make([]float32, m*n), LDC: n, Bias: kerneltest.Normals(rng, n)}
		g.GELU, g.Residual, g.LDResidual = true, kerneltest.Normals(rng, m*(n+1)), n+1
		k.Gemm(g)
		whole := g.C
		var rows Rows
		for range 2 { // the second time in memory that was used before
			rows.Reset(k, m, kk)
			k.Convert(&rows, g.A, kk, 20, m)
			k.Convert(&rows, g.A, kk, 0, 20)
		}
		for _, converted := range []*Rows{nil, &rows} {
			for _, cut := range []int{0, 1, 14, 33, m} {
				for _, column := range []int{0, 32, 96, 160} {
					part := g
					part.C, part.Converted = make([]float32, m*n), converted
					if converted != nil {
						part.A = nil
					}
					for _, half := range []Product{part.Rows(0, cut), part.Rows(cut, m)} {
						k.Gemm(half.Columns(0, column))
						k.Gemm(half.Columns(column, n))
					}
					require.Equal(t, whole, part.C, "cut at row %d, column %d", cut, column)
				}
			}
		}
	})
}

// The epilogue is bit for bit what the row kernels compute.
func TestEpilogue(t *testing.T) {
	const m, n, kk = 17, 300, 40
	each(t, func(t *testing.T, k, _ *Kernels) {
		rng := rand.New(rand.NewPCG(9, 9))
		panels, _ := pack(k.format, kerneltest.Normals(rng, n*kk), n, kk)
		plain := Product{M: m, N: n, A: kerneltest.Normals(rng, m*kk), LDA: kk, B: panels, C: make([]float32, m*n), LDC: n, Bias: kerneltest.Normals(rng, n)}
		k.Gemm(plain)
		residual := kerneltest.Normals(rng, m*n)
		for _, gelu := range []bool{false, true} {
			for _, add := range []bool{false, true} {
				want, g := slices.Clone(plain.C), plain
				g.C, g.GELU = make([]float32, m*n), gelu
				if gelu {
					k.vector.GELU(want, want)
				}
				if add {
					g.Residual, g.LDResidual = residual, n
					k.vector.Add(want, want, residual)
				}
				k.Gemm(g)
				require.Equal(t, want, g.C, "GELU %v, residual %v", gelu, add)
			}
		}
	})
}

func TestGemmDoesNotAllocate(t *testing.T) {
	const m, n, kk = 200, 70, 50
	each(t, func(t *testing.T, k, _ *Kernels) {
		rng := rand.New(rand.NewPCG(1, 2))
		panels, _ := pack(k.format, kerneltest.Normals(rng, n*kk), n, kk)
		g := Product{M: m, N: n, A: kerneltest.Normals(rng, m*kk), LDA: kk, B: panels, C: make([]float32, m*n), LDC: n, GELU: true}
		allowed := 1.0 // a pool gives some of its memory back, and under the race detector every fourth piece at once
		require.LessOrEqual(t, testing.AllocsPerRun(100, func() { k.Gemm(g) }), allowed)
	})
}

// Against exact sums of the numbers before rounding: the error that a precision costs, on Gaussian data.
func TestAccuracy(t *testing.T) {
	const m, n, kk = 50, 64, 768
	rng := rand.New(rand.NewPCG(1, 2))
	a, w := kerneltest.Normals(rng, m*kk), kerneltest.Normals(rng, n*kk)
	each(t, func(t *testing.T, k, _ *Kernels) {
		panels, _ := pack(k.format, w, n, kk)
		c := make([]float32, m*n)
		k.Gemm(Product{M: m, N: n, A: a, LDA: kk, B: panels, C: c, LDC: n})
		squares, wrong := 0.0, 0.0
		for i := range m {
			for j := range n {
				want := 0.0
				for p := range kk {
					want += float64(a[i*kk+p]) * float64(w[j*kk+p])
				}
				squares += want * want
				wrong += (float64(c[i*n+j]) - want) * (float64(c[i*n+j]) - want)
			}
		}
		rms := math.Sqrt(wrong / squares)
		t.Logf("relative error %.2e RMS", rms)
		limit := map[format]float64{bf16Format: 3e-3, int8Format: 1.5e-2}[k.format]
		require.Less(t, rms, limit)
		require.Greater(t, rms, limit/4, "better than the format allows: not this precision")
	})
}

// NaN, infinities and overflow in one row of A do not affect the other rows.
func TestSpecialRows(t *testing.T) {
	const m, n, kk = 20, 40, 70
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	each(t, func(t *testing.T, k, reference *Kernels) {
		rng := rand.New(rand.NewPCG(3, 4))
		a, w := kerneltest.Normals(rng, m*kk), kerneltest.Normals(rng, n*kk)
		for p := range kk { // rows of zeros and of numbers near the ends of the range
			a[p], a[kk+p] = 0, float32(math.Copysign(0, -1))
			a[2*kk+p] *= 1e-30
			a[3*kk+p] *= 1e30
			a[4*kk+p] *= 1e-40
		}
		a[7*kk+3], a[9*kk+69], a[11*kk+64] = nan, inf, -inf
		panels, _ := pack(k.format, w, n, kk)
		g := Product{M: m, N: n, A: a, LDA: kk, B: panels, C: make([]float32, m*n), LDC: n}
		k.Gemm(g)
		for i := range m {
			for j, v := range g.C[i*n:][:n] {
				switch i {
				case 0, 1, 4:
					require.Zero(t, v, "row %d", i)
				case 7:
					require.True(t, v != v, "row 7 is %g", v)
				case 9, 11:
					require.True(t, v != v || math.IsInf(float64(v), 0), "row %d is %g", i, v)
				default:
					require.False(t, v != v || math.IsInf(float64(v), 0), "row %d, column %d is %g", i, j, v)
				}
			}
		}
		other := g
		other.C = make([]float32, m*n)
		reference.Gemm(other)
		for i, v := range g.C {
			require.True(t, v == other.C[i] || v != v && other.C[i] != other.C[i], "%g, the reference %g", v, other.C[i])
		}
	})
}

func TestConvertEqualsTheTwin(t *testing.T) {
	each(t, func(t *testing.T, k, reference *Kernels) {
		rng := rand.New(rand.NewPCG(5, 6))
		convert := func(k *Kernels, x []float32) ([]uint32, float32) {
			dst := make([]uint32, k.format.words(len(x))+1)
			dst[len(dst)-1] = 0x5EED
			scale := k.convert(dst[:len(dst)-1], x)
			require.EqualValues(t, 0x5EED, dst[len(dst)-1], "a word too many was written")
			return dst, scale
		}
		check := func(x []float32) {
			got, scale := convert(k, x)
			want, wantScale := convert(reference, x)
			require.Equal(t, want, got)
			require.Equal(t, math.Float32bits(wantScale), math.Float32bits(scale))
		}
		for n := range 200 {
			for _, fill := range kerneltest.Fills {
				x := make([]float32, n+n%3)[n%3:]
				for i := range x {
					x[i] = float32(fill(rng))
				}
				check(x)
				if n > 0 {
					x[rng.IntN(n)] = float32(kerneltest.Specials[rng.IntN(len(kerneltest.Specials))])
					check(x)
				}
			}
		}
		for range 2000 { // any bits at all
			x := make([]float32, 32)
			for i := range x {
				x[i] = math.Float32frombits(rng.Uint32())
			}
			check(x)
		}
	})
}

func TestGemmPanicsOnOperandsThatDoNotFit(t *testing.T) {
	const m, n, kk = 5, 70, 9
	bf16, int8 := implementations(bf16Format)[0], implementations(int8Format)[0]
	for k, other := range map[*Kernels]*Kernels{bf16: int8, int8: bf16} {
		panels, _ := pack(k.format, make([]float32, n*kk), n, kk)
		g := Product{M: m, N: n, A: make([]float32, m*kk), LDA: kk, B: panels, C: make([]float32, m*n), LDC: n}
		require.NotPanics(t, func() { k.Gemm(g) })
		require.Panics(t, func() { k.Gemm(g.Columns(16, 70)) }, "not at a panel's border")
		require.Panics(t, func() { k.Gemm(g.Columns(0, 33)) }, "not at a panel's border")
		wide := g
		wide.N = n + 1
		require.Panics(t, func() { k.Gemm(wide) }, "more columns than the weights have")
		var rows Rows
		rows.Reset(k, m, kk+1)
		wide = g
		wide.Converted = &rows
		require.Panics(t, func() { k.Gemm(wide) }, "another K")
		require.Panics(t, func() { other.Gemm(g) }, "another format")
		rows.Reset(other, m, kk)
		wide.Converted = &rows
		require.Panics(t, func() { k.Gemm(wide) }, "activations of another format")
		require.Panics(t, func() { k.Convert(&rows, g.A, kk, 0, m) }, "activations of another format")
	}
	require.Panics(t, func() { PackBF16(nil, 0, MaxK+1) })
	require.Panics(t, func() { PackInt8(nil, nil, 0, MaxK+1) })
}

func TestPeaksCount(t *testing.T) {
	each(t, func(t *testing.T, k, _ *Kernels) {
		require.Positive(t, k.Peak(1))
		require.Equal(t, 3*k.Peak(1), k.Peak(3))
		require.Equal(t, 40*k.Peak(1000), k.Peak(40_000), "in more calls than one")
	})
}
