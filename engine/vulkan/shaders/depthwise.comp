#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for i := range dst { dst[i] = bias + Σ weight[tap]·src[other] } // by channel, over the links of place i in the order of taps
//
// Places are sites and the others positions, or the other way round for the gradient of the input.

layout(constant_id = 1) const bool FROM_SITES = true;
layout(constant_id = 2) const bool BIASED = false;

layout(push_constant) uniform Push {
	Floats dst, src, weight, bias;
	int extents[3], sites[3], kernel[3], stride[3], pad[3];
	uint channels, n;
};

#include "lanes.glsl"
#include "window.glsl"

void main() {
	EACH_PLACE(place, c, n) {
		Links l;
		if (FROM_SITES) l = positions_of(int(place));
		else l = sites_of(int(place));
		vec4 sum = vec4(0);
		if (BIASED) sum = lanes(bias, c);
		EACH_LINK(l, tap, other) sum = fma(lanes(weight, tap * channels + c), lanes(src, other * channels + c), sum);
		set_lanes(dst, place * channels + c, sum);
	}
}
