package quantized

import (
	"runtime/debug"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"mien/asm/internal/kernel"
	"mien/asm/internal/kerneltest"
)

// memoryFor maps memory that ends at an inaccessible page, and returns a function for the last n elements of it, filled with ones or the
// like.
func memoryFor[T float32 | uint16 | uint32 | int32](t *testing.T, most int, fill T) func(n int) []T {
	size := int(unsafe.Sizeof(fill))
	pages := kerneltest.NewPages(t, (most*size+3)/4)
	return func(n int) []T {
		words := (n*size + 3) / 4
		all := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(pages.Last(words)))), words*4/size)
		last := all[len(all)-n:]
		for i := range last {
			last[i] = fill
		}
		return last
	}
}

const one16 = 0x3F80 // 1 as a bfloat16

// TestGemmStaysInsideItsMatrices multiplies at the ends of pages: reading or writing one element beyond A, its words, packed weights, their
// scales, C, bias, residual, values before GELU or slopes faults.
func TestGemmStaysInsideItsMatrices(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	const most = 29 * 96
	a, bias := memoryFor[float32](t, most, 1), memoryFor[float32](t, 96, 1)
	c, residual := memoryFor[float32](t, most, 1), memoryFor[float32](t, most, 1)
	activations, weights := memoryFor[uint32](t, most, one16<<16|one16), memoryFor[uint32](t, 96*70, one16<<16|one16)
	scales, start := memoryFor[float32](t, 96, 1), memoryFor[int32](t, 96, 1)
	c16, pre16, slope16 := memoryFor[uint16](t, most, one16), memoryFor[uint16](t, most, one16), memoryFor[uint16](t, most, one16)
	each(t, func(t *testing.T, k, _ *Kernels) {
		for _, m := range []int{1, 2, 5, 6, 13, 14, 15, 29} {
			for _, n := range []int{1, 15, 17, 31, 32, 33, 67} {
				for _, kk := range []int{1, 3, 8, 31, 32, 33, 64, 70} {
					steps, columns := k.format.words(kk), kernel.RoundUp(n, NR)
					panels := &Panels{format: k.format, N: n, K: kk, words: weights(columns * steps)}
					if k.format == int8Format {
						panels.scales, panels.start = scales(columns), start(columns)
					}
					rows := &Rows{format: k.format, M: m, K: kk, ld: steps, words: activations(m * steps), scales: a(m)}
					g := Product{M: m, N: n, B: panels, C: c(m * n), LDC: n, Bias: bias(n), GELU: true, Residual: residual(m * n), LDResidual: n}
					require.NotPanics(t, func() { k.Gemm(g.Of(rows, panels)) }, "%d×%d×%d of words", m, n, kk)
					g.A, g.LDA = a(m*kk), kk
					require.NotPanics(t, func() { k.Gemm(g) }, "%d×%d×%d", m, n, kk)
					g.C, g.Residual, g.C16, g.Pre16, g.LDPre = nil, nil, c16(m*n), pre16(m*n), n
					require.NotPanics(t, func() { k.Gemm(g) }, "%d×%d×%d to bfloat16", m, n, kk)
					g.GELU, g.Pre16, g.Slope16, g.LDSlope = false, nil, slope16(m*n), n
					require.NotPanics(t, func() { k.Gemm(g) }, "%d×%d×%d times a slope", m, n, kk)
				}
			}
		}
	})
}

// TestOperandsStayInsideTheirMatrices converts operands at the ends of pages to words that end there.
func TestOperandsStayInsideTheirMatrices(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	const most = 70 * 70
	wide, narrow := memoryFor[float32](t, most, 1), memoryFor[uint16](t, most, one16)
	words, panel := memoryFor[uint32](t, most, 0), memoryFor[uint32](t, 96*35, 0)
	eachBF16(t, func(t *testing.T, k, _ *Kernels) {
		for _, lines := range []int{1, 2, 15, 16, 17, 31, 32, 33, 64, 67} {
			for _, terms := range []int{1, 2, 3, 15, 16, 31, 32, 33, 64, 70} {
				for _, l := range layouts {
					x := Operand{LD: terms, Across: l.across}
					if l.across {
						x.LD = lines
					}
					if l.narrow {
						x.BF16 = narrow(lines * terms)
					} else {
						x.F32 = wide(lines * terms)
					}
					steps := k.format.words(terms)
					rows := &Rows{format: k.format, M: lines, K: terms, ld: steps, words: words(lines * steps)}
					panels := &Panels{format: k.format, N: lines, K: terms, words: panel(kernel.RoundUp(lines, NR) * steps)}
					require.NotPanics(t, func() {
						k.ConvertOperand(rows, x, 0, 1)
						k.PackOperand(panels, x, 0, 1)
					}, "%d lines of %d terms, %+v", lines, terms, l)
				}
			}
		}
	})
}

// TestConversionStaysInsideItsRows does the same with activations for both formats.
func TestConversionStaysInsideItsRows(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	const most = 200
	wide, words := memoryFor[float32](t, most, 1), memoryFor[uint32](t, most, 0)
	each(t, func(t *testing.T, k, _ *Kernels) {
		for n := 1; n <= most; n++ {
			require.NotPanics(t, func() { k.convert(words(k.format.words(n)), wide(n)) }, "%d elements", n)
		}
	})
}
