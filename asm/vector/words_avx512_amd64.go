//go:build !purego

package vector

import (
	"golang.org/x/sys/cpu"

	"mien/asm/internal/kernel"
)

//go:noescape
func softmaxWordsAVX512Asm(dst *float32, ldd int, s *float32, lds, rows, n int, scale float32, top, sum, alpha *float32)

//go:noescape
func gradWordsAVX512Asm(p, ds *float32, ldw int, across *float32, lda int, s, dp *float32, ld, rows, n int,
	scale float32, lse, delta *float32)

//go:noescape
func scaleWordsAVX512Asm(dst *uint16, ldd int, src *float32, lds, rows, n int, factors *float32, step int)

//go:noescape
func rowDotsAVX512Asm(dst *float32, a, b *uint16, stride, rows, n int)

// wordsAVX512 is nil without AVX512_BF16.
func wordsAVX512() *Words[float32] {
	if !cpu.X86.HasAVX512BF16 {
		return nil
	}
	return &Words[float32]{OnlineSoftmax: softmaxWordsAVX512, LogitGrad: gradWordsAVX512,
		ScaleRows: scaleWordsAVX512, RowDots: rowDotsAVX512}
}

func softmaxWordsAVX512(dst []float32, ldd int, s []float32, lds, rows, n int, scale float32, top, sum, alpha []float32) {
	_, _ = dst[(rows-1)*ldd+kernel.RoundUp(n, 32)/2-1], s[(rows-1)*lds+n-1]
	_, _, _ = top[rows-1], sum[rows-1], alpha[(rows-1)|15]
	softmaxWordsAVX512Asm(&dst[0], ldd, &s[0], lds, rows, n, scale, &top[0], &sum[0], &alpha[0])
}

func gradWordsAVX512(p, ds []float32, ldw int, across []float32, lda int, s, dp []float32, ld, rows, n int,
	scale float32, lse, delta []float32) {
	pairs, wide := (kernel.CeilDiv(rows, 2)-1)*ldw, kernel.RoundUp(n, 16)
	_, _, _ = p[pairs+wide-1], ds[pairs+wide-1], across[(rows-1)*lda+wide/2-1]
	_, _, _, _ = s[(rows-1)*ld+n-1], dp[(rows-1)*ld+n-1], lse[rows-1], delta[rows-1]
	gradWordsAVX512Asm(&p[0], &ds[0], ldw, &across[0], lda, &s[0], &dp[0], ld, rows, n, scale, &lse[0], &delta[0])
}

func scaleWordsAVX512(dst []uint16, ldd int, src []float32, lds, rows, n int, factors []float32) {
	step := min(len(factors)-1, 1) // one factor serves all rows
	_, _, _ = dst[(rows-1)*ldd+n-1], src[(rows-1)*lds+n-1], factors[(rows-1)*step]
	scaleWordsAVX512Asm(&dst[0], ldd, &src[0], lds, rows, n, &factors[0], step)
}

func rowDotsAVX512(dst []float32, a, b []uint16, stride, rows, n int) {
	last := (rows-1)*stride + n - 1
	_, _, _ = dst[rows-1], a[last], b[last]
	rowDotsAVX512Asm(&dst[0], &a[0], &b[0], stride, rows, n)
}
