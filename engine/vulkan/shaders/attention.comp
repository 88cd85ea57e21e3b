#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for i := range tokens { // of each head
//	m, l := largest S[i, j], Σ exp(S[i, j] − m) over j, with S = scale·Q·Kᵀ
//	result[i], lse[i] = Σ exp(S[i, j] − m)/l·V[j], m + log(l)
// }
//
// It meets the keys block by block: m is the largest logit so far, and what was summed before shrinks by exp(old m − new m) (Dao et al.
// 2022, FlashAttention). A thread sums l over its own columns, and these sums meet at the end.

layout(push_constant) uniform Push {
	Floats qkv, result, lse;
	uint batch, tokens, heads, width;
	float scale;
};

#include "attention.glsl"

// allLargest and allSums combine, for the four rows of a thread, what the 16 threads of these rows have.
vec4 allLargest(vec4 v) {
	weights[COLUMN][ROW] = v;
	barrier();
	for (uint i = 0; i < 16; i++) v = max(v, weights[i][ROW]);
	return v;
}

vec4 allSums(vec4 v) {
	barrier();
	weights[COLUMN][ROW] = v;
	barrier();
	v = vec4(0);
	for (uint i = 0; i < 16; i++) v += weights[i][ROW];
	return v;
}

void main() {
	EACH_BLOCK(head, first) {
		vec4 sums[4] = NONE, l = vec4(0), m = vec4(-3e38);
		OTHERS(other) {
			Rows keys = packedRows(1, head, other);
			vec4 tile[4] = NONE, old = m;
			multiply(tile, packedRows(0, head, first), keys);
			[[unroll]] for (int r = 0; r < 4; r++) {
				tile[r] = mix(vec4(-3e38), scale * tile[r], valid(keys));
				m[r] = max(m[r], max(max(tile[r].x, tile[r].y), max(tile[r].z, tile[r].w)));
			}
			m = allLargest(m);
			vec4 shrink = exact_exp(old - m);
			l *= shrink;
			[[unroll]] for (int r = 0; r < 4; r++) {
				tile[r] = mix(vec4(0), exact_exp(tile[r] - m[r]), valid(keys));
				l[r] += tile[r].x + tile[r].y + tile[r].z + tile[r].w;
				sums[r] *= shrink[r];
			}
			weigh(sums, tile, packedRows(2, head, other));
		}
		l = allSums(l);
		store(plainRows(result, head, first), sums, 1.0 / l);
		if (COLUMN == 0 && SLICE == 0)
			[[unroll]] for (int r = 0; r < 4; r++) {
				uint token = first + 4 * ROW + r;
				if (token < tokens) lse.v[head * tokens + token] = m[r] + exact_log(l[r]);
			}
	}
}
