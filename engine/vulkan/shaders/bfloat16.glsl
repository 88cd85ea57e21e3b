// bfloat16 is the upper half of a float32.

#extension GL_EXT_shader_16bit_storage : require

layout(buffer_reference, std430, buffer_reference_align = 2) buffer Halves { uint16_t v[]; };

// round_bits returns the bits of the bfloat16 nearest to a number, ties to even, as those of a float32; NaN becomes a quiet NaN.
uint round_bits(uint bits) {
	bool nan = (bits & 0x7fffffffu) > 0x7f800000u;
	return (nan ? bits | 0x400000u : bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u;
}
