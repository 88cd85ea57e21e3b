#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for b := range blocks { partial[b, tap] = Σ dy[site]·x[tap of site] } // by channel, over the sites of the block, a row of dy each
//
// depthwise_sum.comp adds the blocks.

layout(push_constant) uniform Push {
	Floats partial, dy, x;
	int extents[3], sites[3], kernel[3], stride[3], pad[3];
	uint channels, rows, block, n;
};

#include "lanes.glsl"
#include "window.glsl"

void main() {
	EACH_PLACE(place, c, n) {
		uint from = place / volume(KERNEL) * block;
		ivec3 tap = coordinates(int(place), KERNEL), site = coordinates(int(from), SITES);
		int sample_ = int(from) / volume(SITES);
		vec4 sum = vec4(0);
		for (uint row = from; row < min(from + block, rows); row++) {
			ivec3 at = corner(site) + tap;
			if (inside(at))
				sum = fma(lanes(dy, row * channels + c), lanes(x, flat_of(sample_, at, EXTENTS) * channels + c), sum);
			if (++site.z == sites[2]) { site.z = 0; site.y++; }
			if (site.y == sites[1]) { site.y = 0; site.x++; }
			if (site.x == sites[0]) { site.x = 0; sample_++; }
		}
		set_lanes(partial, place * channels + c, sum);
	}
}
