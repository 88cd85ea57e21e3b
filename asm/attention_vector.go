//go:build !purego && (amd64 || arm64)

package asm

// attentionVector has the row kernels of attention that AVX2 and NEON share; the rest is built on tiles.
func attentionVector() attentionKernels[float32] {
	return attentionKernels[float32]{softmax: onlineSoftmaxVector, grad: attentionGradVector}
}

func onlineSoftmaxVector(s []float32, lds, rows, n int, top, sum, alpha []float32) {
	for r := range rows {
		row, m := s[r*lds:][:n], top[r]
		i := vectors(n, func(i, n int) { m = max(m, maxAsm(&row[i], n)) })
		for _, v := range row[i:] {
			m = max(m, v)
		}
		alpha[r] = shrink(top[r], m)
		sum[r] = alpha[r]*sum[r] + expSum(row, row, m)
		top[r] = m
	}
}

func attentionGradVector(s, dp []float32, ld, rows, n int, lse, delta []float32) {
	for r := range rows {
		p, g := s[r*ld:][:n], dp[r*ld:][:n]
		expVector(p, p, lse[r])
		i := vectors(n, func(i, n int) { softmaxGradAsm(&g[i], &p[i], &g[i], n, delta[r]) })
		for ; i < n; i++ {
			g[i] = p[i] * (g[i] - delta[r])
		}
	}
}
