#version 460
#extension GL_GOOGLE_include_directive : require
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

void main() {
	EACH_BLOCK(head, first) {
		Rows keys = packedRows(1, head, first), values = packedRows(2, head, first);
		vec4 dk[4] = NONE, dv[4] = NONE;
		OTHERS(other) {
			Rows queries = packedRows(0, head, other), up = plainRows(dout, head, other);
			vec4 tile[4] = NONE, dtile[4] = NONE;
			multiply(tile, keys, queries);
			multiply(dtile, values, up);
			vec4 shift = four(lse, head, other + 4 * COLUMN), mean = four(delta, head, other + 4 * COLUMN);
			[[unroll]] for (int r = 0; r < 4; r++) {
				tile[r] = exact_exp(scale * tile[r] - shift); // 1 beyond the last query, where all else is 0
				dtile[r] = tile[r] * (dtile[r] - mean);
			}
			weigh(dv, tile, up);
			weigh(dk, dtile, queries);
		}
		keys.from = values.from = dqkv;
		store(keys, dk, vec4(scale));
		store(values, dv, vec4(1));
	}
}
