#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for i := range x { x[i] (+)= Σ columns[site, tap, i] } // over the sites that see position i, in the order of taps

layout(constant_id = 0) const bool ACCUMULATE = false;

layout(push_constant) uniform Push {
	Floats x, columns;
	int extents[3], sites[3], kernel[3], stride[3], pad[3];
	uint channels, n;
};

#include "window.glsl"

void main() {
	EACH(i, n) {
		Links l = sites_of(int(i / channels));
		float sum = 0.0;
		if (ACCUMULATE) sum = x.v[i];
		EACH_LINK(l, tap, site) sum += columns.v[(site * volume(KERNEL) + tap) * channels + i % channels];
		x.v[i] = sum;
	}
}
