#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "tree.glsl"

// for each block of n elements { partial[block] = Σ (pred[i] − target[i])² }

layout(push_constant) uniform Push {
	Floats partial, pred, target;
	uint blocks, size, n; // elements of a block
};

void main() {
	uint lane = gl_LocalInvocationID.x;
	for (uint b = gl_WorkGroupID.x; b < blocks; b += gl_NumWorkGroups.x) {
		float sum = 0;
		uint end = min((b + 1) * size, n);
		for (uint i = b * size + lane; i < end; i += WORKGROUP) {
			float d = pred.v[i] - target.v[i];
			sum = fma(d, d, sum);
		}
		sum = tree_sum(sum, lane, WORKGROUP, 1);
		if (lane == 0) partial.v[b] = sum;
	}
}
