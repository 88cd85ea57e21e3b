// Words of two bfloat16, rounded to nearest, ties to even. As in ToBF16, NaN stays NaN and what is too small for a normal number becomes
// zero. The assembler lacks the instruction, VCVTNE2PS2BF16.
#define ROUND_Z0_Z1 LONG $0x4877f262; WORD $0xc072 // Z0 = bf16(Z0) in the lower half, bf16(Z1) in the upper
#define ROUND_Z2_Z3 LONG $0x4867f262; WORD $0xd272 // Z2 = bf16(Z2) in the lower half, bf16(Z3) in the upper
