#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for i := range dst { dst[i] += s * x[i] }

layout(push_constant) uniform Push {
	Floats dst, x;
	float s;
	uint n;
};

void main() {
	EACH(i, n) dst.v[i] = fma(s, x.v[i], dst.v[i]);
}
