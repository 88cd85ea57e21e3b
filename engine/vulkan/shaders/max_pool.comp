#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for i := range dst { dst[i], chosen[i] = largest x[position], at its tap } // by channel, over what site i sees; NaN is the largest

layout(push_constant) uniform Push {
	Floats dst;
	Ints chosen;
	Floats x;
	int extents[3], sites[3], kernel[3], stride[3], pad[3];
	uint channels, n;
};

#include "math.glsl"
#include "window.glsl"

void main() {
	EACH(i, n) {
		Links l = positions_of(int(i / channels));
		float best = 0.0;
		int at = -1;
		EACH_LINK(l, tap, position) {
			float v = x.v[position * channels + i % channels];
			if (at < 0 || !is_nan(best) && (is_nan(v) || v > best)) {
				best = v;
				at = tap;
			}
		}
		dst.v[i] = best;
		chosen.v[i] = at;
	}
}
