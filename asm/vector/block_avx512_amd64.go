//go:build !purego

package vector

//go:noescape
func onlineSoftmaxAVX512Asm(s *float32, lds, rows, n int, top, sum, alpha *float32)

//go:noescape
func logSumExpAVX512Asm(lse, inverse, top, sum *float32, rows int, scale float32)

//go:noescape
func logitGradAVX512Asm(s, dp *float32, ld, rows, n int, lse, delta *float32)

//go:noescape
func scaleRowsAVX512Asm(dst *float32, ldd int, src *float32, lds, rows, n int, factors *float32, step int)

func onlineSoftmaxAVX512(s []float32, lds, rows, n int, top, sum, alpha []float32) {
	_, _, _, _ = s[(rows-1)*lds+n-1], top[rows-1], sum[rows-1], alpha[(rows-1)|15]
	onlineSoftmaxAVX512Asm(&s[0], lds, rows, n, &top[0], &sum[0], &alpha[0])
}

func logSumExpAVX512(lse, inverse, top, sum []float32, scale float32) {
	rows := len(lse)
	_, _, _ = inverse[rows-1], top[rows-1], sum[rows-1]
	logSumExpAVX512Asm(&lse[0], &inverse[0], &top[0], &sum[0], rows, scale)
}

func scaleRowsAVX512(dst []float32, ldd int, src []float32, lds, rows, n int, factors []float32) {
	step := min(len(factors)-1, 1) // one factor serves all rows
	_, _, _ = dst[(rows-1)*ldd+n-1], src[(rows-1)*lds+n-1], factors[(rows-1)*step]
	scaleRowsAVX512Asm(&dst[0], ldd, &src[0], lds, rows, n, &factors[0], step)
}

func logitGradAVX512(s, dp []float32, ld, rows, n int, lse, delta []float32) {
	last := (rows-1)*ld + n - 1
	_, _, _, _ = s[last], dp[last], lse[rows-1], delta[rows-1]
	logitGradAVX512Asm(&s[0], &dp[0], ld, rows, n, &lse[0], &delta[0])
}
