//go:build !purego

#include "textflag.h"
#include "block_avx512_amd64.h"

// GRAD computes one vector of a row, whose lse and delta are in Z4 and Z5: Z0 = exp(s − lse), Z3 = Z0·(dp − delta).
#define GRAD \
	VSUBPS Z4, Z0, Z0 \
	VSUBPS Z5, Z3, Z3 \
	EXP(Z0, Z1, Z2)   \
	VMULPS Z0, Z3, Z3

// func attentionGradAsm(s, dp *float32, ld, rows, n int, lse, delta *float32)
TEXT ·attentionGradAsm(SB), NOSPLIT, $0-56
	MOVQ s+0(FP), DI
	MOVQ dp+8(FP), DX
	MOVQ ld+16(FP), R8
	MOVQ rows+24(FP), R9
	MOVQ n+32(FP), R10
	MOVQ lse+40(FP), R11
	MOVQ delta+48(FP), R12
	SHLQ $2, R8
	CONSTANTS
	TAIL

grad:                           // for each row
	VBROADCASTSS (R11), Z4
	VBROADCASTSS (R12), Z5
	XORQ SI, SI
	CMPQ SI, R15
	JEQ  gradTail

gradLoop:
	VMOVUPS (DI)(SI*1), Z0
	VMOVUPS (DX)(SI*1), Z3
	GRAD
	VMOVUPS Z0, (DI)(SI*1)
	VMOVUPS Z3, (DX)(SI*1)
	ADDQ $64, SI
	CMPQ SI, R15
	JLT  gradLoop

gradTail:
	TESTQ $15, R10
	JZ   gradNext
	VMOVUPS.Z (DI)(SI*1), K1, Z0
	VMOVUPS.Z (DX)(SI*1), K1, Z3
	GRAD
	VMOVUPS Z0, K1, (DI)(SI*1)
	VMOVUPS Z3, K1, (DX)(SI*1)

gradNext:
	ADDQ R8, DI
	ADDQ R8, DX
	ADDQ $4, R11
	ADDQ $4, R12
	DECQ R9
	JNZ  grad
	VZEROUPPER
	RET
