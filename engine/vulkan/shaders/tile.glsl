// One tile of a matrix product, by one workgroup. Slices of both operands, DEPTH steps of K, are staged in shared memory, each step as a
// line of TILE numbers; while a slice is multiplied, the next one is on its way into registers.
//
// A thread sums MICRO × MICRO blocks of 4 × 4 elements, TILE/MICRO apart. Where a tile has fewer blocks than there are threads, the steps
// of a slice are divided among PARTS sets of threads, and their sums added at the end. The order of all sums depends on shapes alone.

#include "operand.glsl"

layout(constant_id = 0) const uint TILE = 64; // rows and columns: 32, 64 or 128
layout(constant_id = 1) const uint MICRO = 1;

const uint THREADS = 256;
const uint DEPTH = 8 * THREADS / TILE;               // a thread fetches one block of 4 × 4, of A or of B
const uint PAD = DEPTH == 16 ? 2 : 1;                // quads after each four lines, against bank conflicts of writes
const uint GROUP = TILE + PAD;                       // quads of four lines
const uint HALF = DEPTH / 4 * GROUP;                 // quads of a slice of one operand
const uint EDGE = TILE / (4 * MICRO);                // blocks along an edge
const uint PARTS = THREADS / (EDGE * EDGE);

shared vec4 stage[1056]; // 2·HALF and 4·THREADS at most

vec4 sums[4 * MICRO * MICRO];

// The first half of the threads fetches A, the second B. Neighbours fetch what is side by side in memory.
bool fetches_a() { return gl_LocalInvocationID.x < THREADS / 2; }
uvec2 fetched(Operand o) { // which four lines, and which quad of them
	uint i = gl_LocalInvocationID.x % (THREADS / 2);
	return has(o, ALONG_K) ? uvec2(i % (DEPTH / 4), i / (DEPTH / 4)) : uvec2(i / (TILE / 4), i % (TILE / 4));
}

uvec4 next[4]; // this thread's block of the next slice, as it is in memory, so that nothing waits for it yet

void fetch(Operand o, uint k) {
	uvec2 at = fetched(o);
	uint row = has(o, ALONG_K) ? o.origin + 4 * at.y : k + 4 * at.x, col = has(o, ALONG_K) ? k + 4 * at.x : o.origin + 4 * at.y;
	[[unroll]] for (uint i = 0; i < 4; i++) next[i] = quad(o, row + i, col);
}

void put(Operand o) {
	uvec2 at = fetched(o);
	mat4 block = mat4(widened(o, next[0]), widened(o, next[1]), widened(o, next[2]), widened(o, next[3]));
	if (has(o, ALONG_K)) block = transpose(block);
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
	fetch(mine, from);
	for (uint k = from; k < to; k += DEPTH) {
		put(mine);
		barrier();
		if (k + DEPTH < to) fetch(mine, k + DEPTH);
		multiply();
		barrier();
	}
	results(r, a.origin, b.origin);
}
