#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for i := range dst { dst[i] = bits }

layout(push_constant) uniform Push {
	Words dst;
	uint bits, n;
};

void main() {
	EACH(i, n) dst.v[i] = bits;
}
