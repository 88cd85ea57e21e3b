#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#ifdef MATRICES
#include "tile_matrix.glsl"
#else
#include "tile.glsl"
#endif

// for every item of a batch:
//	for i := range M { for j := range N { for k := range K { sum[i][j] += a[i][k] * b[k][j] } } }
//
// A workgroup computes one tile of one item, over one of the parts into which K is divided. With several parts each is an item of its own,
// and gemm_sum adds them up.

layout(push_constant) uniform Push {
	Floats a, b, c, bias, pre, residual;
	uint m, n, k, lda, ldb, ldc, strideA, strideB, strideC, batch, parts, depth, formA, formB, flags;
};

void main() {
	uint down = (m + TILE - 1) / TILE, across = (n + TILE - 1) / TILE;
	for (uint i = gl_WorkGroupID.x; i < down * across * batch * parts; i += gl_NumWorkGroups.x) {
		uint row = i / across % down * TILE, col = i % across * TILE, result = i / (down * across);
		uint item = result % batch, from = result / batch * depth;
		tile(stored(a, item * strideA, lda, formA, m, k, row), stored(b, item * strideB, ldb, formB, n, k, col),
			Result(c, bias, pre, residual, result * strideC, ldc, m, n, flags), from, min(k, from + depth));
	}
}
