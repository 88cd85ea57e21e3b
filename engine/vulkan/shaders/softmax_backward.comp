#version 460
#extension GL_GOOGLE_include_directive : require
#include "rows.glsl"
#include "math.glsl"

// for each row { dx[i] = y[i] * (dy[i] − Σ y[j]·dy[j]) }, or with LOG dx[i] = dy[i] − exp(y[i]) · Σ dy[j]

layout(constant_id = 1) const bool LOG = false;

layout(push_constant) uniform Push {
	Floats dx, y, dy;
	uint rows, n;
};

void main() {
	EACH_ROW(row, rows) {
		float sum = 0;
		EACH_PLACE(i, row, rows, n) sum = LOG ? sum + dy.v[i] : fma(y.v[i], dy.v[i], sum);
		sum = row_sum(sum);
		EACH_PLACE(i, row, rows, n) dx.v[i] = LOG ? fma(-exact_exp(y.v[i]), sum, dy.v[i]) : y.v[i] * (dy.v[i] - sum);
	}
}
