#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for each block b of rows and each column c, over the block's rows { dgamma[b][c] = Σ dy·(x − mean)·rstd; dbeta[b][c] = Σ dy }

layout(push_constant) uniform Push {
	Floats dgamma, dbeta, x, dy, mean, rstd;
	uint rows, n, size; // rows of a block
};

void main() {
	uint b = gl_WorkGroupID.y, end = min((b + 1) * size, rows);
	EACH(c, n) {
		float g = 0, s = 0;
		for (uint row = b * size; row < end; row++) {
			float d = dy.v[row * n + c];
			g = fma(d, (x.v[row * n + c] - mean.v[row]) * rstd.v[row], g);
			s += d;
		}
		dgamma.v[b * n + c] = g;
		dbeta.v[b * n + c] = s;
	}
}
