//go:build !purego

#include "textflag.h"
#include "words_neon_arm64.h"

// func adamWAsm(p, grad, m, v *float32, n int, c *[9]float32)
// c: gradScale, beta1, 1-beta1, beta2, 1-beta2, 1/√correct2, eps, LR/correct1, 1-LR·decay, in V16 to V24
TEXT ·adamWAsm(SB), NOSPLIT, $0-48
	MOVD p+0(FP), R0
	MOVD grad+8(FP), R1
	MOVD m+16(FP), R2
	MOVD v+24(FP), R5
	MOVD n+32(FP), R3
	MOVD c+40(FP), R4
	VLD1R.P 4(R4), [V16.S4]
	VLD1R.P 4(R4), [V17.S4]
	VLD1R.P 4(R4), [V18.S4]
	VLD1R.P 4(R4), [V19.S4]
	VLD1R.P 4(R4), [V20.S4]
	VLD1R.P 4(R4), [V21.S4]
	VLD1R.P 4(R4), [V22.S4]
	VLD1R.P 4(R4), [V23.S4]
	VLD1R.P 4(R4), [V24.S4]

loop:                                   // for n > 0, n -= 4
	VLD1.P 16(R1), [V0.S4]
	VLD1 (R2), [V1.S4]
	VLD1 (R5), [V2.S4]
	VLD1 (R0), [V4.S4]
	FMUL(16, 0, 0)                      // grad = g * gradScale
	FMUL(17, 1, 1)                      // m = beta1*m
	VFMLA V18.S4, V0.S4, V1.S4          //   + (1-beta1)*grad
	VST1.P [V1.S4], 16(R2)
	FMUL(0, 0, 0)                       // grad²
	FMUL(19, 2, 2)                      // v = beta2*v
	VFMLA V20.S4, V0.S4, V2.S4          //   + (1-beta2)*grad²
	VST1.P [V2.S4], 16(R5)
	FSQRT(2, 2)                         // √v
	VORR V22.B16, V22.B16, V3.B16
	VFMLA V21.S4, V2.S4, V3.S4          // √v/√correct2 + eps
	FMUL(23, 1, 1)                      // LR/correct1 * m
	FDIV(3, 1, 1)                       // step
	FMUL(24, 4, 4)                      // p *= 1-LR·decay
	FSUB(1, 4, 4)                       // p -= step
	VST1.P [V4.S4], 16(R0)
	SUBS $4, R3, R3
	BGT  loop
	RET
