#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for i := range x { x[i] (+)= Σ columns[site, tap, i] } // over the sites that see position i, in the order of taps

layout(constant_id = 1) const bool ACCUMULATE = false;

layout(push_constant) uniform Push {
	Floats x, columns;
	int extents[3], sites[3], kernel[3], stride[3], pad[3];
	uint channels, n;
};

#include "lanes.glsl"
#include "window.glsl"

void main() {
	EACH_PLACE(position, c, n) {
		Links l = sites_of(int(position));
		vec4 sum = vec4(0);
		if (ACCUMULATE) sum = lanes(x, position * channels + c);
		EACH_LINK(l, tap, site) sum += lanes(columns, (site * volume(KERNEL) + tap) * channels + c);
		set_lanes(x, position * channels + c, sum);
	}
}
