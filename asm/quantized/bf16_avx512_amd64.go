//go:build !purego

package quantized

import (
	"unsafe"

	"mien/asm/gemm"
	"mien/asm/internal/kernel"
)

//go:noescape
func bf16TileAVX512Asm(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias *float32, ldBias int,
	ahead *float32, aheadStep int, results unsafe.Pointer, ldResults int)

//go:noescape
func bf16PeakAVX512Asm(n int)

//go:noescape
func bf16ConvertAVX512Asm(dst *uint32, x *float32, n int)

//go:noescape
func bf16PairsAVX512Asm(dst *uint32, ldd, panel int, x *float32, ldx, steps, panels int, mask uint64)

//go:noescape
func bf16Pairs16AVX512Asm(dst *uint32, ldd, panel int, x *uint16, ldx, steps, panels int, mask uint64)

// bf16AVX512 needs AVX512_BF16.
func bf16AVX512() *Kernels {
	return &Kernels{Name: "avx512", format: bf16Format, MR: avx512MR, sweep: bf16SweepAVX512, convert: bf16Convert(bf16ConvertAVX512Asm),
		words: &wordKernels{pairs32: wordPairs(bf16PairsAVX512Asm), pairs16: wordPairs(bf16Pairs16AVX512Asm), copy: copyWords,
			transpose: wordTranspose(gemm.Transpose(kernel.AVX512))}, Fast: true,
		Peak: func(n int) float64 { return kernel.InRounds(n, bf16PeakAVX512Asm) * 12 * 16 * 4 }}
}

func bf16SweepAVX512(t *sweep) {
	n, step := t.fetchAVX512()
	for j := 0; j < t.panels*NR; j += NR {
		results, ld := t.results(j)
		bf16TileAVX512Asm(t.rows, t.steps, &t.a[0], t.lda, &t.b[j*t.steps], &t.c[j], t.ldc, &t.bias[j], t.ldBias,
			&t.ahead.x[j/NR*n], step, results, ld)
	}
}

// results returns what the tile of column j fetches meanwhile: its part of c, or where c is working memory, what the epilogue needs of two
// tiles, C of both with the first one, and another matrix with the second.
func (t *sweep) results(j int) (first unsafe.Pointer, step int) {
	narrow := t.narrow[j/NR%2]
	if len(narrow.rows) == 0 {
		return unsafe.Pointer(&t.c[j]), 4 * t.ldc
	}
	return unsafe.Pointer(&narrow.rows[min(j&^(2*NR-1), len(narrow.rows)-1)]), 2 * narrow.ld
}

// wordPairs builds a wordKernels.pairs from one of whole panels, the last of which is masked.
func wordPairs[T float32 | uint16](fn func(dst *uint32, ldd, panel int, x *T, ldx, steps, panels int, mask uint64),
) func(dst []uint32, ldd, panel int, x []T, ldx, lines, steps int) {
	return func(dst []uint32, ldd, panel int, x []T, ldx, lines, steps int) {
		last := (lines - 1) / NR
		_, _ = dst[last*panel+(steps-1)*ldd+(lines-1)%NR], x[(2*steps-1)*ldx+lines-1]
		rounds := max(1, kernel.MaxElements/(2*lines))
		for s := 0; s < steps; s += rounds {
			fn(&dst[s*ldd], ldd, panel, &x[2*s*ldx], ldx, min(rounds, steps-s), last+1, 0xFFFFFFFF>>(-lines&(NR-1)))
		}
	}
}
