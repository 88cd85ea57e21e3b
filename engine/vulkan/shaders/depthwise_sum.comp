#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for i := range dst { dst[i] += Σ partial[b, i] } // over blocks, in order

layout(push_constant) uniform Push {
	Floats dst, partial;
	uint blocks, n;
};

void main() {
	EACH(i, n) {
		float sum = dst.v[i];
		for (uint b = 0; b < blocks; b++) sum += partial.v[b * n + i];
		dst.v[i] = sum;
	}
}
