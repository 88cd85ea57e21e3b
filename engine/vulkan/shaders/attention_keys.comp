#version 460
#extension GL_GOOGLE_include_directive : require
#define ROWS 4
#define WORKGROUP 256
#include "common.glsl"

// for j := range tokens { // of each head, with the probabilities P[i, j] = exp(scale·Q[i]·K[j] − lse[i])
//	dV[j] = Σ P[i, j]·dOut[i]
//	dK[j] = scale·Σ P[i, j]·(dOut[i]·V[j] − delta[i])·Q[i] // over i
// }

layout(push_constant) uniform Push {
	Floats qkv, lse, delta, dout, dqkv;
	uint batch, tokens, heads, width;
	float scale;
};

#include "attention.glsl"

// of_columns reads the numbers of the tokens in four columns.
vec4 of_columns(Floats x, uint head, uint first) {
	vec4 v;
	[[unroll]] for (int s = 0; s < 4; s++) v[s] = of_token(x, head, first + 4 * COLUMN + s);
	return v;
}

void main() {
	EACH_BLOCK(head, first) {
		Rows keys = packed_rows(1, head, first), values = packed_rows(2, head, first);
		vec4 dk[ROWS], dv[ROWS], tile[ROWS], dtile[ROWS];
		EACH_ROW(r) dk[r] = dv[r] = vec4(0);
		OTHERS(other) {
			Rows queries = packed_rows(0, head, other), up = plain_rows(dout, head, other);
			multiply(tile, keys, queries);
			multiply(dtile, values, up);
			vec4 shift = of_columns(lse, head, other), mean = of_columns(delta, head, other);
			EACH_ROW(r) {
				tile[r] = exact_exp(scale * tile[r] - shift); // 1 beyond the last query, where all else is 0
				dtile[r] = tile[r] * (dtile[r] - mean);
			}
			weigh(dv, tile, up);
			weigh(dk, dtile, queries);
		}
		keys.from = values.from = dqkv;
		EACH_ROW(r) {
			store(keys, ROWS * ROW + r, scale * dk[r]);
			store(values, ROWS * ROW + r, dv[r]);
		}
	}
}
