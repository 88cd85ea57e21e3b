package quantized

import "math"

// zeroPoint stands for 0 among the unsigned bytes of activations, which VPDPBUSD multiplies with signed bytes of weights.
const zeroPoint = 128

// tiny is the largest magnitude of a row that is treated as zero: the reciprocal of its scale would overflow.
const tiny = 0x1p-120

// ToInt8 writes x as values·scale with integers from −127 to 127, ties to even, and returns the
// scale, max |x| / 127. A row without finite maximum has the scale NaN, so that its products are NaN.
func ToInt8(values []int8, x []float32) (scale float32) {
	scale, inverse := int8Scale(maxBits(0, x))
	for i, v := range x {
		values[i] = int8(quantize(v, inverse))
	}
	return scale
}

// maxBits returns the larger of top and the bits of max |x|. As integers, the bits of magnitudes are ordered like the
// magnitudes, with NaN above all.
func maxBits(top uint32, x []float32) uint32 {
	for _, v := range x {
		top = max(top, math.Float32bits(v)&0x7FFFFFFF)
	}
	return top
}

// int8Scale returns the scale of a row and its inverse from the bits of the row's largest magnitude.
func int8Scale(bits uint32) (scale, inverse float32) {
	switch top := math.Float32frombits(bits); {
	case bits >= 0x7F800000: // ±Inf, NaN
		return float32(math.NaN()), 0
	case top < tiny:
		return 0, 0
	default:
		return top / 127, 127 / top
	}
}

// quantize returns v·inverse as a whole number; a NaN, which has a scale of NaN, as 0.
func quantize(v, inverse float32) int32 {
	q := v * inverse
	if q != q {
		return 0
	}
	return int32(math.RoundToEven(float64(q)))
}
