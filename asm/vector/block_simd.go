//go:build !purego && (amd64 || arm64)

package vector

func onlineSoftmaxSIMD(s []float32, lds, rows, n int, top, sum, alpha []float32) {
	for r := range rows {
		row, m := s[r*lds:][:n], top[r]
		i := vectors(n, func(i, n int) { m = max(m, maxSIMDAsm(&row[i], n)) })
		for _, v := range row[i:] {
			m = max(m, v)
		}
		alpha[r] = shrink(top[r], m)
		sum[r] = alpha[r]*sum[r] + expSumSIMD(row, row, m)
		top[r] = m
	}
}
