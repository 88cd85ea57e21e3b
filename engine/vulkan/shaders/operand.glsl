// What a tile of a matrix product reads, four neighbours of a row at a time.

#include "bfloat16.glsl"
#include "epilogue.glsl"

layout(buffer_reference, std430, buffer_reference_align = 8) buffer Pairs { uvec2 v[]; };

// Operand is a matrix in memory, of which a tile begins at origin, a row or a column.
struct Operand {
	Floats at;
	uint offset, ld, rows, cols, origin, form;
};

// Forms of operands. They are no variants of the shader, as branches cost little beside the sums, and compiling much.
const uint ALONG_K = 1;  // K runs along its rows, not across them
const uint ALIGNED = 2;  // its quads are aligned in memory
const uint ROUNDED = 4;  // float32, to be rounded to bfloat16
const uint NARROW = 8;   // bfloat16
bool has(Operand o, uint form) { return (o.form & form) != 0; }

// stored returns an operand with so many rows or columns beside K.
Operand stored(Floats at, uint offset, uint ld, uint form, uint n, uint k, uint origin) {
	bool along = (form & ALONG_K) != 0;
	return Operand(at, offset, ld, along ? n : k, along ? k : n, origin, form);
}

// quad reads four neighbours of a row, 0 beyond the matrix: the bits of float32, or of bfloat16 in two words.
uvec4 quad(Operand o, uint row, uint col) {
	uvec4 x = uvec4(0);
	if (row >= o.rows || col >= o.cols) return x;
	uint at = o.offset + row * o.ld + col, n = o.cols - col;
	if (has(o, NARROW)) {
		if (has(o, ALIGNED) && n >= 4) return uvec4(Pairs(o.at).v[at / 4], 0, 0);
		for (uint i = 0; i < min(n, 4); i++) x[i / 2] |= uint(Halves(o.at).v[at + i]) << 16 * (i % 2);
		return x;
	}
	return floatBitsToUint(read_quad(o.at, at, n, has(o, ALIGNED)));
}

// widened returns the numbers of a quad as they are multiplied.
vec4 widened(Operand o, uvec4 x) {
	if (has(o, NARROW)) x = uvec4(x.x << 16, x.x & 0xffff0000u, x.y << 16, x.y & 0xffff0000u);
	if (has(o, ROUNDED)) x = uvec4(round_bits(x.x), round_bits(x.y), round_bits(x.z), round_bits(x.w));
	return uintBitsToFloat(x);
}
