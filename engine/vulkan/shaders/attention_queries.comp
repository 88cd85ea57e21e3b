#version 460
#extension GL_GOOGLE_include_directive : require
#define ROWS 8
#define WORKGROUP 128
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
		Rows queries = packed_rows(0, head, first), up = plain_rows(dout, head, first);
		vec4 dq[ROWS], tile[ROWS], dtile[ROWS];
		float shift[ROWS], mean[ROWS];
		EACH_ROW(r) {
			dq[r] = vec4(0);
			shift[r] = of_token(lse, head, first + ROWS * ROW + r);
			mean[r] = of_token(delta, head, first + ROWS * ROW + r);
		}
		OTHERS(other) {
			Rows keys = packed_rows(1, head, other);
			multiply(tile, queries, keys);
			multiply(dtile, up, packed_rows(2, head, other));
			EACH_ROW(r) dtile[r] = mix(vec4(0), exact_exp(scale * tile[r] - shift[r]) * (dtile[r] - mean[r]), valid(keys));
			weigh(dq, dtile, keys);
		}
		queries.from = dqkv;
		EACH_ROW(r) store(queries, ROWS * ROW + r, scale * dq[r]);
	}
}
