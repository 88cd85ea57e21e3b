//go:build !purego && (amd64 || arm64)

package vector

func onlineSoftmaxSIMD(s []float32, lds, rows, n int, top, sum, alpha []float32) {
	for r := range rows {
		row := s[r*lds:][:n]
		m := maxSIMD(row, top[r])
		alpha[r] = shrink(top[r], m)
		sum[r] = alpha[r]*sum[r] + expSumSIMD(row, row, m)
		top[r] = m
	}
}
