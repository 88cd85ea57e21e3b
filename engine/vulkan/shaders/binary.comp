#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for i := range dst { dst[i] = a[at(i)] op b[at(i)] }, where operands are stretched by strides of 0. Tensors of one shape have one axis, a
// row or a column with a matrix two.

layout(constant_id = 0) const uint OP = 0; // engine.BinaryOp
layout(constant_id = 1) const int RANK = 1;

layout(push_constant) uniform Push {
	Floats dst, a, b;
	uint n;
	uint extent[6], stride_a[6], stride_b[6];
};

float apply(float x, float y) {
	switch (OP) {
	case 0: return x + y;
	case 1: return x - y;
	case 2: return x * y;
	case 3: return x / y;
	}
	return x > 0 ? x : x * y;
}

void main() {
	EACH(i, n) {
		uint rest = i, at_a = 0, at_b = 0;
		[[unroll]] for (int axis = RANK - 1; axis > 0; axis--) {
			uint j = rest % extent[axis];
			rest /= extent[axis];
			at_a += j * stride_a[axis];
			at_b += j * stride_b[axis];
		}
		dst.v[i] = apply(a.v[at_a + rest * stride_a[0]], b.v[at_b + rest * stride_b[0]]);
	}
}
