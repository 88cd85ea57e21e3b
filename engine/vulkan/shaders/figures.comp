#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "tree.glsl"
#include "math.glsl"
#include "figures.glsl"

// norm := √Σ partial[i]; figures = {loss, norm, min(1, limit/(norm + 1e-6)), 1 if loss and norm are finite and previous was fine, else 0}.
// A limit of 0 does not clip. One workgroup computes it.

layout(push_constant) uniform Push {
	Floats figures, previous, loss, partial;
	float limit;
	uint n, first; // whether there is no previous one
};

void main() {
	float sum = 0;
	for (uint i = gl_LocalInvocationID.x; i < n; i += WORKGROUP) sum += partial.v[i];
	float total = tree_sum(sum, gl_LocalInvocationID.x, WORKGROUP, 1);
	if (gl_LocalInvocationID.x != 0) return;
	float norm = is_finite(total) ? sqrt(total) : total;
	bool fine = is_finite(norm) && is_finite(loss.v[0]) && (first != 0 || previous.v[FIGURE_OK] == 1);
	figures.v[FIGURE_LOSS] = loss.v[0];
	figures.v[FIGURE_NORM] = norm;
	figures.v[FIGURE_SCALE] = limit == 0 ? 1 : is_nan(norm) ? norm : min(1, limit / (norm + 1e-6));
	figures.v[FIGURE_OK] = fine ? 1 : 0;
}
