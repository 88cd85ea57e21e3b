#version 460
#extension GL_GOOGLE_include_directive : require
#include "rows.glsl"

// for each row, with g[i] = dy[i]·gamma[i] and h[i] = (x[i] − mean)·rstd { dx[i] (+)= rstd·(g[i] − Σ g[j]/n − h[i]·Σ g[j]·h[j]/n) }

layout(constant_id = 1) const bool ACCUMULATE = false;

layout(push_constant) uniform Push {
	Floats dx, x, gamma, dy, mean, rstd;
	uint rows, n;
};

void main() {
	EACH_ROW(row, rows) {
		uint known = min(row, rows - 1);
		float m = mean.v[known], s = rstd.v[known], sum = 0, along = 0;
		EACH_PLACE(i, row, rows, n) {
			float g = dy.v[i] * gamma.v[i - row * n];
			sum += g;
			along = fma(g, (x.v[i] - m) * s, along);
		}
		sum = row_sum(sum) / n;
		along = row_sum(along) / n;
		EACH_PLACE(i, row, rows, n) {
			float g = dy.v[i] * gamma.v[i - row * n];
			float d = fma(-(x.v[i] - m) * s, along, g - sum);
			dx.v[i] = ACCUMULATE ? fma(s, d, dx.v[i]) : s * d;
		}
	}
}
