#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "layers.glsl"
#include "tree.glsl"

// for e := range groups { for i := offsets[e]; i < offsets[e+1]; i++ { for j := range n { db[e][j] += dy[i][j] } } }
//
// A workgroup sums COLUMNS of one group, with LANES threads a column, each of which takes every LANES-th row.

layout(push_constant) uniform Push {
	Floats dy;
	Ints offsets;
	Layers layers;
	uint groups, n;
};

const uint COLUMNS = 32, LANES = WORKGROUP / COLUMNS;

void main() {
	uint across = (n + COLUMNS - 1) / COLUMNS, lane = gl_LocalInvocationID.x / COLUMNS;
	for (uint i = gl_WorkGroupID.x; i < groups * across; i += gl_NumWorkGroups.x) {
		uint e = i / across, col = i % across * COLUMNS + gl_LocalInvocationID.x % COLUMNS, from = offsets.v[e], to = offsets.v[e + 1];
		float sum = 0;
		if (col < n) {
			for (uint row = from + lane; row < to; row += LANES) sum += dy.v[row * n + col];
		}
		sum = tree_sum(sum, lane, LANES, COLUMNS);
		if (lane == 0 && col < n && from < to) bias_of(layers, e).v[col] += sum;
	}
}
