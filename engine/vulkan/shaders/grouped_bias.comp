#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "layers.glsl"

// for e := range groups { for i := offsets[e]; i < offsets[e+1]; i++ { for j := range n { db[e][j] += dy[i][j] } } }
//
// A workgroup sums COLUMNS of one group, with ROWS threads a column, each of which takes every ROWS-th row.

layout(push_constant) uniform Push {
	Floats dy;
	Ints offsets;
	Layers layers;
	uint groups, n;
};

const uint COLUMNS = 32, ROWS = 256 / COLUMNS;

shared float sums[256];

void main() {
	uint across = (n + COLUMNS - 1) / COLUMNS, t = gl_LocalInvocationID.x, first = t / COLUMNS;
	for (uint i = gl_WorkGroupID.x; i < groups * across; i += gl_NumWorkGroups.x) {
		uint e = i / across, col = i % across * COLUMNS + t % COLUMNS, from = offsets.v[e], to = offsets.v[e + 1];
		float sum = 0;
		if (col < n) {
			for (uint row = from + first; row < to; row += ROWS) sum += dy.v[row * n + col];
		}
		sums[t] = sum;
		barrier();
		for (uint half_of = ROWS / 2; half_of > 0; half_of /= 2) {
			if (first < half_of) sums[t] += sums[t + half_of * COLUMNS];
			barrier();
		}
		if (first == 0 && col < n && from < to) bias_of(layers, e).v[col] += sums[t];
		barrier();
	}
}
