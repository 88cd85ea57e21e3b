#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "math.glsl"

// for i := range x { if place := count(of its row, before i); place < k { index[row, place] = i } }

layout(push_constant) uniform Push {
	Ints index;
	Floats x;
	uint n, columns, k; // n = rows·columns
};

// key orders as numbers do, with one zero and NaN first, at 1.
uint key(float v) {
	if (is_nan(v)) return 1;
	uint bits = v == 0.0 ? 0 : floatBitsToUint(v);
	return bits >> 31 == 0 ? bits | 0x80000000u : ~bits;
}

void main() {
	EACH(i, n) {
		uint row = i / columns, first = row * columns, place = 0, own = key(x.v[i]);
		for (uint j = first; j < first + columns; j++) {
			place += uint(key(x.v[j]) > own - uint(j < i)); // among equals the lower column first
		}
		if (place < k) index.v[row * k + place] = int(i);
	}
}
