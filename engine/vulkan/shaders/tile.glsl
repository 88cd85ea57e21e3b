// One tile of a matrix product, by one workgroup. Slices of both operands, DEPTH steps of K, are staged in shared memory, each step as a
// line of TILE numbers; while a slice is multiplied, the next one is on its way into registers.
//
// A thread sums MICRO × MICRO blocks of 4 × 4 elements, TILE/MICRO apart. Where a tile has fewer blocks than there are threads, the steps
// of a slice are divided among PARTS sets of threads, and their sums added at the end. The order of all sums depends on shapes alone.

#include "bfloat16.glsl"
#include "epilogue.glsl"

layout(constant_id = 1) const uint TILE = 64;        // rows and columns: 32, 64 or 128
layout(constant_id = 2) const uint MICRO = 1;
layout(constant_id = 3) const bool ALONG_A = true;   // K runs along the rows of A in memory, not across them
layout(constant_id = 4) const bool ALONG_B = false;
layout(constant_id = 5) const uint FORMAT_A = 0;
layout(constant_id = 6) const uint FORMAT_B = 0;
layout(constant_id = 7) const bool ALIGNED = false;  // quads of both operands are aligned in memory

// Formats of operands: float32, float32 to be rounded to bfloat16, and bfloat16.
const uint FULL = 0, ROUNDED = 1, NARROW = 2;

const uint THREADS = 256;
const uint DEPTH = 8 * THREADS / TILE;               // a thread fetches one block of 4 × 4, of A or of B
const uint PAD = DEPTH == 16 ? 2 : 1;                // quads after each four lines, against bank conflicts of writes
const uint GROUP = TILE + PAD;                       // quads of four lines
const uint HALF = DEPTH / 4 * GROUP;                 // quads of a slice of one operand
const uint EDGE = TILE / (4 * MICRO);                // blocks along an edge
const uint PARTS = THREADS / (EDGE * EDGE);

layout(buffer_reference, std430, buffer_reference_align = 8) buffer Pairs { uvec2 v[]; };

shared vec4 stage[1056]; // 2·HALF and 4·THREADS at most

vec4 sums[4 * MICRO * MICRO];

// Operand is a matrix in memory, of which a tile begins at origin, a row or a column.
struct Operand {
	Floats at;
	uint offset, ld, rows, cols, origin;
};

// quad reads four neighbours of a row, 0 beyond the matrix.
vec4 quad(Operand o, uint format, uint row, uint col) {
	vec4 x = vec4(0);
	if (row >= o.rows || col >= o.cols) return x;
	uint at = o.offset + row * o.ld + col, n = o.cols - col;
	if (format == NARROW) {
		if (ALIGNED && n >= 4) {
			uvec2 bits = Pairs(o.at).v[at / 4];
			return uintBitsToFloat(uvec4(bits.x << 16, bits.x & 0xffff0000u, bits.y << 16, bits.y & 0xffff0000u));
		}
		[[unroll]] for (uint i = 0; i < 4; i++) {
			if (i < n) x[i] = uintBitsToFloat(uint(Halves(o.at).v[at + i]) << 16);
		}
		return x;
	}
	if (ALIGNED && n >= 4) {
		x = Quads(o.at).v[at / 4];
	} else {
		[[unroll]] for (uint i = 0; i < 4; i++) {
			if (i < n) x[i] = o.at.v[at + i];
		}
	}
	if (format == ROUNDED) {
		[[unroll]] for (uint i = 0; i < 4; i++) x[i] = uintBitsToFloat(round_bits(floatBitsToUint(x[i])));
	}
	return x;
}

// The first half of the threads fetches A, the second B. Neighbours fetch what is side by side in memory.
bool fetches_a() { return gl_LocalInvocationID.x < THREADS / 2; }
bool along() { return fetches_a() ? ALONG_A : ALONG_B; }
uvec2 fetched() { // four lines, and a quad of them
	uint i = gl_LocalInvocationID.x % (THREADS / 2);
	return along() ? uvec2(i % (DEPTH / 4), i / (DEPTH / 4)) : uvec2(i / (TILE / 4), i % (TILE / 4));
}

// fetch reads this thread's block of the slice that begins at step k, a column of the result for each line.
mat4 fetch(Operand o, uint k) {
	uvec2 at = fetched();
	uint format = fetches_a() ? FORMAT_A : FORMAT_B;
	uint row = along() ? o.origin + 4 * at.y : k + 4 * at.x, col = along() ? k + 4 * at.x : o.origin + 4 * at.y;
	mat4 block;
	[[unroll]] for (uint i = 0; i < 4; i++) block[i] = quad(o, format, row + i, col);
	return along() ? transpose(block) : block;
}

void put(mat4 block) {
	uvec2 at = fetched();
	uint to = (fetches_a() ? 0 : HALF) + at.x * GROUP + at.y;
	[[unroll]] for (uint i = 0; i < 4; i++) stage[to + i * (TILE / 4)] = block[i];
}

// Which of the PARTS sets of threads this one is in, and where its first block is: column, row.
uint part() { return gl_LocalInvocationID.x / (EDGE * EDGE); }
uvec2 place() { return uvec2(gl_LocalInvocationID.x % EDGE, gl_LocalInvocationID.x / EDGE % EDGE); }

// multiply adds this thread's steps of the staged slice.
void multiply() {
	uvec2 at = place();
	uint from = part() * (DEPTH / 4 / PARTS);
	for (uint group = from; group < from + DEPTH / 4 / PARTS; group++) {
		[[unroll]] for (uint step = 0; step < 4; step++) {
			uint line = group * GROUP + step * (TILE / 4);
			vec4 a[MICRO], b[MICRO];
			[[unroll]] for (uint i = 0; i < MICRO; i++) {
				a[i] = stage[line + at.y + i * EDGE];
				b[i] = stage[HALF + line + at.x + i * EDGE];
			}
			[[unroll]] for (uint i = 0; i < 4 * MICRO * MICRO; i++) {
				sums[i] = fma(vec4(a[i / 4 / MICRO][i % 4]), b[i / 4 % MICRO], sums[i]);
			}
		}
	}
}

// results hands the sums to the epilogue, through shared memory: there they can be indexed, so that the epilogue is compiled once.
void results(Result r, uint row, uint col) {
	uvec2 at = place();
	[[dont_unroll]] for (uint block = 0; block < MICRO * MICRO; block++) {
		[[unroll]] for (uint i = 0; i < 4 * MICRO * MICRO; i++) {
			if (i / 4 == block) stage[i % 4 * THREADS + gl_LocalInvocationID.x] = sums[i];
		}
		barrier();
		for (uint line = part(); line < 4; line += PARTS) {
			uint first = line * THREADS + gl_LocalInvocationID.x % (EDGE * EDGE);
			vec4 sum = stage[first];
			for (uint p = 1; p < PARTS; p++) sum += stage[first + p * EDGE * EDGE];
			finish(r, row + 4 * (at.y + block / MICRO * EDGE) + line, col + 4 * (at.x + block % MICRO * EDGE), sum);
		}
		barrier();
	}
}

// tile computes the tile of r at the origins of a and b, summed over the steps of K between from and to.
void tile(Operand a, Operand b, Result r, uint from, uint to) {
	Operand mine = b;
	if (fetches_a()) mine = a;
	[[unroll]] for (uint i = 0; i < 4 * MICRO * MICRO; i++) sums[i] = vec4(0);
	mat4 next = fetch(mine, from);
	for (uint k = from; k < to; k += DEPTH) {
		put(next);
		barrier();
		if (k + DEPTH < to) next = fetch(mine, k + DEPTH);
		multiply();
		barrier();
	}
	results(r, a.origin, b.origin);
}

// stored returns an operand of so many rows or columns, with K along its rows or across them.
Operand stored(Floats at, uint offset, uint ld, bool along_k, uint n, uint k, uint origin) {
	return Operand(at, offset, ld, along_k ? n : k, along_k ? k : n, origin);
}
