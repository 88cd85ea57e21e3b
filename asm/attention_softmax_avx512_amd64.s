//go:build !purego

#include "textflag.h"

DATA expLowest<>+0(SB)/4, $0xc2d00000 // −104: below it exp is 0 in float32
GLOBL expLowest<>(SB), RODATA|NOPTR, $4
DATA perLn2<>+0(SB)/4, $0x3fb8aa3b // 1/ln 2
GLOBL perLn2<>(SB), RODATA|NOPTR, $4
DATA ln2High<>+0(SB)/4, $0x3f318000 // 0.693359375, the part of ln 2 that is exact
GLOBL ln2High<>(SB), RODATA|NOPTR, $4
DATA ln2Rest<>+0(SB)/4, $0xb95e8083 // −0.00021219444, and the rest
GLOBL ln2Rest<>(SB), RODATA|NOPTR, $4
DATA taylor5<>+0(SB)/4, $0x3c083142 // 0.0083125252: the polynomial of least error on ±ln 2/2 that begins with 1 + r
GLOBL taylor5<>(SB), RODATA|NOPTR, $4
DATA taylor4<>+0(SB)/4, $0x3d2b94f8 // 0.041890115
GLOBL taylor4<>(SB), RODATA|NOPTR, $4
DATA taylor3<>+0(SB)/4, $0x3e2aabd7 // 0.16667114
GLOBL taylor3<>(SB), RODATA|NOPTR, $4
DATA taylor2<>+0(SB)/4, $0x3efffefe // 0.49999231
GLOBL taylor2<>(SB), RODATA|NOPTR, $4
DATA unit<>+0(SB)/4, $0x3f800000 // 1
GLOBL unit<>(SB), RODATA|NOPTR, $4
DATA minusInf<>+0(SB)/4, $0xff800000
GLOBL minusInf<>(SB), RODATA|NOPTR, $4

// CONSTANTS fills Z16–Z25 for EXP.
#define CONSTANTS \
	VBROADCASTSS expLowest<>(SB), Z16 \
	VBROADCASTSS perLn2<>(SB), Z17    \
	VBROADCASTSS ln2High<>(SB), Z18   \
	VBROADCASTSS ln2Rest<>(SB), Z19   \
	VBROADCASTSS taylor5<>(SB), Z20   \
	VBROADCASTSS taylor4<>(SB), Z21   \
	VBROADCASTSS taylor3<>(SB), Z22   \
	VBROADCASTSS taylor2<>(SB), Z23   \
	VBROADCASTSS unit<>(SB), Z24      \
	VBROADCASTSS minusInf<>(SB), Z25

// EXP replaces x by exp(x); n and p are scratch. With n = round(x/ln 2) and r = x − n·ln 2:
//	exp(x) = 2^n · (1 + r·(1 + r·(taylor2 + …)))
// within two units in the last place. NaN stays: VMAXPS returns its last operand then, which is x.
#define EXP(x, n, p) \
	VMAXPS       x, Z16, x     \
	VMULPS       Z17, x, n     \
	VRNDSCALEPS  $8, n, n      \
	VFNMADD231PS Z18, n, x     \
	VFNMADD231PS Z19, n, x     \
	VMOVAPS      Z20, p        \
	VFMADD213PS  Z21, x, p     \
	VFMADD213PS  Z22, x, p     \
	VFMADD213PS  Z23, x, p     \
	VFMADD213PS  Z24, x, p     \
	VFMADD213PS  Z24, x, p     \
	VSCALEFPS    n, p, x

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

// TAIL sets K1 to the columns of the last, incomplete vector (none when all are complete), and R15 to the bytes before it. R10 is n.
#define TAIL \
	MOVQ  R10, CX      \
	ANDQ  $15, CX      \
	MOVQ  $1, AX       \
	SHLQ  CX, AX       \
	DECQ  AX           \
	KMOVW AX, K1       \
	MOVQ  R10, R15     \
	ANDQ  $-16, R15    \
	SHLQ  $2, R15

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

// func attentionScaleAsm(dst *float32, ldd int, src *float32, lds, rows, n int, factors *float32, step int)
TEXT ·attentionScaleAsm(SB), NOSPLIT, $0-64
	MOVQ dst+0(FP), DI
	MOVQ ldd+8(FP), R8
	MOVQ src+16(FP), DX
	MOVQ lds+24(FP), R12
	MOVQ rows+32(FP), R9
	MOVQ n+40(FP), R10
	MOVQ factors+48(FP), R11
	MOVQ step+56(FP), R13
	SHLQ $2, R13
	SHLQ $2, R8
	SHLQ $2, R12
	TAIL

scale:                          // for each row
	VBROADCASTSS (R11), Z0
	XORQ SI, SI
	CMPQ SI, R15
	JEQ  scaleTail

scaleLoop:
	VMULPS (DX)(SI*1), Z0, Z1
	VMOVUPS Z1, (DI)(SI*1)
	ADDQ $64, SI
	CMPQ SI, R15
	JLT  scaleLoop

scaleTail:
	VMULPS.Z (DX)(SI*1), Z0, K1, Z1
	VMOVUPS Z1, K1, (DI)(SI*1)
	ADDQ R8, DI
	ADDQ R12, DX
	ADDQ R13, R11
	DECQ R9
	JNZ  scale
	VZEROUPPER
	RET
