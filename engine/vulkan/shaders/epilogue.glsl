// What follows the sums of a product, four neighbours of a row at a time:
//
//	x := sum (+ c) + bias; pre = x; c = GELU(x) + residual

#include "math.glsl"

layout(buffer_reference, std430, buffer_reference_align = 16) buffer Quads { vec4 v[]; };

layout(constant_id = 0) const bool ALIGNED_C = false; // all that is read and written here is at multiples of 16 bytes, row by row

// Flags.
const uint ACCUMULATE = 1, BIAS = 2, PRE = 4, GELU = 8, RESIDUAL = 16;

// Result is a matrix to be written. Pre and residual have its layout.
struct Result {
	Floats c, bias, pre, residual;
	uint offset, ld, rows, cols, flags;
};

vec4 read_quad(Floats from, uint at, uint n) {
	if (ALIGNED_C && n >= 4) return Quads(from).v[at / 4];
	vec4 x = vec4(0);
	[[unroll]] for (uint i = 0; i < 4; i++) {
		if (i < n) x[i] = from.v[at + i];
	}
	return x;
}

void write_quad(Floats to, uint at, uint n, vec4 x) {
	if (ALIGNED_C && n >= 4) {
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
	if ((r.flags & ACCUMULATE) != 0) x += read_quad(r.c, at, n);
	if ((r.flags & BIAS) != 0) x += read_quad(r.bias, col, n);
	if ((r.flags & PRE) != 0) write_quad(r.pre, at, n, x);
	if ((r.flags & GELU) != 0) x = vec4(gelu(x.x), gelu(x.y), gelu(x.z), gelu(x.w));
	if ((r.flags & RESIDUAL) != 0) x += read_quad(r.residual, at, n);
	write_quad(r.c, at, n, x);
}
