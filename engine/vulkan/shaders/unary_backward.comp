#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "math.glsl"

// for i := range dx { dx[i] = dy[i] * slope(x[i]) }

layout(constant_id = 0) const uint OP = 0; // engine.UnaryOp

layout(push_constant) uniform Push {
	Floats dx, x, dy;
	uint n;
};

float slope(float x) {
	switch (OP) {
	case 0: return gelu_slope(x);
	case 1: return logistic(x);
	case 2: return normal_density(x);
	case 3: return is_nan(x) ? x : x > 0.0 ? 1.0 : 0.0;
	case 4: return x > 0.0 ? 1.0 : exact_exp(x);
	case 5: return logistic_slope(x);
	}
	float y = exact_rsqrt(x);
	return -0.5 * y * y * abs(y); // −∞ at −0, too
}

void main() {
	EACH(i, n) dx.v[i] = dy.v[i] * slope(x.v[i]);
}
