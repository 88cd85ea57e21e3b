#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for i := range dst { dst[i] = bias + Σ weight[tap]·src[other] } // by channel, over the links of place i in the order of taps
//
// Places are sites and the others positions, or the other way round for the gradient of the input.

layout(constant_id = 0) const bool FROM_SITES = true;
layout(constant_id = 1) const bool BIASED = false;

layout(push_constant) uniform Push {
	Floats dst, src, weight, bias;
	int extents[3], sites[3], kernel[3], stride[3], pad[3];
	uint channels, n;
};

#include "window.glsl"

void main() {
	EACH(i, n) {
		int place = int(i / channels);
		uint c = i % channels;
		Links l;
		if (FROM_SITES) l = positions_of(place);
		else l = sites_of(place);
		float sum = 0.0;
		if (BIASED) sum = bias.v[c];
		EACH_LINK(l, tap, other) sum = fma(weight.v[tap * channels + c], src.v[other * channels + c], sum);
		dst.v[i] = sum;
	}
}
