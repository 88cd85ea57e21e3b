#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "math.glsl"

// for i := range dst { dst[i] = f(x[i]) }

layout(constant_id = 0) const uint OP = 0; // engine.UnaryOp

layout(push_constant) uniform Push {
	Floats dst, x;
	uint n;
};

float f(float x) {
	switch (OP) {
	case 0: return gelu(x);
	case 1: return is_nan(x) ? x : max(x, 0.0) + exact_log1p(exact_exp(-abs(x)));
	case 2: return normal_cdf(x);
	case 3: return is_nan(x) ? x : max(x, 0.0);
	case 4: return x > 0.0 ? x : exact_expm1(x);
	case 5: return logistic(x);
	}
	return exact_rsqrt(x);
}

void main() {
	EACH(i, n) dst.v[i] = f(x.v[i]);
}
