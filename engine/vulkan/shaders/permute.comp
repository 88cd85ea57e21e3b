#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for i := range dst { dst[i] = src[at(i)] }, where the axes of dst have other strides in src

layout(constant_id = 0) const int RANK = 1;

layout(push_constant) uniform Push {
	Floats dst, src;
	uint n;
	uint extent[8], stride[8];
};

void main() {
	EACH(i, n) {
		uint rest = i, at = 0;
		[[unroll]] for (int axis = RANK - 1; axis > 0; axis--) {
			at += rest % extent[axis] * stride[axis];
			rest /= extent[axis];
		}
		dst.v[i] = src.v[at + rest * stride[0]];
	}
}
