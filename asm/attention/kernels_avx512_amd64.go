//go:build !purego

package asm

//go:noescape
func attentionTileAsm(m, n, k int, a *float32, rs, ps int, b, c *float32, ldc int, accumulate bool)

//go:noescape
func attentionSoftmaxAsm(s *float32, lds, rows, n int, top, sum, alpha *float32)

//go:noescape
func attentionGradAsm(s, dp *float32, ld, rows, n int, lse, delta *float32)

//go:noescape
func attentionScaleAsm(dst *float32, ldd int, src *float32, lds, rows, n int, factors *float32, step int)

// attentionAVX512 has panels of four vectors, the width of published heads: with six rows their sums fill 24 of 32 registers.
func attentionAVX512() attentionKernels[float32] {
	return attentionKernels[float32]{
		width: 64, queries: 48, keys: 192,
		product: attentionProductAVX512, softmax: attentionSoftmaxAVX512, scale: attentionScaleAVX512, grad: attentionGradAVX512,
		transpose: func(dst, src []float32, stride, rows, columns int) {
			transposeFloat512(dst, 64, src, stride, rows, columns)
		},
		bf16: attentionBF16AVX512(),
	}
}

func attentionProductAVX512(p panelProduct[float32]) { attentionPanels(p, attentionTileAsm) }

// attentionTile multiplies m rows with n ≤ 64 columns of one panel; see [panelProduct].
type attentionTile func(m, n, k int, a *float32, rs, ps int, b, c *float32, ldc int, accumulate bool)

// attentionPanels calls a tile on every panel.
func attentionPanels(p panelProduct[float32], tile attentionTile) {
	_ = p.a[(p.m-1)*p.rs+(p.k-1)*p.ps]
	for q := 0; q < p.n; q += 64 {
		n, b, c := min(64, p.n-q), p.b[q/64*p.panel:], p.c[q:]
		_, _ = b[(p.k-1)*64+roundUp(n, avx512Lanes)-1], c[(p.m-1)*p.ldc+n-1]
		tile(p.m, n, p.k, &p.a[0], p.rs, p.ps, &b[0], &c[0], p.ldc, p.accumulate)
	}
}

func attentionSoftmaxAVX512(s []float32, lds, rows, n int, top, sum, alpha []float32) {
	_, _, _, _ = s[(rows-1)*lds+n-1], top[rows-1], sum[rows-1], alpha[(rows-1)|15]
	attentionSoftmaxAsm(&s[0], lds, rows, n, &top[0], &sum[0], &alpha[0])
}

func attentionScaleAVX512(dst []float32, ldd int, src []float32, lds, rows, n int, factors []float32) {
	step := min(len(factors)-1, 1) // one factor serves all rows
	_, _, _ = dst[(rows-1)*ldd+n-1], src[(rows-1)*lds+n-1], factors[(rows-1)*step]
	attentionScaleAsm(&dst[0], ldd, &src[0], lds, rows, n, &factors[0], step)
}

func attentionGradAVX512(s, dp []float32, ld, rows, n int, lse, delta []float32) {
	last := (rows-1)*ld + n - 1
	_, _, _, _ = s[last], dp[last], lse[rows-1], delta[rows-1]
	attentionGradAsm(&s[0], &dp[0], ld, rows, n, &lse[0], &delta[0])
}
