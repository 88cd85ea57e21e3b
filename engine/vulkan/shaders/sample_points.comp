#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for i, point := range points { // with d = Σ dout[i]·x[corner] over channels
//	dfactor[i] = Σ weight[corner]·d
//	dat[i, axis] = factor·Σ slope[corner, axis]·d // over corners in x
// }
//
// 32 threads work on a point, and their sums are added as a tree.

layout(constant_id = 0) const bool POSITIONS = true;
layout(constant_id = 1) const bool FACTORS = true;

layout(push_constant) uniform Push {
	Floats dat, dfactor, dout, x, at, factor;
	int extents[3], sites[3], kernel[3], stride[3], pad[3];
	uint channels, points, factored, n;
};

#include "sample.glsl"

shared vec4 sums[256]; // slopes along three axes, and the value

void main() {
	uint thread = gl_LocalInvocationID.x, lane = thread % 32;
	for (uint from = 8 * gl_WorkGroupID.x; from < n; from += 8 * gl_NumWorkGroups.x) {
		uint point = min(from + thread / 32, n - 1);
		Cell cell = cell_of(point);
		vec4 sum = vec4(0);
		for (int k = 0; k < 8; k++) {
			ivec3 place = cell.low + side(k);
			if (!inside(place)) continue;
			uint begin = flat_of(int(point / points), place, EXTENTS) * channels;
			float d = 0.0;
			for (uint c = lane; c < channels; c += 32) d = fma(dout.v[point * channels + c], x.v[begin + c], d);
			sum += d * vec4(slope(cell, side(k)), weight(cell, side(k)));
		}
		sums[thread] = sum;
		for (uint half_of = 16; half_of > 0; half_of /= 2) {
			barrier();
			if (lane < half_of) sums[thread] += sums[thread + half_of];
		}
		barrier();
		if (from + thread / 32 < n) {
			if (POSITIONS && lane < 3) dat.v[3 * point + lane] = cell.factor * sums[thread - lane][lane];
			if (FACTORS && lane == 3) dfactor.v[point] = sums[thread - lane].w;
		}
		barrier();
	}
}
