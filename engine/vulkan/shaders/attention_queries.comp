#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for i := range tokens { // of each head, with the probabilities P[i, j] = exp(scale·Q[i]·K[j] − lse[i])
//	dQ[i] = scale·Σ P[i, j]·(dOut[i]·V[j] − delta[i])·K[j] // over j
// }

layout(push_constant) uniform Push {
	Floats qkv, lse, delta, dout, dqkv;
	uint batch, tokens, heads, width;
	float scale;
};

#include "attention.glsl"

void main() {
	EACH_BLOCK(head, first) {
		Rows queries = packedRows(0, head, first), up = plainRows(dout, head, first);
		vec4 shift = four(lse, head, first + 4 * ROW), mean = four(delta, head, first + 4 * ROW), dq[4] = NONE;
		OTHERS(other) {
			Rows keys = packedRows(1, head, other);
			vec4 tile[4] = NONE, dtile[4] = NONE;
			multiply(tile, queries, keys);
			multiply(dtile, up, packedRows(2, head, other));
			[[unroll]] for (int r = 0; r < 4; r++)
				dtile[r] = mix(vec4(0), exact_exp(scale * tile[r] - shift[r]) * (dtile[r] - mean[r]), valid(keys));
			weigh(dq, dtile, keys);
		}
		queries.from = dqkv;
		store(queries, dq, vec4(scale));
	}
}
