#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "math.glsl"

// for i := range dst { dst[i] = f(x[i]) }, to test each function of math.glsl by itself

layout(constant_id = 0) const uint FUNCTION = 0; // in the order of math_test.go

layout(push_constant) uniform Push {
	Floats dst, x;
	uint n;
};

float f(float x) {
	switch (FUNCTION) {
	case 0: return exact_exp(x);
	case 1: return exact_expm1(x);
	case 2: return exact_log(x);
	case 3: return exact_log1p(x);
	case 4: return exact_rsqrt(x);
	case 5: return logistic(x);
	case 6: return logistic_slope(x);
	case 7: return normal_cdf(x);
	case 8: return normal_density(x);
	case 9: return gelu(x);
	}
	return gelu_slope(x);
}

void main() {
	EACH(i, n) dst.v[i] = f(x.v[i]);
}
