#version 460
#extension GL_GOOGLE_include_directive : require
#define ROWS 8
#define WORKGROUP 128
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

const float LEAST = -3e38;

// OF_ROW is what one of the 16 threads of a row has shared.
#define OF_ROW(r, i) weights[ROWS * ROW + r][i / 4][i % 4]

void share(float v[ROWS]) {
	barrier();
	EACH_ROW(r) OF_ROW(r, COLUMN) = v[r];
	barrier();
}

void main() {
	EACH_BLOCK(head, first) {
		vec4 sums[ROWS], tile[ROWS];
		float l[ROWS], m[ROWS];
		EACH_ROW(r) {
			sums[r] = vec4(0);
			l[r] = 0.0;
			m[r] = LEAST;
		}
		OTHERS(other) {
			Rows keys = packed_rows(1, head, other);
			multiply(tile, packed_rows(0, head, first), keys);
			float largest[ROWS];
			EACH_ROW(r) {
				tile[r] = mix(vec4(LEAST), scale * tile[r], valid(keys));
				largest[r] = max(max(tile[r].x, tile[r].y), max(tile[r].z, tile[r].w));
			}
			share(largest);
			EACH_ROW(r) {
				float old = m[r];
				for (int i = 0; i < 16; i++) m[r] = max(m[r], OF_ROW(r, i));
				float shrink = exact_exp(old - m[r]);
				tile[r] = mix(vec4(0), exact_exp(tile[r] - m[r]), valid(keys));
				l[r] = l[r] * shrink + tile[r].x + tile[r].y + tile[r].z + tile[r].w;
				sums[r] *= shrink;
			}
			weigh(sums, tile, packed_rows(2, head, other));
		}
		share(l);
		EACH_ROW(r) {
			uint row = ROWS * ROW + r;
			float sum = 0.0;
			for (int i = 0; i < 16; i++) sum += OF_ROW(r, i);
			store(plain_rows(result, head, first), row, sums[r] / sum);
			if (COLUMN == 0 && SLICE == 0 && first + row < tokens) lse.v[head * tokens + first + row] = m[r] + exact_log(sum);
		}
	}
}
