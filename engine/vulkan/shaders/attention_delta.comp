#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for i := range tokens { delta[i] = Σ result[i, c]·dout[i, c] } // of each head, over its channels c
//
// Sixteen threads work on a row, and their sums are added as a tree.

layout(push_constant) uniform Push {
	Floats delta, result, dout;
	uint batch, tokens, heads, width;
};

shared float sums[256];

void main() {
	uint lane = gl_LocalInvocationID.x, rows = batch * tokens * heads;
	for (uint from = 16 * gl_WorkGroupID.x; from < rows; from += 16 * gl_NumWorkGroups.x) {
		uint row = from + lane / 16;
		float sum = 0.0;
		if (row < rows)
			for (uint c = lane % 16; c < width; c += 16) sum = fma(result.v[row * width + c], dout.v[row * width + c], sum);
		sums[lane] = sum;
		for (uint half_of = 8; half_of > 0; half_of /= 2) {
			barrier();
			if (lane % 16 < half_of) sums[lane] += sums[lane + half_of];
		}
		if (lane % 16 == 0 && row < rows) {
			uint head = row / (tokens * heads) * heads + row % heads;
			delta.v[head * tokens + row / heads % tokens] = sums[lane];
		}
		barrier();
	}
}
