#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for i, point := range points { dx[corner] += factor·weight[corner]·dout[i] } // by channel, over corners in x
//
// A workgroup has 16 positions in a row, 16 threads each, and adds all that they get, in the order of points. It looks at 256 points at a
// time, lists those that touch one of its positions by a prefix sum, and has each position take its own from this short list.

layout(push_constant) uniform Push {
	Floats dx, dout, at, factor;
	int extents[3], sites[3], kernel[3], stride[3], pad[3];
	uint channels, points, factored, samples;
};

#include "lanes.glsl"
#include "sample.glsl"

const uint TILE = 16;

shared uint counts[256];
shared uint listed[256]; // points
shared ivec3 lows[256];  // their cells
shared vec4 parts[256];  // and factors

// touches tells whether a corner of a cell is one of the positions of a sample from first on.
bool touches(Cell cell, uint first) {
	bool found = false;
	for (int k = 0; k < 8; k++) {
		ivec3 place = cell.low + side(k);
		found = found || inside(place) && uint(flat_of(0, place, EXTENTS)) - first < TILE;
	}
	return found;
}

// sum_before returns the sum of what threads before this one have, and that of all.
uvec2 sum_before(uint v) {
	uint thread = gl_LocalInvocationID.x, sum = v;
	counts[thread] = v;
	barrier();
	for (uint step = 1; step < 256; step *= 2) {
		if (thread >= step) sum += counts[thread - step];
		barrier();
		counts[thread] = sum;
		barrier();
	}
	return uvec2(sum - v, counts[255]);
}

void main() {
	uint thread = gl_LocalInvocationID.x, size = volume(EXTENTS), tiles = (size + TILE - 1) / TILE;
	for (uint tile = gl_WorkGroupID.x; tile < samples * tiles; tile += gl_NumWorkGroups.x) {
		uint sample_ = tile / tiles, first = tile % tiles * TILE, position = first + thread / TILE;
		ivec3 place = coordinates(int(position), EXTENTS);
		for (uint from = 0; from < points; from += 256) {
			Cell cell;
			bool touched = false;
			if (from + thread < points) {
				cell = cell_of(sample_ * points + from + thread);
				touched = touches(cell, first);
			}
			uvec2 count = sum_before(touched ? 1 : 0);
			if (touched) {
				listed[count.x] = sample_ * points + from + thread;
				lows[count.x] = cell.low;
				parts[count.x] = vec4(cell.part, cell.factor);
			}
			barrier();
			if (position < size)
				for (uint c = thread % TILE * LANES; c < channels && count.y > 0; c += TILE * LANES) {
					uint to = (sample_ * size + position) * channels + c;
					vec4 sum = lanes(dx, to);
					for (uint i = 0; i < count.y; i++) {
						ivec3 side = place - lows[i];
						if (any(greaterThan(uvec3(side), uvec3(1)))) continue;
						float w = parts[i].w * weight(Cell(lows[i], parts[i].xyz, parts[i].w), side);
						if (!is_zero(w)) sum = fma(vec4(w), lanes(dout, listed[i] * channels + c), sum);
					}
					set_lanes(dx, to, sum);
				}
			barrier();
		}
	}
}
