// What the kernels of attention share. A workgroup works on tiles of a head: 64 rows of its own, queries or keys, against 64 others. A
// thread has ROWS × 4 elements of a tile, as a vector for each row: rows ROWS·ROW … of the own ones and columns 4·COLUMN …; and so it
// has of what is summed for its rows, in the 64 channels of its slice. Wider heads take a workgroup for each slice, which all
// compute the same probabilities.
//
// A shader defines ROWS, 4 or 8, and WORKGROUP = 64·16/ROWS: with 8 rows a thread reads less of shared memory for each product, and holds
// more registers. It includes this file after the push constants, which have qkv [batch, tokens, 3, heads, width], tokens, heads and
// width.

#include "math.glsl"

layout(constant_id = 0) const bool ALIGNED = false; // rows of all tensors can be read four channels at a time

layout(buffer_reference, std430, buffer_reference_align = 16) buffer Quads { vec4 v[]; };

const uint BLOCK = 64, CHUNK = 16;

#define ROW (gl_LocalInvocationID.x / 16)
#define COLUMN (gl_LocalInvocationID.x % 16)
#define SLICE (64 * gl_WorkGroupID.y)
#define EACH_ROW(r) [[unroll]] for (int r = 0; r < ROWS; r++)

shared vec4 staged[2][CHUNK][17]; // one vector more than there are, to spread columns over banks
shared vec4 weights[BLOCK][17];

// Rows are up to 64 rows of a head: queries, keys, values, or what is laid out like the result.
struct Rows { Floats from; uint at, stride, n; };

Rows rows_of(Floats x, uint at, uint first, uint stride) { return Rows(x, at + first * stride, stride, min(BLOCK, tokens - first)); }

// packed_rows are rows of queries (part 0), keys (1) or values (2). Heads are counted through the batch.
Rows packed_rows(uint part, uint head, uint first) {
	uint stride = 3 * heads * width;
	return rows_of(qkv, head / heads * tokens * stride + (part * heads + head % heads) * width, first, stride);
}

// plain_rows are rows of x [batch, tokens, heads, width].
Rows plain_rows(Floats x, uint head, uint first) {
	return rows_of(x, (head / heads * tokens * heads + head % heads) * width, first, heads * width);
}

// quad reads four channels of a row, and zeros where there is nothing.
vec4 quad(Rows x, uint row, uint channel) {
	vec4 v = vec4(0);
	if (row >= x.n || channel >= width) return v;
	uint at = x.at + row * x.stride + channel;
	if (ALIGNED) return Quads(x.from).v[at / 4];
	[[unroll]] for (int s = 0; s < 4; s++) if (channel + s < width) v[s] = x.from.v[at + s];
	return v;
}

// stage brings 16 channels of rows to shared memory, channel by channel.
void stage(uint side, Rows x, uint channel) {
	for (uint i = gl_LocalInvocationID.x; i < BLOCK * CHUNK / 4; i += WORKGROUP) {
		uint row = i / (CHUNK / 4), c = i % (CHUNK / 4) * 4;
		vec4 v = quad(x, row, channel + c);
		[[unroll]] for (int s = 0; s < 4; s++) staged[side][c + s][row / 4][row % 4] = v[s];
	}
}

// multiply returns a tile of own·othersᵀ.
void multiply(out vec4 tile[ROWS], Rows own, Rows others) {
	EACH_ROW(r) tile[r] = vec4(0);
	for (uint channel = 0; channel < width; channel += CHUNK) {
		barrier();
		stage(0, own, channel);
		stage(1, others, channel);
		barrier();
		for (uint c = 0; c < CHUNK; c++) {
			vec4 x[ROWS / 4], y = staged[1][c][COLUMN];
			[[unroll]] for (int i = 0; i < ROWS / 4; i++) x[i] = staged[0][c][ROWS / 4 * ROW + i];
			EACH_ROW(r) tile[r] = fma(vec4(x[r / 4][r % 4]), y, tile[r]);
		}
	}
}

// weigh adds tile·others to sums, in the channels of the slice.
void weigh(inout vec4 sums[ROWS], vec4 tile[ROWS], Rows others) {
	barrier();
	EACH_ROW(r) weights[ROWS * ROW + r][COLUMN] = tile[r];
	for (uint from = 0; from < others.n; from += CHUNK) {
		barrier();
		for (uint i = gl_LocalInvocationID.x; i < CHUNK * 16; i += WORKGROUP)
			staged[0][i / 16][i % 16] = quad(others, from + i / 16, SLICE + i % 16 * 4);
		barrier();
		for (uint j = 0; j < CHUNK; j += 4) {
			vec4 w[ROWS];
			EACH_ROW(r) w[r] = weights[ROWS * ROW + r][(from + j) / 4];
			[[unroll]] for (int s = 0; s < 4; s++) {
				vec4 y = staged[0][j + s][COLUMN];
				EACH_ROW(r) sums[r] = fma(vec4(w[r][s]), y, sums[r]);
			}
		}
	}
}

// store writes factor·sum to the slice of a row.
void store(Rows x, uint row, vec4 sum) {
	uint channel = SLICE + 4 * COLUMN, at = x.at + row * x.stride + channel;
	if (row >= x.n || channel >= width) return;
	if (ALIGNED) Quads(x.from).v[at / 4] = sum;
	else [[unroll]] for (int s = 0; s < 4; s++) if (channel + s < width) x.from.v[at + s] = sum[s];
}

vec4 exact_exp(vec4 x) { return vec4(exact_exp(x.x), exact_exp(x.y), exact_exp(x.z), exact_exp(x.w)); }

// valid tells for four columns of a tile whether they exist.
bvec4 valid(Rows others) { return lessThan(4 * COLUMN + uvec4(0, 1, 2, 3), uvec4(others.n)); }

// of_token reads a number of a token from a list [batch, heads, tokens], 0 beyond its end.
float of_token(Floats x, uint head, uint token) { return token < tokens ? x.v[head * tokens + token] : 0.0; }

// EACH_BLOCK walks blocks of rows of all heads, and OTHERS the blocks that one of them meets.
#define EACH_BLOCK(head, first) \
	for (uint blocks = (tokens + BLOCK - 1) / BLOCK, block = gl_WorkGroupID.x, head = block / blocks, first = block % blocks * BLOCK; \
		block < batch * heads * blocks; block += gl_NumWorkGroups.x, head = block / blocks, first = block % blocks * BLOCK)
#define OTHERS(first) for (uint first = 0; first < tokens; first += BLOCK)
