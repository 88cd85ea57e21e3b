#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for i := range dx { dx[i] = Σ dy[site] } // by channel, over the sites that chose element i, in the order of taps

layout(push_constant) uniform Push {
	Floats dx, dy;
	Ints chosen;
	int extents[3], sites[3], kernel[3], stride[3], pad[3];
	uint channels, n;
};

#include "window.glsl"

void main() {
	EACH(i, n) {
		Links l = sites_of(int(i / channels));
		float sum = 0.0;
		EACH_LINK(l, tap, site) {
			uint at = site * channels + i % channels;
			if (chosen.v[at] == tap) sum += dy.v[at];
		}
		dx.v[i] = sum;
	}
}
