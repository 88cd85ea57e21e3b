// One tile of a matrix product at bfloat16, by one workgroup whose subgroups multiply small matrices as one (VK_KHR_cooperative_matrix). It
// does what tile.glsl does, with operands rounded to 16 bits in shared memory: lines of DEPTH steps of K, one for each row of A and each
// column of B. A subgroup sums ROWS × COLS small matrices in float32.
//
// Compiled with HALF it is for tests on software Vulkan, which multiplies small matrices of float16 alone: numbers are rounded to bfloat16
// all the same.

#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#ifdef HALF
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#define OPERAND float16_t
#else
#extension GL_EXT_bfloat16 : require
#define OPERAND bfloat16_t
#endif
#pragma use_vulkan_memory_model
#include "operand.glsl"

layout(constant_id = 0) const uint TILE = 128; // rows and columns: 64 or 128
layout(constant_id = 1) const uint M = 16;     // of a small matrix
layout(constant_id = 2) const uint N = 16;
layout(constant_id = 3) const uint K = 16;
layout(constant_id = 4) const uint SUBGROUP = 32;

const uint THREADS = 256;
const uint DEPTH = 32;
const uint LINE = DEPTH / 8 + 1;                 // eights of numbers, the unit of alignment; one more against bank conflicts
const uint SUBGROUPS = THREADS / SUBGROUP;
const uint ACROSS = SUBGROUPS >= 16 ? 4 : 2;     // subgroups side by side
const uint ROWS = TILE * ACROSS / SUBGROUPS / M; // small matrices of a subgroup
const uint COLS = TILE / ACROSS / N;
const uint BLOCKS = TILE * DEPTH / 16;           // blocks of four lines and four steps of a slice of one operand
const uint SHARE = 2 * BLOCKS / THREADS;         // blocks that a thread fetches

shared uvec4 stage[2 * TILE * LINE];
shared vec4 finished[SUBGROUPS * M * N / 4];

coopmat<float, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator> sums[ROWS * COLS];
uvec4 next[4 * SHARE]; // this thread's blocks of the next slice, as they are in memory

// block_of returns which block of a slice is a thread's i-th: whether of B, which four lines, and which four steps of K.
bool of_b(uint i) { return i * THREADS + gl_LocalInvocationID.x >= BLOCKS; }
uvec2 block_of(Operand o, uint i) {
	uint at = (i * THREADS + gl_LocalInvocationID.x) % BLOCKS;
	return has(o, ALONG_K) ? uvec2(at / (DEPTH / 4), at % (DEPTH / 4)) : uvec2(at % (TILE / 4), at / (TILE / 4));
}

void fetch_block(Operand o, uint i, uint k) {
	uvec2 at = block_of(o, i);
	uint line = o.origin + 4 * at.x, step = k + 4 * at.y;
	uint row = has(o, ALONG_K) ? line : step, col = has(o, ALONG_K) ? step : line;
	[[unroll]] for (uint j = 0; j < 4; j++) next[4 * i + j] = quad(o, row + j, col);
}

void fetch(Operand a, Operand b, uint k) {
	[[unroll]] for (uint i = 0; i < SHARE; i++) {
		if (of_b(i)) fetch_block(b, i, k); else fetch_block(a, i, k);
	}
}

// pack rounds four numbers to 16 bits each.
uvec2 pack(vec4 x) {
	uvec4 bits = floatBitsToUint(x);
	bits = uvec4(round_bits(bits.x), round_bits(bits.y), round_bits(bits.z), round_bits(bits.w));
#ifdef HALF
	x = uintBitsToFloat(bits);
	return uvec2(packHalf2x16(x.xy), packHalf2x16(x.zw));
#else
	return uvec2(bits.x >> 16 | bits.y, bits.z >> 16 | bits.w);
#endif
}

void put_block(Operand o, uint i, uint from) {
	uvec2 at = block_of(o, i);
	mat4 block = mat4(widened(o, next[4 * i]), widened(o, next[4 * i + 1]), widened(o, next[4 * i + 2]), widened(o, next[4 * i + 3]));
	if (!has(o, ALONG_K)) block = transpose(block);
	uint to = from + 4 * at.x * LINE + at.y / 2;
	[[unroll]] for (uint j = 0; j < 4; j++) {
		if (at.y % 2 == 0) stage[to + j * LINE].xy = pack(block[j]); else stage[to + j * LINE].zw = pack(block[j]);
	}
}

void put(Operand a, Operand b) {
	[[unroll]] for (uint i = 0; i < SHARE; i++) {
		if (of_b(i)) put_block(b, i, TILE * LINE); else put_block(a, i, 0);
	}
}

// place is where a subgroup's small matrices begin: column, row.
uvec2 place() { return uvec2(gl_SubgroupID % ACROSS * COLS * N, gl_SubgroupID / ACROSS * ROWS * M); }

// multiply adds the products of the staged slice.
void multiply() {
	uvec2 at = place();
	[[unroll]] for (uint k = 0; k < DEPTH; k += K) {
		coopmat<OPERAND, gl_ScopeSubgroup, M, K, gl_MatrixUseA> a[ROWS];
		[[unroll]] for (uint i = 0; i < ROWS; i++) {
			coopMatLoad(a[i], stage, (at.y + i * M) * LINE + k / 8, LINE, gl_CooperativeMatrixLayoutRowMajor);
		}
		[[unroll]] for (uint j = 0; j < COLS; j++) {
			coopmat<OPERAND, gl_ScopeSubgroup, K, N, gl_MatrixUseB> b;
			coopMatLoad(b, stage, (TILE + at.x + j * N) * LINE + k / 8, LINE, gl_CooperativeMatrixLayoutColumnMajor);
			[[unroll]] for (uint i = 0; i < ROWS; i++) sums[i * COLS + j] = coopMatMulAdd(a[i], b, sums[i * COLS + j]);
		}
	}
}

// results hands the sums to the epilogue through shared memory, as no shader knows which elements of a small matrix are whose.
void results(Result r, uint row, uint col) {
	uvec2 at = place();
	[[unroll]] for (uint i = 0; i < ROWS * COLS; i++) {
		coopMatStore(sums[i], finished, gl_SubgroupID * M * N / 4, N / 4, gl_CooperativeMatrixLayoutRowMajor);
		barrier();
		for (uint q = gl_SubgroupInvocationID; q < M * N / 4; q += SUBGROUP) {
			finish(r, row + at.y + i / COLS * M + q / (N / 4), col + at.x + i % COLS * N + 4 * (q % (N / 4)),
				finished[gl_SubgroupID * M * N / 4 + q]);
		}
		barrier();
	}
}

// tile computes the tile of r at the origins of a and b, summed over the steps of K between from and to.
void tile(Operand a, Operand b, Result r, uint from, uint to) {
	[[unroll]] for (uint i = 0; i < ROWS * COLS; i++) sums[i] = coopmat<float, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator>(0.0);
	fetch(a, b, from);
	for (uint k = from; k < to; k += DEPTH) {
		put(a, b);
		barrier();
		if (k + DEPTH < to) fetch(a, b, k + DEPTH);
		multiply();
		barrier();
	}
	results(r, a.origin, b.origin);
}
