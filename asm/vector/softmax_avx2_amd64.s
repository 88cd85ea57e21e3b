//go:build !purego

#include "textflag.h"

// n is a multiple of 8, and positive. CX counts the elements left, less what a round of the loop takes while it is in it.

// func softmaxGradSIMDAsm(dx, y, dy *float32, n int, sum float32)
//	for i := range n { dx[i] = y[i] * (dy[i] - sum) }
//	DI  dx    SI  y    BX  dy    CX  n, elements left    Y0  v    Y4  sum in all lanes
// It is the gradient of a row of softmax, y; sum is Σ y·dy, the reference's delta. Difference and product are rounded one by
// one, as in the reference.
TEXT ·softmaxGradSIMDAsm(SB), NOSPLIT, $0-36
	MOVQ dx+0(FP), DI
	MOVQ y+8(FP), SI
	MOVQ dy+16(FP), BX
	MOVQ n+24(FP), CX
	VBROADCASTSS sum+32(FP), Y4  // sum in all lanes

softgrad:                        // eight elements a round
	VMOVUPS (BX), Y0             // v = dy[:8]
	VSUBPS Y4, Y0, Y0            // v -= sum
	VMULPS (SI), Y0, Y0          // v *= y[:8]
	VMOVUPS Y0, (DI)             // dx[:8] = v
	ADDQ $32, DI                 // dx = dx[8:]
	ADDQ $32, SI                 // y = y[8:]
	ADDQ $32, BX                 // dy = dy[8:]
	SUBQ $8, CX                  // n -= 8
	JG   softgrad                // if n > 0 { goto softgrad }
	VZEROUPPER                   // upper halves left behind would slow down SSE code
	RET
