//go:build !purego

#include "textflag.h"
#include "words_neon_arm64.h"

// n is a multiple of 8, and positive.

// func softmaxGradSIMDAsm(dx, y, dy *float32, n int, sum float32)
//	for i := range n { dx[i] = y[i] * (dy[i] - sum) }
// It is the gradient of a row of softmax, y; sum is Σ y·dy, the reference's delta.
//	R0  dx    R1  y    R2  dy    R3  n, elements left    V0, V1  y0 and y1    V2, V3  v0 and v1    V4  sum in all lanes
// Difference and product are rounded one by one.
TEXT ·softmaxGradSIMDAsm(SB), NOSPLIT, $0-36
	MOVD dx+0(FP), R0
	MOVD y+8(FP), R1
	MOVD dy+16(FP), R2
	MOVD n+24(FP), R3
	MOVD $sum+32(FP), R4           // R4 = &sum
	VLD1R (R4), [V4.S4]            // sum in all lanes

loop:                              // eight elements a round
	VLD1.P 32(R1), [V0.S4, V1.S4]  // y0, y1 = y[:4], y[4:8]; y = y[8:]
	VLD1.P 32(R2), [V2.S4, V3.S4]  // v0, v1 = dy[:4], dy[4:8]; dy = dy[8:]
	FSUB(4, 2, 2)                  // v0 -= sum
	FSUB(4, 3, 3)                  // v1 -= sum
	FMUL(0, 2, 2)                  // v0 *= y0
	FMUL(1, 3, 3)                  // v1 *= y1
	VST1.P [V2.S4, V3.S4], 32(R0)  // dx[:4], dx[4:8] = v0, v1; dx = dx[8:]
	SUBS $8, R3, R3                // n -= 8
	BGT  loop                      // if n > 0 { goto loop }
	RET
