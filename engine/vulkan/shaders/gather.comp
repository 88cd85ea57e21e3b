#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for i := range dst { for _, r := range index[i] { if r >= 0 { dst[i] += src[r] } } }, from 0 or from what dst was

layout(constant_id = 0) const bool ADD = false;

layout(push_constant) uniform Push {
	Floats dst, src;
	Ints index;
	uint n, width, k;
};

void main() {
	EACH(i, n) {
		uint row = i / width, column = i % width;
		float sum = ADD ? dst.v[i] : 0.0;
		for (uint j = 0; j < k; j++) {
			int r = index.v[row * k + j];
			if (r >= 0) sum += src.v[uint(r) * width + column];
		}
		dst.v[i] = sum;
	}
}
