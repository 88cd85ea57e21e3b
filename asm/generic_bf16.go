package asm

import "math"

// bfloat16 is the upper half of a float32. Denormals are numbers like others: they are not flushed to zero.

func toBF16Generic[F Float](dst []uint16, src []F) {
	for i, v := range src {
		dst[i] = bf16(float32(v))
	}
}

func fromBF16Generic[F Float](dst []F, src []uint16) {
	for i, v := range src {
		dst[i] = F(math.Float32frombits(uint32(v) << 16))
	}
}

// bf16 rounds to the nearest bfloat16, ties to even: adding 0x7fff and the last bit that stays carries into that bit
// where it must, and past the largest number into infinity. A NaN is cut off and made quiet, so that it never becomes infinity.
func bf16(v float32) uint16 {
	bits := math.Float32bits(v)
	if v != v {
		return uint16(bits>>16) | 0x40
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}
