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

#include "lanes.glsl"
#include "window.glsl"

void main() {
	EACH_PLACE(position, c, n) {
		Links l = sites_of(int(position));
		vec4 sum = vec4(0);
		EACH_LINK(l, tap, site) {
			vec4 up = lanes(dy, site * channels + c);
			sum += mix(vec4(0), up, equal(int_lanes(chosen, site * channels + c), ivec4(tap)));
		}
		set_lanes(dx, position * channels + c, sum);
	}
}
