//go:build !purego && (amd64 || arm64)

package vector

import "math"

//go:noescape
func adamWSIMDAsm(p, grad, m, v *float32, n int, c *[9]float32)

func adamWSIMD(p, g, m, v []float32, h AdamW) {
	g, m, v = g[:len(p)], m[:len(p)], v[:len(p)]
	c := h.constants()
	if i := vectors(len(p), func(i, n int) { adamWSIMDAsm(&p[i], &g[i], &m[i], &v[i], n, &c) }); i < len(p) {
		pp, pg, pm, pv := pad(p[i:]), pad(g[i:]), pad(m[i:]), pad(v[i:])
		adamWSIMDAsm(&pp[0], &pg[0], &pm[0], &pv[0], 8, &c)
		copy(p[i:], pp[:])
		copy(m[i:], pm[:])
		copy(v[i:], pv[:])
	}
}

// constants are the factors of a step, as the assembly takes them.
func (h *AdamW) constants() [9]float32 {
	return [9]float32{float32(h.GradScale), float32(h.Beta1), float32(1 - h.Beta1), float32(h.Beta2), float32(1 - h.Beta2),
		float32(1 / math.Sqrt(h.Correct2)), float32(h.Eps), float32(h.LR / h.Correct1), float32(1 - h.LR*h.Decay)}
}
