//go:build !purego

#include "textflag.h"
#include "tail_avx512_amd64.h"

// The loops take 32 elements in two vectors, then 16 at a time, and the rest under a mask. CX counts the elements left, less what a
// round of the loop takes while it is in it; x[:n] is a vector under a mask of its first n lanes.

// func softmaxGradAVX512Asm(dx, y, dy *float32, n int, delta float32)
//	for i := range n { dx[i] = y[i] * (dy[i] - delta) }
// It is the gradient of a row of softmax, y, with delta = Σ y·dy.
//	DI  dx    SI  y    BX  dy    CX  n    Z0, Z1  v0 and v1, 16 elements each    Z4  delta in all lanes
// Difference and product are rounded one by one, as in the reference.
TEXT ·softmaxGradAVX512Asm(SB), NOSPLIT, $0-36
	MOVQ dx+0(FP), DI
	MOVQ y+8(FP), SI
	MOVQ dy+16(FP), BX
	MOVQ n+24(FP), CX
	VBROADCASTSS delta+32(FP), Z4  // delta in all lanes
	SUBQ $32, CX                   // n -= 32
	JLT  rest                      // if n < 0 { goto rest }

two:                               // 32 elements a round
	VMOVUPS (BX), Z0               // v0 = dy[:16]
	VMOVUPS 64(BX), Z1             // v1 = dy[16:32]
	VSUBPS Z4, Z0, Z0              // v0 -= delta
	VSUBPS Z4, Z1, Z1              // v1 -= delta
	VMULPS (SI), Z0, Z0            // v0 *= y[:16]
	VMULPS 64(SI), Z1, Z1          // v1 *= y[16:32]
	VMOVUPS Z0, (DI)               // dx[:16] = v0
	VMOVUPS Z1, 64(DI)             // dx[16:32] = v1
	ADDQ $128, SI                  // y = y[32:]
	ADDQ $128, BX                  // dy = dy[32:]
	ADDQ $128, DI                  // dx = dx[32:]
	SUBQ $32, CX                   // n -= 32
	JGE  two                       // if n >= 0 { goto two }

rest:                              // 0 to 31 elements are left
	ADDQ $16, CX                   // n += 32 - 16
	JLT  tail                      // if n < 0 { goto tail }
	VMOVUPS (BX), Z0               // v0 = dy[:16]
	VSUBPS Z4, Z0, Z0              // v0 -= delta
	VMULPS (SI), Z0, Z0            // v0 *= y[:16]
	VMOVUPS Z0, (DI)               // dx[:16] = v0
	ADDQ $64, SI                   // y = y[16:]
	ADDQ $64, BX                   // dy = dy[16:]
	ADDQ $64, DI                   // dx = dx[16:]
	SUBQ $16, CX                   // n -= 16

tail:                              // 0 to 15 elements are left
	ADDQ $16, CX                   // n += 16
	JZ   done                      // if n == 0 { goto done }
	TAILMASK                       // mask = 1<<n - 1
	VMOVUPS.Z (BX), K1, Z0         // v0 = dy[:n], 0 in the other lanes
	VSUBPS Z4, Z0, Z0              // v0 -= delta
	VMULPS.Z (SI), Z0, K1, Z0      // v0 *= y[:n], 0 in the other lanes
	VMOVUPS Z0, K1, (DI)           // dx[:n] = v0

done:
	VZEROUPPER                     // upper halves left behind would slow down SSE code
	RET
