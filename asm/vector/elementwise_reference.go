package vector

import "mien/asm/internal/kernel"

// The elementwise kernels in plain Go, the reference for the assembly. Next: the assembly itself, in the elementwise_*.s files beside
// this one, then asm/gemm/driver.go.
//
// Slices are cut to one length first, which lets the compiler drop bounds checks.

func addReference[F kernel.Float](dst, a, b []F) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

func subReference[F kernel.Float](dst, a, b []F) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] - b[i]
	}
}

func mulReference[F kernel.Float](dst, a, b []F) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

func maximumReference[F kernel.Float](dst, a, b []F) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = max(a[i], b[i])
	}
}

func mulAddReference[F kernel.Float](dst, a, b []F) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] += a[i] * b[i]
	}
}

func scaleReference[F kernel.Float](dst, x []F, s F) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = s * x[i]
	}
}

func axpyReference[F kernel.Float](dst []F, s F, x []F) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] += s * x[i]
	}
}
