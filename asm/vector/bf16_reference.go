package vector

import (
	"math"

	"mien/asm/internal/kernel"
)

// Conversions between floats and bfloat16, which is held as its bits, the upper half of a float32's.

func roundReference[F kernel.Float](dst []uint16, x []F) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = toBF16(float32(x[i]))
	}
}

func widenReference[F kernel.Float](dst []F, x []uint16) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = F(math.Float32frombits(uint32(x[i]) << 16))
	}
}

// toBF16 adds just under half a place, and 1 more when the last bit to be kept is odd: that carries into the upper half exactly when
// rounding to nearest, ties to even, goes up.
func toBF16(x float32) uint16 {
	b := math.Float32bits(x)
	if x != x {
		return uint16(b>>16) | 0x40 // a quiet one
	}
	return uint16((b + 0x7FFF + b>>16&1) >> 16)
}
