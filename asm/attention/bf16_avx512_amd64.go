//go:build !purego

package attention

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

//go:noescape
func bf16TileAVX512Asm(m, n, k int, a *float32, rs, ps int, b, c *float32, ldc int, accumulate bool, ahead unsafe.Pointer, aheadStep, aheadRows int)

//go:noescape
func bf16RoundAVX512Asm(dst *float32, ldd int, src *float32, lds, rows, n int)

//go:noescape
func bf16PairAVX512Asm(dst, a, b *float32, stride, pairs, n int)

//go:noescape
func bf16CopyAVX512Asm(dst *float32, ldd int, src *uint16, lds, rows, n int)

//go:noescape
func bf16JoinAVX512Asm(dst *float32, a, b *uint16, stride, pairs, n int)

// bf16AVX512 is nil without AVX512_BF16.
func bf16AVX512() *bf16Kernels[float32] {
	if !cpu.X86.HasAVX512BF16 {
		return nil
	}
	return &bf16Kernels[float32]{product: bf16ProductAVX512,
		round: bf16RoundAVX512, copy: bf16CopyAVX512, pair: bf16PairAVX512, join: bf16JoinAVX512}
}

func bf16ProductAVX512(p panelProduct[float32]) { eachPanel(p, bf16TileAVX512Asm) }

func bf16RoundAVX512(dst []float32, ldd int, src []float32, lds, rows, n int) {
	_, _ = dst[(rows-1)*ldd+words(n)-1], src[(rows-1)*lds+n-1]
	bf16RoundAVX512Asm(&dst[0], ldd, &src[0], lds, rows, n)
}

// bf16PairAVX512 pairs an odd last row with zeros.
func bf16PairAVX512(dst, src []float32, stride, rows, n int) {
	_, _ = dst[(half(rows)-1)*avx512Width+n-1], src[(rows-1)*stride+n-1]
	if rows > 1 {
		bf16PairAVX512Asm(&dst[0], &src[0], &src[stride], stride, rows/2, n)
	}
	if rows%2 == 1 {
		var zeros [avx512Width]float32
		bf16PairAVX512Asm(&dst[rows/2*avx512Width], &src[(rows-1)*stride], &zeros[0], 0, 1, n)
	}
}

func bf16CopyAVX512(dst []float32, ldd int, src []uint16, lds, rows, n int) {
	_, _ = dst[(rows-1)*ldd+words(n)-1], src[(rows-1)*lds+n-1]
	bf16CopyAVX512Asm(&dst[0], ldd, &src[0], lds, rows, n)
}

// bf16JoinAVX512 pairs an odd last row with zeros.
func bf16JoinAVX512(dst []float32, src []uint16, stride, rows, n int) {
	_, _ = dst[(half(rows)-1)*avx512Width+n-1], src[(rows-1)*stride+n-1]
	if rows > 1 {
		bf16JoinAVX512Asm(&dst[0], &src[0], &src[stride], stride, rows/2, n)
	}
	if rows%2 == 1 {
		var zeros [avx512Width]uint16
		bf16JoinAVX512Asm(&dst[rows/2*avx512Width], &src[(rows-1)*stride], &zeros[0], 0, 1, n)
	}
}
