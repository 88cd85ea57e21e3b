package quantized

import "math"

// ToBF16 rounds to the nearest bfloat16, ties to even, and returns its bits: the upper half of a float32's. NaN stays
// NaN, and subnormal numbers become zero, as in the instructions of AVX-512.
func ToBF16(x float32) uint16 {
	b := math.Float32bits(x)
	switch exponent := b & 0x7F800000; {
	case exponent == 0:
		return uint16(b>>16) & 0x8000
	case x != x:
		return uint16(b>>16) | 0x40 // a quiet one
	}
	return uint16((b + 0x7FFF + b>>16&1) >> 16)
}

// FromBF16 returns the number whose bits are b.
func FromBF16(b uint16) float32 { return math.Float32frombits(uint32(b) << 16) }
