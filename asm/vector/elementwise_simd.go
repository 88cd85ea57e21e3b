//go:build !purego && (amd64 || arm64)

package vector

// Wrappers that AVX2 and NEON share: the assembly has the same functions on both. It takes a positive multiple of eight elements; the
// wrappers leave the rest to plain Go if that rounds identically, and otherwise pad it to a vector: an element's bits must not depend
// on where a slice was cut.

//go:noescape
func addSIMDAsm(dst, a, b *float32, n int)

//go:noescape
func subSIMDAsm(dst, a, b *float32, n int)

//go:noescape
func mulSIMDAsm(dst, a, b *float32, n int)

//go:noescape
func maximumSIMDAsm(dst, a, b *float32, n int)

//go:noescape
func mulAddSIMDAsm(dst, a, b *float32, n int)

//go:noescape
func scaleSIMDAsm(dst, x *float32, n int, s float32)

//go:noescape
func axpySIMDAsm(dst, x *float32, n int, s float32)

func addSIMD(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	i := vectors(len(dst), func(i, n int) { addSIMDAsm(&dst[i], &a[i], &b[i], n) })
	addReference(dst[i:], a[i:], b[i:])
}

func subSIMD(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	i := vectors(len(dst), func(i, n int) { subSIMDAsm(&dst[i], &a[i], &b[i], n) })
	subReference(dst[i:], a[i:], b[i:])
}

func mulSIMD(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	i := vectors(len(dst), func(i, n int) { mulSIMDAsm(&dst[i], &a[i], &b[i], n) })
	mulReference(dst[i:], a[i:], b[i:])
}

func maximumSIMD(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	i := vectors(len(dst), func(i, n int) { maximumSIMDAsm(&dst[i], &a[i], &b[i], n) })
	maximumReference(dst[i:], a[i:], b[i:])
}

func mulAddSIMD(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	if i := vectors(len(dst), func(i, n int) { mulAddSIMDAsm(&dst[i], &a[i], &b[i], n) }); i < len(dst) {
		pd, pa, pb := pad(dst[i:]), pad(a[i:]), pad(b[i:])
		mulAddSIMDAsm(&pd[0], &pa[0], &pb[0], 8)
		copy(dst[i:], pd[:])
	}
}

func scaleSIMD(dst, x []float32, s float32) {
	x = x[:len(dst)]
	i := vectors(len(dst), func(i, n int) { scaleSIMDAsm(&dst[i], &x[i], n, s) })
	scaleReference(dst[i:], x[i:], s)
}

func axpySIMD(dst []float32, s float32, x []float32) {
	x = x[:len(dst)]
	if i := vectors(len(dst), func(i, n int) { axpySIMDAsm(&dst[i], &x[i], n, s) }); i < len(dst) {
		pd, px := pad(dst[i:]), pad(x[i:])
		axpySIMDAsm(&pd[0], &px[0], 8, s)
		copy(dst[i:], pd[:])
	}
}
