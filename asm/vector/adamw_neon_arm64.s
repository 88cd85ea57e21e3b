//go:build !purego

#include "textflag.h"
#include "words_neon_arm64.h"

// func adamWSIMDAsm(p, grad, m, v *float32, n int, c *[9]float32): n is a multiple of 4, and positive
// c: gradScale, beta1, 1-beta1, beta2, 1-beta2, 1/√correct2, eps, LR/correct1, 1-LR·decay
//	for i := range n {
//		g := gradScale * grad[i]
//		m[i] = beta1*m[i] + (1-beta1)*g
//		v[i] = beta2*v[i] + (1-beta2)*g*g
//		p[i] = (1-LR*decay)*p[i] - LR/correct1*m[i]/(sqrt(v[i])/sqrt(correct2)+eps)
//	}
//	R0  p    R1  grad    R2  m    R5  v    R3  n, elements left    R4  c
//	V0  gi, then its square    V1  mi, then the step    V2  vi    V3  denominator    V4  pi    V16–V24  c[0] to c[8]
// gi, mi, vi and pi are four elements of grad, m, v and p. The sums of both moments and of the denominator are fused with one of
// their products, which is not rounded then; the last difference is not. The reference computes in float64.
TEXT ·adamWSIMDAsm(SB), NOSPLIT, $0-48
	MOVD p+0(FP), R0
	MOVD grad+8(FP), R1
	MOVD m+16(FP), R2
	MOVD v+24(FP), R5
	MOVD n+32(FP), R3
	MOVD c+40(FP), R4
	VLD1R.P 4(R4), [V16.S4]        // V16 = gradScale, in all lanes
	VLD1R.P 4(R4), [V17.S4]        // V17 = beta1
	VLD1R.P 4(R4), [V18.S4]        // V18 = 1-beta1
	VLD1R.P 4(R4), [V19.S4]        // V19 = beta2
	VLD1R.P 4(R4), [V20.S4]        // V20 = 1-beta2
	VLD1R.P 4(R4), [V21.S4]        // V21 = 1/√correct2
	VLD1R.P 4(R4), [V22.S4]        // V22 = eps
	VLD1R.P 4(R4), [V23.S4]        // V23 = LR/correct1
	VLD1R.P 4(R4), [V24.S4]        // V24 = 1-LR·decay

loop:                              // four elements a round
	VLD1.P 16(R1), [V0.S4]         // gi = grad[:4]; grad = grad[4:]
	VLD1 (R2), [V1.S4]             // mi = m[:4]
	VLD1 (R5), [V2.S4]             // vi = v[:4]
	VLD1 (R0), [V4.S4]             // pi = p[:4]
	FMUL(16, 0, 0)                 // gi *= gradScale
	FMUL(17, 1, 1)                 // mi *= beta1
	VFMLA V18.S4, V0.S4, V1.S4     // mi += (1-beta1) * gi
	VST1.P [V1.S4], 16(R2)         // m[:4] = mi; m = m[4:]
	FMUL(0, 0, 0)                  // g2 = gi * gi
	FMUL(19, 2, 2)                 // vi *= beta2
	VFMLA V20.S4, V0.S4, V2.S4     // vi += (1-beta2) * g2
	VST1.P [V2.S4], 16(R5)         // v[:4] = vi; v = v[4:]
	FSQRT(2, 2)                    // root = sqrt(vi)
	VORR V22.B16, V22.B16, V3.B16  // d = eps
	VFMLA V21.S4, V2.S4, V3.S4     // d += root / √correct2
	FMUL(23, 1, 1)                 // step = LR/correct1 * mi
	FDIV(3, 1, 1)                  // step /= d
	FMUL(24, 4, 4)                 // pi *= 1-LR·decay
	FSUB(1, 4, 4)                  // pi -= step
	VST1.P [V4.S4], 16(R0)         // p[:4] = pi; p = p[4:]
	SUBS $4, R3, R3                // n -= 4
	BGT  loop                      // if n > 0 { goto loop }
	RET
