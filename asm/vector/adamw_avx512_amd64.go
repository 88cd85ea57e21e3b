//go:build !purego

package vector

import "mien/asm/internal/kernel"

//go:noescape
func adamWAVX512Asm(p, grad, m, v *float32, n int, c *[9]float32)

func adamWAVX512(p, g, m, v []float32, h AdamW) {
	g, m, v = g[:len(p)], m[:len(p)], v[:len(p)]
	c := h.constants()
	for i := 0; i < len(p); i += kernel.MaxElements {
		adamWAVX512Asm(&p[i], &g[i], &m[i], &v[i], min(kernel.MaxElements, len(p)-i), &c)
	}
}
