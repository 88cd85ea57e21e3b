// What the kernels of attention share. A workgroup is 16 × 16 threads and works on tiles of a head: 64 rows of its own, queries or keys,
// against 64 others. A thread has 4 × 4 elements of a tile, rows 4·ROW … of the own ones and columns 4·COLUMN …, as four vectors; so it
// has of what is summed for its rows, in the 64 channels of its slice. Wider heads take a workgroup for each slice, which all
// compute the same probabilities.
//
// Include it after the push constants, which have qkv [batch, tokens, 3, heads, width], tokens, heads and width.

#include "math.glsl"

const uint BLOCK = 64, CHUNK = 16;

#define ROW (gl_LocalInvocationID.x / 16)
#define COLUMN (gl_LocalInvocationID.x % 16)
#define SLICE (64 * gl_WorkGroupID.y)

shared vec4 staged[2][CHUNK][17]; // one vector more than there are, to spread columns over banks
shared vec4 weights[BLOCK][17];

// Rows are up to 64 rows of a head: queries, keys, values, or what is laid out like the result.
struct Rows { Floats from; uint at, stride, n; };

Rows rowsOf(Floats x, uint at, uint first, uint stride) { return Rows(x, at + first * stride, stride, min(BLOCK, tokens - first)); }

// packedRows are rows of queries (part 0), keys (1) or values (2). Heads are counted through the batch.
Rows packedRows(uint part, uint head, uint first) {
	uint stride = 3 * heads * width;
	return rowsOf(qkv, head / heads * tokens * stride + (part * heads + head % heads) * width, first, stride);
}

// plainRows are rows of x [batch, tokens, heads, width].
Rows plainRows(Floats x, uint head, uint first) {
	return rowsOf(x, (head / heads * tokens * heads + head % heads) * width, first, heads * width);
}

float element(Rows x, uint row, uint c) { return row < x.n && c < width ? x.from.v[x.at + row * x.stride + c] : 0.0; }

// stage brings 16 channels of rows to shared memory, channel by channel.
void stage(uint side, Rows x, uint channel) {
	for (uint row = ROW; row < BLOCK; row += 16) staged[side][COLUMN][row / 4][row % 4] = element(x, row, channel + COLUMN);
}

// multiply adds own·othersᵀ to a tile.
void multiply(inout vec4 tile[4], Rows own, Rows others) {
	for (uint channel = 0; channel < width; channel += CHUNK) {
		barrier();
		stage(0, own, channel);
		stage(1, others, channel);
		barrier();
		for (uint c = 0; c < CHUNK; c++) {
			vec4 x = staged[0][c][ROW], y = staged[1][c][COLUMN];
			[[unroll]] for (int r = 0; r < 4; r++) tile[r] = fma(vec4(x[r]), y, tile[r]);
		}
	}
}

// weigh adds tile·others to sums, in the channels of the slice.
void weigh(inout vec4 sums[4], vec4 tile[4], Rows others) {
	barrier();
	[[unroll]] for (int r = 0; r < 4; r++) weights[4 * ROW + r][COLUMN] = tile[r];
	for (uint from = 0; from < BLOCK; from += CHUNK) {
		barrier();
		for (uint i = gl_LocalInvocationID.x; i < CHUNK * 64; i += 256)
			staged[0][i / 64][i % 64 / 4][i % 4] = element(others, from + i / 64, SLICE + i % 64);
		barrier();
		for (uint j = 0; j < CHUNK; j += 4) {
			vec4 w[4];
			[[unroll]] for (int r = 0; r < 4; r++) w[r] = weights[4 * ROW + r][(from + j) / 4];
			[[unroll]] for (int s = 0; s < 4; s++) {
				vec4 y = staged[0][j + s][COLUMN];
				[[unroll]] for (int r = 0; r < 4; r++) sums[r] = fma(vec4(w[r][s]), y, sums[r]);
			}
		}
	}
}

// store writes sums to the slice of rows.
void store(Rows x, vec4 sums[4], vec4 factor) {
	[[unroll]] for (int r = 0; r < 4; r++)
		[[unroll]] for (int s = 0; s < 4; s++) {
			uint row = 4 * ROW + r, c = SLICE + 4 * COLUMN + s;
			if (row < x.n && c < width) x.from.v[x.at + row * x.stride + c] = sums[r][s] * factor[r];
		}
}

vec4 exact_exp(vec4 x) { return vec4(exact_exp(x.x), exact_exp(x.y), exact_exp(x.z), exact_exp(x.w)); }

// valid tells for four columns of a tile whether they exist.
bvec4 valid(Rows others) { return lessThan(4 * COLUMN + uvec4(0, 1, 2, 3), uvec4(others.n)); }

// four reads four numbers of a head from a list [batch, heads, tokens], 0 beyond its end.
vec4 four(Floats x, uint head, uint token) {
	vec4 v = vec4(0);
	[[unroll]] for (int i = 0; i < 4; i++) if (token + i < tokens) v[i] = x.v[head * tokens + token + i];
	return v;
}

const vec4 NONE[4] = {vec4(0), vec4(0), vec4(0), vec4(0)};

// EACH_BLOCK walks blocks of rows of all heads, and OTHERS the blocks that one of them meets.
#define EACH_BLOCK(head, first) \
	for (uint blocks = (tokens + BLOCK - 1) / BLOCK, block = gl_WorkGroupID.x, head = block / blocks, first = block % blocks * BLOCK; \
		block < batch * heads * blocks; block += gl_NumWorkGroups.x, head = block / blocks, first = block % blocks * BLOCK)
#define OTHERS(first) for (uint first = 0; first < tokens; first += BLOCK)
