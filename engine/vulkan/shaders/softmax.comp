#version 460
#extension GL_GOOGLE_include_directive : require
#include "rows.glsl"
#include "math.glsl"

// for each row { top := max(x); sum := Σ exp(x[i] − top); dst[i] = exp(x[i] − top) / sum }, or with LOG dst[i] = x[i] − top − log(sum)

layout(constant_id = 1) const bool LOG = false;

layout(push_constant) uniform Push {
	Floats dst, x;
	uint rows, n;
};

void main() {
	EACH_ROW(row, rows) {
		float top = uintBitsToFloat(INFINITY_BITS | 0x80000000u), sum = 0;
		EACH_PLACE(i, row, rows, n) top = max(top, x.v[i]);
		top = row_max(top);
		EACH_PLACE(i, row, rows, n) sum += exact_exp(x.v[i] - top);
		sum = row_sum(sum); // NaN if there is one in the row
		float low = LOG ? exact_log(sum) : 1 / sum;
		EACH_PLACE(i, row, rows, n) {
			float centred = x.v[i] - top;
			dst.v[i] = LOG ? centred - low : exact_exp(centred) * low;
		}
	}
}
