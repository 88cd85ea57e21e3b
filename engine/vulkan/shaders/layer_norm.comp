#version 460
#extension GL_GOOGLE_include_directive : require
#include "rows.glsl"

// for each row { mean = Σ x[i] / n; rstd = 1/√(Σ (x[i] − mean)² / n + eps); dst[i] = (x[i] − mean)·rstd·gamma[i] + beta[i] }

layout(push_constant) uniform Push {
	Floats dst, mean, rstd, x, gamma, beta;
	float eps;
	uint rows, n;
};

void main() {
	EACH_ROW(row, rows) {
		float sum = 0, squares = 0;
		EACH_PLACE(i, row, rows, n) sum += x.v[i];
		float m = row_sum(sum) / n;
		EACH_PLACE(i, row, rows, n) {
			float centred = x.v[i] - m;
			squares = fma(centred, centred, squares);
		}
		float s = inversesqrt(row_sum(squares) / n + eps);
		EACH_PLACE(i, row, rows, n) dst.v[i] = fma((x.v[i] - m) * s, gamma.v[i - row * n], beta.v[i - row * n]);
		if (LANE == 0 && row < rows) {
			mean.v[row] = m;
			rstd.v[row] = s;
		}
	}
}
