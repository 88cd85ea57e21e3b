//go:build !purego

package vector

// The assembly of AVX-512 takes any number of elements.

//go:noescape
func addAVX512Asm(dst, a, b *float32, n int)

//go:noescape
func subAVX512Asm(dst, a, b *float32, n int)

//go:noescape
func mulAVX512Asm(dst, a, b *float32, n int)

//go:noescape
func maximumAVX512Asm(dst, a, b *float32, n int)

//go:noescape
func mulAddAVX512Asm(dst, a, b *float32, n int)

//go:noescape
func scaleAVX512Asm(dst, x *float32, n int, s float32)

//go:noescape
func axpyAVX512Asm(dst, x *float32, n int, s float32)

func addAVX512(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	chunks(len(dst), func(i, n int) { addAVX512Asm(&dst[i], &a[i], &b[i], n) })
}

func subAVX512(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	chunks(len(dst), func(i, n int) { subAVX512Asm(&dst[i], &a[i], &b[i], n) })
}

func mulAVX512(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	chunks(len(dst), func(i, n int) { mulAVX512Asm(&dst[i], &a[i], &b[i], n) })
}

func maximumAVX512(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	chunks(len(dst), func(i, n int) { maximumAVX512Asm(&dst[i], &a[i], &b[i], n) })
}

func mulAddAVX512(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	chunks(len(dst), func(i, n int) { mulAddAVX512Asm(&dst[i], &a[i], &b[i], n) })
}

func scaleAVX512(dst, x []float32, s float32) {
	x = x[:len(dst)]
	chunks(len(dst), func(i, n int) { scaleAVX512Asm(&dst[i], &x[i], n, s) })
}

func axpyAVX512(dst []float32, s float32, x []float32) {
	x = x[:len(dst)]
	chunks(len(dst), func(i, n int) { axpyAVX512Asm(&dst[i], &x[i], n, s) })
}
