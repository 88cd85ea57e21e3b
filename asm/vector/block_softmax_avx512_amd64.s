//go:build !purego

#include "textflag.h"
#include "block_avx512_amd64.h"

// HALVE folds the sixteen lanes of Z0 into lane 0 of X0 with the given instructions for vectors and for scalars.
#define HALVE(OPPS, OPSS) \
	VEXTRACTF64X4 $1, Z0, Y1 \
	OPPS          Y1, Y0, Y0 \
	VEXTRACTF128  $1, Y0, X1 \
	OPPS          X1, X0, X0 \
	VMOVHLPS      X0, X0, X1 \
	OPPS          X1, X0, X0 \
	VMOVSHDUP     X0, X1     \
	OPSS          X1, X0, X0

// func attentionSoftmaxAsm(s *float32, lds, rows, n int, top, sum, alpha *float32)
TEXT ·attentionSoftmaxAsm(SB), NOSPLIT, $0-56
	MOVQ s+0(FP), DI
	MOVQ lds+8(FP), R8
	MOVQ rows+16(FP), R9
	MOVQ n+24(FP), R10
	MOVQ top+32(FP), R11
	MOVQ alpha+48(FP), R13
	SHLQ $2, R8
	CONSTANTS
	TAIL

largest:                        // for each row
	VMOVAPS Z25, Z0             // m = −∞
	VMOVAPS Z25, Z1
	XORQ SI, SI
	CMPQ SI, R15
	JEQ  largestTail

largestLoop:
	VMAXPS (DI)(SI*1), Z0, Z0
	ADDQ $64, SI
	CMPQ SI, R15
	JLT  largestLoop

largestTail:
	VMOVUPS (DI)(SI*1), K1, Z1
	VMAXPS Z1, Z0, Z0
	HALVE(VMAXPS, VMAXSS)
	VMOVSS (R11), X1
	VMAXSS X1, X0, X0           // m = max(top, s...)
	VSUBSS X0, X1, X1
	VMOVSS X1, (R13)            // alpha = top − m, for now
	VMOVSS X0, (R11)            // top = m
	ADDQ R8, DI
	ADDQ $4, R11
	ADDQ $4, R13
	DECQ R9
	JNZ  largest

	MOVQ alpha+48(FP), R13
	MOVQ rows+16(FP), R9

shrink:                         // alpha = exp(alpha), sixteen rows at a time
	VMOVUPS (R13), Z0
	EXP(Z0, Z1, Z2)
	VMOVUPS Z0, (R13)
	ADDQ $64, R13
	SUBQ $16, R9
	JG   shrink

	MOVQ s+0(FP), DI
	MOVQ rows+16(FP), R9
	MOVQ top+32(FP), R11
	MOVQ sum+40(FP), R12
	MOVQ alpha+48(FP), R13

power:                          // for each row
	VBROADCASTSS (R11), Z4
	VPXORD Z5, Z5, Z5
	XORQ SI, SI
	CMPQ SI, R15
	JEQ  powerTail

powerLoop:
	VMOVUPS (DI)(SI*1), Z0
	VSUBPS Z4, Z0, Z0
	EXP(Z0, Z1, Z2)
	VMOVUPS Z0, (DI)(SI*1)      // s = exp(s − m)
	VADDPS Z0, Z5, Z5
	ADDQ $64, SI
	CMPQ SI, R15
	JLT  powerLoop

powerTail:
	TESTQ $15, R10
	JZ   powerSum
	VMOVUPS.Z (DI)(SI*1), K1, Z0
	VSUBPS Z4, Z0, Z0
	EXP(Z0, Z1, Z2)
	VMOVUPS Z0, K1, (DI)(SI*1)
	VADDPS Z0, Z5, K1, Z5

powerSum:
	VMOVAPS Z5, Z0
	HALVE(VADDPS, VADDSS)
	VMOVSS (R12), X1
	VMULSS (R13), X1, X1
	VADDSS X1, X0, X0
	VMOVSS X0, (R12)            // sum = alpha·sum + Σ s
	ADDQ R8, DI
	ADDQ $4, R11
	ADDQ $4, R12
	ADDQ $4, R13
	DECQ R9
	JNZ  power
	VZEROUPPER
	RET
