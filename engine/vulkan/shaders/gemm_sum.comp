#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "epilogue.glsl"

// for i := range sum { for p := range parts { sum[i] += partial[p][i] } }
//
// The rows of all items and parts follow each other, each a whole number of quads.

layout(push_constant) uniform Push {
	Floats partial, c, bias, pre, residual;
	uint m, n, ldc, strideC, batch, parts, flags;
};

void main() {
	uint width = (n + 3) / 4, quads = batch * m * width;
	EACH(i, quads) {
		vec4 sum = Quads(partial).v[i];
		for (uint p = 1; p < parts; p++) sum += Quads(partial).v[p * quads + i];
		uint row = i / width;
		finish(Result(c, bias, pre, residual, row / m * strideC, ldc, m, n, flags), row % m, i % width * 4, sum);
	}
}
