//go:build !purego

package vector

import "mien/asm/internal/kernel"

// The assembly of AVX-512 takes any number of elements.

//go:noescape
func add512(dst, a, b *float32, n int)

//go:noescape
func sub512(dst, a, b *float32, n int)

//go:noescape
func mul512(dst, a, b *float32, n int)

//go:noescape
func scale512(dst, x *float32, n int, s float32)

//go:noescape
func axpy512(dst, x *float32, n int, s float32)

func addAVX512(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := 0; i < len(dst); i += kernel.MaxElements {
		add512(&dst[i], &a[i], &b[i], min(kernel.MaxElements, len(dst)-i))
	}
}

func subAVX512(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := 0; i < len(dst); i += kernel.MaxElements {
		sub512(&dst[i], &a[i], &b[i], min(kernel.MaxElements, len(dst)-i))
	}
}

func mulAVX512(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := 0; i < len(dst); i += kernel.MaxElements {
		mul512(&dst[i], &a[i], &b[i], min(kernel.MaxElements, len(dst)-i))
	}
}

func scaleAVX512(dst, x []float32, s float32) {
	x = x[:len(dst)]
	for i := 0; i < len(dst); i += kernel.MaxElements {
		scale512(&dst[i], &x[i], min(kernel.MaxElements, len(dst)-i), s)
	}
}

func axpyAVX512(dst []float32, s float32, x []float32) {
	x = x[:len(dst)]
	for i := 0; i < len(dst); i += kernel.MaxElements {
		axpy512(&dst[i], &x[i], min(kernel.MaxElements, len(dst)-i), s)
	}
}
