//go:build !purego

#include "textflag.h"
#include "tail_avx512_amd64.h"

// STEP is one vector of AdamW: gi, mi, vi and pi are 16 elements of grad, m, v and p; mi, vi and pi become the new ones.
//	Z0  gi, then its square, then the numerator    Z4  denominator
//	Z1  mi    Z2  vi    Z3  pi                     Z7–Z15  c[0] to c[8]
// Each of the four sums is fused with one of its products, which is not rounded then. The reference computes in float64.
#define STEP \
	VMULPS      Z7, Z0, Z0   \ // gi *= gradScale
	VMULPS      Z8, Z1, Z1   \ // mi *= beta1
	VFMADD231PS Z9, Z0, Z1   \ // mi += (1-beta1) * gi
	VMULPS      Z0, Z0, Z0   \ // g2 = gi * gi
	VMULPS      Z10, Z2, Z2  \ // vi *= beta2
	VFMADD231PS Z11, Z0, Z2  \ // vi += (1-beta2) * g2
	VSQRTPS     Z2, Z4       \ // d = sqrt(vi)
	VFMADD213PS Z13, Z12, Z4 \ // d = d/√correct2 + eps
	VMULPS      Z1, Z14, Z0  \ // step = LR/correct1 * mi
	VDIVPS      Z4, Z0, Z0   \ // step /= d
	VFMSUB213PS Z0, Z15, Z3    // pi = (1-LR·decay)*pi - step

// func adamWAVX512Asm(p, grad, m, v *float32, n int, c *[9]float32)
// c: gradScale, beta1, 1-beta1, beta2, 1-beta2, 1/√correct2, eps, LR/correct1, 1-LR·decay
//	for i := range n {
//		g := gradScale * grad[i]
//		m[i] = beta1*m[i] + (1-beta1)*g
//		v[i] = beta2*v[i] + (1-beta2)*g*g
//		p[i] = (1-LR*decay)*p[i] - LR/correct1*m[i]/(sqrt(v[i])/sqrt(correct2)+eps)
//	}
//	DI  p    SI  grad    R8  m    R9  v    CX  n, less 16 inside the loop
// Elements are independent of each other; a NaN or ±∞ in grad stays in m, v and p of its element.
TEXT ·adamWAVX512Asm(SB), NOSPLIT, $0-48
	MOVQ p+0(FP), DI
	MOVQ grad+8(FP), SI
	MOVQ m+16(FP), R8
	MOVQ v+24(FP), R9
	MOVQ n+32(FP), CX
	MOVQ c+40(FP), BX
	VBROADCASTSS 0(BX), Z7    // gradScale
	VBROADCASTSS 4(BX), Z8    // beta1
	VBROADCASTSS 8(BX), Z9    // 1-beta1
	VBROADCASTSS 12(BX), Z10  // beta2
	VBROADCASTSS 16(BX), Z11  // 1-beta2
	VBROADCASTSS 20(BX), Z12  // 1/√correct2
	VBROADCASTSS 24(BX), Z13  // eps
	VBROADCASTSS 28(BX), Z14  // LR/correct1
	VBROADCASTSS 32(BX), Z15  // 1-LR·decay
	SUBQ $16, CX              // n -= 16
	JLT  tail                 // if n < 0 { goto tail }

loop:                         // 16 elements a round
	VMOVUPS (SI), Z0          // gi = grad[:16]
	VMOVUPS (R8), Z1          // mi = m[:16]
	VMOVUPS (R9), Z2          // vi = v[:16]
	VMOVUPS (DI), Z3          // pi = p[:16]
	STEP                      // mi, vi, pi = one step of AdamW
	VMOVUPS Z1, (R8)          // m[:16] = mi
	VMOVUPS Z2, (R9)          // v[:16] = vi
	VMOVUPS Z3, (DI)          // p[:16] = pi
	ADDQ $64, DI              // p = p[16:]
	ADDQ $64, SI              // grad = grad[16:]
	ADDQ $64, R8              // m = m[16:]
	ADDQ $64, R9              // v = v[16:]
	SUBQ $16, CX              // n -= 16
	JGE  loop                 // if n >= 0 { goto loop }

tail:                         // 0 to 15 elements are left
	ADDQ $16, CX              // n += 16
	JZ   done                 // if n == 0 { goto done }
	TAILMASK                  // mask = 1<<n - 1: lanes past n are neither read nor written
	VMOVUPS.Z (SI), K1, Z0    // gi = grad[:n], 0 in the other lanes
	VMOVUPS.Z (R8), K1, Z1    // mi = m[:n], 0 in the other lanes
	VMOVUPS.Z (R9), K1, Z2    // vi = v[:n], 0 in the other lanes
	VMOVUPS.Z (DI), K1, Z3    // pi = p[:n], 0 in the other lanes
	STEP                      // mi, vi, pi = one step of AdamW
	VMOVUPS Z1, K1, (R8)      // m[:n] = mi
	VMOVUPS Z2, K1, (R9)      // v[:n] = vi
	VMOVUPS Z3, K1, (DI)      // p[:n] = pi

done:
	VZEROUPPER                // upper halves left behind would slow down SSE code
	RET
