#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "tree.glsl"

// dst [outer, blocks, inner] from src [outer, n, inner]: for each block of n { dst = scale·Σ src }, or with accumulate dst += scale·Σ src
//
// LANES threads share a result. Neighbouring threads read neighbouring elements: along n if many threads share one, else along inner.

layout(constant_id = 0) const uint LANES = 8;
const uint RESULTS = WORKGROUP / LANES;
const bool ALONG = LANES > RESULTS;

layout(push_constant) uniform Push {
	Floats dst, src;
	float scale;
	uint results, blocks, size, n, inner, accumulate; // a block has size elements of n
};

void main() {
	uint thread = gl_LocalInvocationID.x;
	uint lane = ALONG ? thread % LANES : thread / RESULTS;
	for (uint first = gl_WorkGroupID.x * RESULTS; first < results; first += gl_NumWorkGroups.x * RESULTS) {
		uint at = first + (ALONG ? thread / LANES : thread % RESULTS);
		uint b = at / inner % blocks, start = at / inner / blocks * n * inner + at % inner;
		uint end = at < results ? min((b + 1) * size, n) : 0;
		float sum = 0;
		for (uint i = b * size + lane; i < end; i += LANES) sum += src.v[start + i * inner];
		sum = scale * tree_sum(sum, lane, LANES, ALONG ? 1 : RESULTS);
		if (lane == 0 && at < results) dst.v[at] = accumulate != 0 ? dst.v[at] + sum : sum;
	}
}
