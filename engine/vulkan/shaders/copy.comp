#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for i := range count { copy(dst[dst_offset+i*dst_stride:][:block], src[src_offset+i*src_stride:]) }, or += in place of a copy. Other
// elements are moved as floats are: bit by bit.

layout(constant_id = 0) const bool ADD = false;

layout(push_constant) uniform Push {
	Words dst, src;
	uint n, block, dst_offset, dst_stride, src_offset, src_stride; // n = block·count
};

void main() {
	EACH(j, n) {
		uint i = j / block;
		uint to = dst_offset + i * dst_stride + j % block;
		uint bits = src.v[src_offset + i * src_stride + j % block];
		dst.v[to] = ADD ? floatBitsToUint(uintBitsToFloat(dst.v[to]) + uintBitsToFloat(bits)) : bits;
	}
}
