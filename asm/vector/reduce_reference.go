package vector

import "mien/asm/internal/kernel"

// Sums are kept in float64, so that at float32 the reference is the more exact of two implementations.

func dotReference[F kernel.Float](a, b []F) F {
	b = b[:len(a)]
	sum := 0.0
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return F(sum)
}

func sumReference[F kernel.Float](x []F) F {
	sum := 0.0
	for _, v := range x {
		sum += float64(v)
	}
	return F(sum)
}

func squaredDistanceReference[F kernel.Float](a, b []F) F {
	b = b[:len(a)]
	sum := 0.0
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		sum += d * d
	}
	return F(sum)
}
