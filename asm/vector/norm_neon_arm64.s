//go:build !purego

#include "textflag.h"
#include "words_neon_arm64.h"

// func normalizeAsm(dst, x, gamma, beta *float32, n int, mean, rstd float32): dst = (x - mean)·rstd·gamma + beta
TEXT ·normalizeAsm(SB), NOSPLIT, $0-48
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD gamma+16(FP), R2
	MOVD beta+24(FP), R5
	MOVD n+32(FP), R3
	MOVD $mean+40(FP), R4
	VLD1R.P 4(R4), [V6.S4]
	VLD1R (R4), [V7.S4]                 // rstd

loop:                                   // for n > 0, n -= 8
	VLD1.P 32(R1), [V0.S4, V1.S4]
	VLD1.P 32(R2), [V2.S4, V3.S4]
	VLD1.P 32(R5), [V4.S4, V5.S4]
	FSUB(6, 0, 0)                       // x - mean
	FSUB(6, 1, 1)
	FMUL(7, 0, 0)                       // x̂
	FMUL(7, 1, 1)
	VFMLA V2.S4, V0.S4, V4.S4           // x̂·gamma + beta
	VFMLA V3.S4, V1.S4, V5.S4
	VST1.P [V4.S4, V5.S4], 32(R0)
	SUBS $8, R3, R3
	BGT  loop
	RET

// func normGradSumsAsm(dgamma, dbeta, x, gamma, dy *float32, n int, mean, rstd float32) (sumG, sumGX float32)
// with g = dy·gamma: sumG = Σ g, sumGX = Σ g·x̂, dgamma += dy·x̂, dbeta += dy
TEXT ·normGradSumsAsm(SB), NOSPLIT, $0-64
	MOVD dgamma+0(FP), R5
	MOVD dbeta+8(FP), R6
	MOVD x+16(FP), R1
	MOVD gamma+24(FP), R2
	MOVD dy+32(FP), R7
	MOVD n+40(FP), R3
	MOVD $mean+48(FP), R4
	VLD1R.P 4(R4), [V6.S4]
	VLD1R (R4), [V7.S4]                 // rstd
	VEOR V16.B16, V16.B16, V16.B16
	VEOR V17.B16, V17.B16, V17.B16

loop:                                   // for n > 0, n -= 4
	VLD1.P 16(R1), [V0.S4]
	VLD1.P 16(R2), [V1.S4]
	VLD1.P 16(R7), [V2.S4]              // dy
	FSUB(6, 0, 0)
	FMUL(7, 0, 0)                       // x̂
	FMUL(2, 1, 1)                       // g
	FADD(1, 16, 16)                     // sumG += g
	VFMLA V0.S4, V1.S4, V17.S4          // sumGX += g·x̂
	VLD1 (R5), [V3.S4]
	VLD1 (R6), [V4.S4]
	VFMLA V0.S4, V2.S4, V3.S4           // dgamma += dy·x̂
	FADD(2, 4, 4)                       // dbeta += dy
	VST1.P [V3.S4], 16(R5)
	VST1.P [V4.S4], 16(R6)
	SUBS $4, R3, R3
	BGT  loop
	FADDP(16, 16, 16)
	FADDP(16, 16, 16)
	FADDP(17, 17, 17)
	FADDP(17, 17, 17)
	FMOVS F16, sumG+56(FP)
	FMOVS F17, sumGX+60(FP)
	RET

// func normGradAsm(dx, x, gamma, dy *float32, n int, mean, rstd, meanG, meanGX float32): dx = rstd·(g - meanG - x̂·meanGX)
TEXT ·normGradAsm(SB), NOSPLIT, $0-56
	MOVD dx+0(FP), R0
	MOVD x+8(FP), R1
	MOVD gamma+16(FP), R2
	MOVD dy+24(FP), R5
	MOVD n+32(FP), R3
	MOVD $mean+40(FP), R4
	VLD1R.P 4(R4), [V6.S4]
	VLD1R.P 4(R4), [V7.S4]              // rstd
	VLD1R.P 4(R4), [V16.S4]             // meanG
	VLD1R (R4), [V17.S4]                // meanGX

loop:                                   // for n > 0, n -= 4
	VLD1.P 16(R1), [V0.S4]
	VLD1.P 16(R2), [V1.S4]
	VLD1.P 16(R5), [V2.S4]
	FSUB(6, 0, 0)
	FMUL(7, 0, 0)                       // x̂
	FMUL(1, 2, 2)                       // g
	FSUB(16, 2, 2)                      // g - meanG
	VFMLS V17.S4, V0.S4, V2.S4          //   - x̂·meanGX
	FMUL(7, 2, 2)                       // times rstd
	VST1.P [V2.S4], 16(R0)
	SUBS $4, R3, R3
	BGT  loop
	RET
