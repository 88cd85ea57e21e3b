//go:build !purego

package vector

import (
	"golang.org/x/sys/cpu"

	"mien/asm/internal/kernel"
)

//go:noescape
func softmaxWordsAVX512Asm(dst *float32, ldd int, s *float32, lds, rows, n int, scale float32, top, sum, alpha *float32)

//go:noescape
func gradWordsAVX512Asm(p, ds *float32, ldw int, across *float32, lda int, s, dp *float32, ld, rows, n int, scale float32, lse, delta *float32)

// wordsAVX512 is nil without AVX512_BF16.
func wordsAVX512() *Words[float32] {
	if !cpu.X86.HasAVX512BF16 {
		return nil
	}
	return &Words[float32]{OnlineSoftmax: softmaxWordsAVX512, LogitGrad: gradWordsAVX512}
}

func softmaxWordsAVX512(dst []float32, ldd int, s []float32, lds, rows, n int, scale float32, top, sum, alpha []float32) {
	_, _ = dst[(rows-1)*ldd+kernel.RoundUp(n, 32)/2-1], s[(rows-1)*lds+n-1]
	_, _, _ = top[rows-1], sum[rows-1], alpha[(rows-1)|15]
	softmaxWordsAVX512Asm(&dst[0], ldd, &s[0], lds, rows, n, scale, &top[0], &sum[0], &alpha[0])
}

func gradWordsAVX512(p, ds []float32, ldw int, across []float32, lda int, s, dp []float32, ld, rows, n int, scale float32, lse, delta []float32) {
	pairs, wide := (kernel.CeilDiv(rows, 2)-1)*ldw, kernel.RoundUp(n, 16)
	_, _, _ = p[pairs+wide-1], ds[pairs+wide-1], across[(rows-1)*lda+wide/2-1]
	_, _, _, _ = s[(rows-1)*ld+n-1], dp[(rows-1)*ld+n-1], lse[rows-1], delta[rows-1]
	gradWordsAVX512Asm(&p[0], &ds[0], ldw, &across[0], lda, &s[0], &dp[0], ld, rows, n, scale, &lse[0], &delta[0])
}
