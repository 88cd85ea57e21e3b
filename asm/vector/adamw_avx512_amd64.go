//go:build !purego

package vector

//go:noescape
func adamWAVX512Asm(p, grad, m, v *float32, n int, c *[9]float32)

func adamWAVX512(p, g, m, v []float32, h AdamW) {
	g, m, v = g[:len(p)], m[:len(p)], v[:len(p)]
	c := h.constants()
	chunks(len(p), func(i, n int) { adamWAVX512Asm(&p[i], &g[i], &m[i], &v[i], n, &c) })
}
