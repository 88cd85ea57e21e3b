#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for site := range sites { for tap := range taps { columns[site, tap] = x[tap of site] } } // by channel; zeros outside of x

layout(push_constant) uniform Push {
	Floats columns, x;
	int extents[3], sites[3], kernel[3], stride[3], pad[3];
	uint channels, n;
};

#include "lanes.glsl"
#include "window.glsl"

void main() {
	EACH_PLACE(place, c, n) {
		int site = int(place), sample_ = site / volume(SITES);
		uint to = site * volume(KERNEL) * channels + c;
		ivec3 from = corner(coordinates(site, SITES));
		for (int t = 0; t < kernel[0]; t++)
			for (int y = 0; y < kernel[1]; y++)
				for (int z = 0; z < kernel[2]; z++, to += channels) {
					ivec3 at = from + ivec3(t, y, z);
					vec4 v = vec4(0);
					if (inside(at)) v = lanes(x, flat_of(sample_, at, EXTENTS) * channels + c);
					set_lanes(columns, to, v);
				}
	}
}
