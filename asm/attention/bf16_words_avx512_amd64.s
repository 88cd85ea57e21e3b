//go:build !purego

#include "textflag.h"

// VCVTNEPS2BF16, which the assembler lacks: the sixteen float32 of Z0 or Z2 become bfloat16, to nearest even, in Y1 or Y3.
#define ROUND_Z0_Y1 LONG $0x487ef262; WORD $0xc872
#define ROUND_Z2_Y3 LONG $0x487ef262; WORD $0xda72

// func attentionRoundBF16Asm(dst *float32, ldd int, src *float32, lds, rows, n int)
TEXT ·attentionRoundBF16Asm(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ ldd+8(FP), R8
	MOVQ src+16(FP), SI
	MOVQ lds+24(FP), R9
	MOVQ rows+32(FP), R10
	MOVQ n+40(FP), R11
	SHLQ $2, R8
	SHLQ $2, R9
	MOVQ R11, CX
	ANDQ $15, CX
	MOVQ $1, AX
	SHLQ CX, AX
	DECQ AX
	KMOVW AX, K1                // columns of the last, incomplete vector

row:
	MOVQ SI, BX
	MOVQ DI, DX
	MOVQ R11, CX
	SUBQ $16, CX
	JLT  rest

whole:
	VMOVUPS (BX), Z0
	ROUND_Z0_Y1
	VMOVDQU Y1, (DX)
	ADDQ $64, BX
	ADDQ $32, DX
	SUBQ $16, CX
	JGE  whole

rest:
	CMPQ CX, $-16
	JEQ  next
	VMOVUPS.Z (BX), K1, Z0      // zeros beyond the last column
	ROUND_Z0_Y1
	VMOVDQU Y1, (DX)

next:
	ADDQ R9, SI
	ADDQ R8, DI
	DECQ R10
	JNZ  row
	VZEROUPPER
	RET

// PAIR puts bfloat16 of the rows in Z0 and Z2 into the low and high halves of the words of Z1.
#define PAIR \
	ROUND_Z0_Y1          \
	ROUND_Z2_Y3          \
	VPMOVZXWD Y1, Z1     \
	VPMOVZXWD Y3, Z3     \
	VPSLLD    $16, Z3, Z3 \
	VPORD     Z3, Z1, Z1

// func attentionPairBF16Asm(dst, a, b *float32, stride, pairs, n int)
TEXT ·attentionPairBF16Asm(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), R8
	MOVQ stride+24(FP), R9
	MOVQ pairs+32(FP), R10
	MOVQ n+40(FP), R11
	SHLQ $3, R9                 // bytes of two rows
	MOVQ R11, CX
	ANDQ $15, CX
	MOVQ $1, AX
	SHLQ CX, AX
	DECQ AX
	KMOVW AX, K1
	SHRQ $4, R11                // whole vectors

pair:
	XORQ BX, BX
	MOVQ R11, CX
	TESTQ CX, CX
	JZ   pairRest

pairWhole:
	VMOVUPS (SI)(BX*1), Z0
	VMOVUPS (R8)(BX*1), Z2
	PAIR
	VMOVDQU32 Z1, (DI)(BX*1)
	ADDQ $64, BX
	DECQ CX
	JNZ  pairWhole

pairRest:
	VMOVUPS.Z (SI)(BX*1), K1, Z0
	VMOVUPS.Z (R8)(BX*1), K1, Z2
	PAIR
	VMOVDQU32 Z1, K1, (DI)(BX*1)
	ADDQ R9, SI
	ADDQ R9, R8
	ADDQ $256, DI
	DECQ R10
	JNZ  pair
	VZEROUPPER
	RET
