//go:build !purego

package vector

import "mien/asm/internal/kernel"

// The assembly of AVX-512 takes any number of elements.

//go:noescape
func addAVX512Asm(dst, a, b *float32, n int)

//go:noescape
func subAVX512Asm(dst, a, b *float32, n int)

//go:noescape
func mulAVX512Asm(dst, a, b *float32, n int)

//go:noescape
func scaleAVX512Asm(dst, x *float32, n int, s float32)

//go:noescape
func axpyAVX512Asm(dst, x *float32, n int, s float32)

func addAVX512(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := 0; i < len(dst); i += kernel.MaxElements {
		addAVX512Asm(&dst[i], &a[i], &b[i], min(kernel.MaxElements, len(dst)-i))
	}
}

func subAVX512(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := 0; i < len(dst); i += kernel.MaxElements {
		subAVX512Asm(&dst[i], &a[i], &b[i], min(kernel.MaxElements, len(dst)-i))
	}
}

func mulAVX512(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := 0; i < len(dst); i += kernel.MaxElements {
		mulAVX512Asm(&dst[i], &a[i], &b[i], min(kernel.MaxElements, len(dst)-i))
	}
}

func scaleAVX512(dst, x []float32, s float32) {
	x = x[:len(dst)]
	for i := 0; i < len(dst); i += kernel.MaxElements {
		scaleAVX512Asm(&dst[i], &x[i], min(kernel.MaxElements, len(dst)-i), s)
	}
}

func axpyAVX512(dst []float32, s float32, x []float32) {
	x = x[:len(dst)]
	for i := 0; i < len(dst); i += kernel.MaxElements {
		axpyAVX512Asm(&dst[i], &x[i], min(kernel.MaxElements, len(dst)-i), s)
	}
}
