#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "bfloat16.glsl"

// for i := range dst { dst[i] = src[i] }
//
// Bits are moved, as arithmetic may lose subnormal numbers.

layout(constant_id = 0) const bool FROM_BFLOAT16 = false;
layout(constant_id = 1) const bool TO_BFLOAT16 = true;

layout(push_constant) uniform Push {
	Words dst, src;
	uint n;
};

void main() {
	EACH(i, n) {
		uint bits = FROM_BFLOAT16 ? uint(Halves(src).v[i]) << 16 : src.v[i];
		if (TO_BFLOAT16) {
			Halves(dst).v[i] = uint16_t(round_bits(bits) >> 16);
		} else {
			dst.v[i] = bits;
		}
	}
}
