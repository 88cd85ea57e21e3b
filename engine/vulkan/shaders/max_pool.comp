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
#include "lanes.glsl"
#include "window.glsl"

void main() {
	EACH_PLACE(site, c, n) {
		Links l = positions_of(int(site));
		vec4 best = vec4(0);
		ivec4 at = ivec4(-1);
		EACH_LINK(l, tap, position) {
			vec4 v = lanes(x, position * channels + c);
			[[unroll]] for (int i = 0; i < 4; i++)
				if (at[i] < 0 || !is_nan(best[i]) && (is_nan(v[i]) || v[i] > best[i])) {
					best[i] = v[i];
					at[i] = tap;
				}
		}
		set_lanes(dst, site * channels + c, best);
		set_int_lanes(chosen, site * channels + c, at);
	}
}
