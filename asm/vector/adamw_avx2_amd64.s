//go:build !purego

#include "textflag.h"

// n is a multiple of 8, and positive. The loop takes eight elements a round: it waits for divisions and roots anyway. CX counts the
// elements left.

// func adamWSIMDAsm(p, grad, m, v *float32, n int, c *[9]float32)
// c: gradScale, beta1, 1-beta1, beta2, 1-beta2, 1/√correct2, eps, LR/correct1, 1-LR·decay
//	for i := range n {
//		g := gradScale * grad[i]
//		m[i] = beta1*m[i] + (1-beta1)*g
//		v[i] = beta2*v[i] + (1-beta2)*g*g
//		p[i] = (1-LR*decay)*p[i] - LR/correct1*m[i]/(sqrt(v[i])/sqrt(correct2)+eps)
//	}
//	DI  p    SI  grad    R8  m    R9  v    CX  n, elements left
//	Y0  gi, then its square    Y1  mi, then the step    Y2  vi, then the denominator    Y3  pi    Y7–Y15  c[0] to c[8]
// gi, mi, vi and pi are eight elements of grad, m, v and p. The sums of both moments and of the denominator are fused with one
// of their products, which is not rounded then; the last difference is not. The reference computes in float64.
TEXT ·adamWSIMDAsm(SB), NOSPLIT, $0-48
	MOVQ p+0(FP), DI
	MOVQ grad+8(FP), SI
	MOVQ m+16(FP), R8
	MOVQ v+24(FP), R9
	MOVQ n+32(FP), CX
	MOVQ c+40(FP), BX
	VBROADCASTSS 0(BX), Y7    // gradScale
	VBROADCASTSS 4(BX), Y8    // beta1
	VBROADCASTSS 8(BX), Y9    // 1-beta1
	VBROADCASTSS 12(BX), Y10  // beta2
	VBROADCASTSS 16(BX), Y11  // 1-beta2
	VBROADCASTSS 20(BX), Y12  // 1/√correct2
	VBROADCASTSS 24(BX), Y13  // eps
	VBROADCASTSS 28(BX), Y14  // LR/correct1
	VBROADCASTSS 32(BX), Y15  // 1-LR·decay

adam:                         // eight elements a round
	VMULPS (SI), Y7, Y0       // gi = grad[:8] * gradScale
	VMULPS (R8), Y8, Y1       // mi = m[:8] * beta1
	VFMADD231PS Y9, Y0, Y1    // mi += (1-beta1) * gi
	VMOVUPS Y1, (R8)          // m[:8] = mi
	VMULPS Y0, Y0, Y0         // g2 = gi * gi
	VMULPS (R9), Y10, Y2      // vi = v[:8] * beta2
	VFMADD231PS Y11, Y0, Y2   // vi += (1-beta2) * g2
	VMOVUPS Y2, (R9)          // v[:8] = vi
	VSQRTPS Y2, Y2            // d = sqrt(vi)
	VFMADD213PS Y13, Y12, Y2  // d = d/√correct2 + eps
	VMULPS Y1, Y14, Y1        // step = LR/correct1 * mi
	VDIVPS Y2, Y1, Y1         // step /= d
	VMULPS (DI), Y15, Y3      // pi = p[:8] * (1-LR·decay)
	VSUBPS Y1, Y3, Y3         // pi -= step
	VMOVUPS Y3, (DI)          // p[:8] = pi
	ADDQ $32, DI              // p = p[8:]
	ADDQ $32, SI              // grad = grad[8:]
	ADDQ $32, R8              // m = m[8:]
	ADDQ $32, R9              // v = v[8:]
	SUBQ $8, CX               // n -= 8
	JG   adam                 // if n > 0 { goto adam }
	VZEROUPPER                // upper halves left behind would slow down SSE code
	RET
