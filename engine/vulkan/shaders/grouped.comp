#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#ifdef MATRICES
#include "tile_matrix.glsl"
#else
#include "tile.glsl"
#endif
#include "layers.glsl"

// for e := range groups {
//	from, to := offsets[e], offsets[e+1]
//	switch mode {
//	case forward:    y[from:to] = x[from:to] · w[e]ᵀ, and what follows
//	case inputGrad:  x[from:to] = y[from:to] · w[e]
//	case weightGrad: w[e] += y[from:to]ᵀ · x[from:to]
//	}
// }
//
// The host doesn't know the offsets: it starts as many workgroups as any division of the rows needs, and those left over do nothing.

layout(push_constant) uniform Push {
	Floats x, y, pre;
	Ints offsets;
	Layers layers;
	uint mode, groups, n, k, tiles, formA, formB, flags;
};

const uint FORWARD = 0, INPUT_GRAD = 1, WEIGHT_GRAD = 2;

// place_of returns the group of a tile, counted down the results of all groups, and its first row in that result.
uvec2 place_of(uint tile) {
	for (uint e = 0; e < groups; e++) {
		uint rows = offsets.v[e + 1] - offsets.v[e];
		uint height = mode != WEIGHT_GRAD ? rows : rows > 0 ? n : 0, here = (height + TILE - 1) / TILE;
		if (tile < here) return uvec2(e, tile * TILE);
		tile -= here;
	}
	return uvec2(groups, 0);
}

void compute(uint e, uint row, uint col) {
	uint from = offsets.v[e], rows = offsets.v[e + 1] - from, depth = mode == FORWARD ? k : mode == INPUT_GRAD ? n : rows;
	Floats w = weight_of(layers, e), bias = bias_of(layers, e);
	Operand a, b;
	Result r;
	if (mode == FORWARD) {
		a = stored(x, from * k, k, formA, rows, depth, row);
		b = stored(w, 0, k, formB, n, depth, col);
		r = Result(y, bias, pre, pre, from * n, n, rows, n, flags);
	} else if (mode == INPUT_GRAD) {
		a = stored(y, from * n, n, formA, rows, depth, row);
		b = stored(w, 0, k, formB, k, depth, col);
		r = Result(x, bias, pre, pre, from * k, k, rows, k, flags);
	} else {
		a = stored(y, from * n, n, formA, n, depth, row);
		b = stored(x, from * k, k, formB, k, depth, col);
		r = Result(w, bias, pre, pre, 0, k, n, k, flags);
	}
	tile(a, b, r, 0, depth);
}

void main() {
	uint across = ((mode == FORWARD ? n : k) + TILE - 1) / TILE;
	for (uint i = gl_WorkGroupID.x; i < tiles * across; i += gl_NumWorkGroups.x) {
		uvec2 at = place_of(i / across);
		if (at.x < groups) compute(at.x, at.y, i % across * TILE);
	}
}
