// What follows the sums of a product, four neighbours of a row at a time:
//
//	x := sum (+ c) + bias; pre = x; c = GELU(x) + residual

#include "math.glsl"

layout(buffer_reference, std430, buffer_reference_align = 16) buffer Quads { vec4 v[]; };

// Flags. With ALIGNED_C every row of all matrices and the bias begin at a multiple of 16 bytes.
const uint ACCUMULATE = 1, BIAS = 2, PRE = 4, GELU = 8, RESIDUAL = 16, ALIGNED_C = 32;

// Result is a matrix to be written. Pre and residual have its layout.
struct Result {
	Floats c, bias, pre, residual;
	uint offset, ld, rows, cols, flags;
};

// read_quad and write_quad move n elements, or the first four of them.
vec4 read_quad(Floats from, uint at, uint n, bool aligned) {
	if (aligned && n >= 4) return Quads(from).v[at / 4];
	vec4 x = vec4(0);
	[[unroll]] for (uint i = 0; i < 4; i++) {
		if (i < n) x[i] = from.v[at + i];
	}
	return x;
}

void write_quad(Floats to, uint at, uint n, bool aligned, vec4 x) {
	if (aligned && n >= 4) {
		Quads(to).v[at / 4] = x;
		return;
	}
	[[unroll]] for (uint i = 0; i < 4; i++) {
		if (i < n) to.v[at + i] = x[i];
	}
}

// finish writes the elements from a column on that are inside the matrix.
void finish(Result r, uint row, uint col, vec4 x) {
	if (row >= r.rows || col >= r.cols) return;
	uint at = r.offset + row * r.ld + col, n = r.cols - col;
	bool aligned = (r.flags & ALIGNED_C) != 0;
	if ((r.flags & ACCUMULATE) != 0) x += read_quad(r.c, at, n, aligned);
	if ((r.flags & BIAS) != 0) x += read_quad(r.bias, col, n, aligned);
	if ((r.flags & PRE) != 0) write_quad(r.pre, at, n, aligned, x);
	if ((r.flags & GELU) != 0) x = vec4(gelu(x.x), gelu(x.y), gelu(x.z), gelu(x.w));
	if ((r.flags & RESIDUAL) != 0) x += read_quad(r.residual, at, n, aligned);
	write_quad(r.c, at, n, aligned, x);
}
