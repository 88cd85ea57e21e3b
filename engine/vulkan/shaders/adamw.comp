#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "math.glsl"
#include "figures.glsl"
#include "adamw.glsl"

// Where the figures are fine, with t = steps[count] + 1 and g scaled as they say, for each element of each parameter {
//	m = beta1·m + (1 − beta1)·g; v = beta2·v + (1 − beta2)·g²
//	p = keep·p − rate·m/(1 − beta1ᵗ) / (√(v/(1 − beta2ᵗ)) + eps)
// }. 1 − betaᵗ is −expm1(t·log beta): the difference itself would lose most digits of 1 − 0.999. The counts are raised afterwards.

layout(push_constant) uniform Push {
	Parameters table;
	Ints steps;
	Floats figures;
	float beta1, rest1, log1, beta2, rest2, log2, eps; // rest is 1 − beta, and log its logarithm, of the host's doubles
};

void main() {
	if (figures.v[FIGURE_OK] != 1) return;
	Parameter one = table.v[gl_WorkGroupID.y];
	float t = float(steps.v[one.count] + 1), scale = figures.v[FIGURE_SCALE];
	float rate = one.rate / -exact_expm1(t * log1), unbias = inversesqrt(-exact_expm1(t * log2));
	EACH(i, one.n) {
		float g = one.g.v[i] * scale;
		float m = fma(beta1, one.m.v[i], rest1 * g), v = fma(beta2, one.v.v[i], rest2 * g * g);
		one.m.v[i] = m;
		one.v.v[i] = v;
		one.p.v[i] = fma(one.keep, one.p.v[i], -rate * m / (sqrt(v) * unbias + eps));
	}
}
