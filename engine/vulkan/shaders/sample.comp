#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for i, point := range points { result[i] = factor·Σ weight[corner]·x[corner] } // by channel, over corners in x, in order

layout(push_constant) uniform Push {
	Floats result, x, at, factor;
	int extents[3], sites[3], kernel[3], stride[3], pad[3];
	uint channels, points, factored, n;
};

#include "lanes.glsl"
#include "sample.glsl"

void main() {
	EACH_PLACE(point, c, n) {
		Cell cell = cell_of(point);
		vec4 sum = vec4(0);
		for (int k = 0; k < 8; k++) {
			float w = cell.factor * weight(cell, side(k));
			ivec3 place = cell.low + side(k);
			if (inside(place) && !is_zero(w))
				sum = fma(vec4(w), lanes(x, flat_of(int(point / points), place, EXTENTS) * channels + c), sum);
		}
		set_lanes(result, point * channels + c, sum);
	}
}
