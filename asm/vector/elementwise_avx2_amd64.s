//go:build !purego

#include "textflag.h"

// n is a multiple of 8, and positive. The loops take 32 elements in four vectors and then eight at a time; adamWAsm, which waits
// for its divisions and roots anyway, takes eight. CX counts the elements left, less 32 while it is in the first loop.

// BINARY is a kernel of two operands and one instruction OP:
//	for i := range n { dst[i] = a[i] OP b[i] }
//	DI  dst    SI  a    BX  b    CX  n    Y0–Y3  v0 to v3, 8 elements each
// One operation an element, rounded once as in the reference: the bits are the same, save which NaN it is.
#define BINARY(name, OP) \
TEXT name(SB), NOSPLIT, $0-32 \
	MOVQ dst+0(FP), DI     \
	MOVQ a+8(FP), SI       \
	MOVQ b+16(FP), BX      \
	MOVQ n+24(FP), CX      \
	SUBQ $32, CX           \ // n -= 32
	JLT  rest              \ // if n < 0 { goto rest }
four:                      \ // 32 elements a round
	VMOVUPS (SI), Y0       \ // v0 = a[:8]
	VMOVUPS 32(SI), Y1     \ // v1 = a[8:16]
	VMOVUPS 64(SI), Y2     \ // v2 = a[16:24]
	VMOVUPS 96(SI), Y3     \ // v3 = a[24:32]
	OP      (BX), Y0, Y0   \ // v0 = v0 OP b[:8]
	OP      32(BX), Y1, Y1 \ // v1 = v1 OP b[8:16]
	OP      64(BX), Y2, Y2 \ // v2 = v2 OP b[16:24]
	OP      96(BX), Y3, Y3 \ // v3 = v3 OP b[24:32]
	VMOVUPS Y0, (DI)       \ // dst[:8] = v0
	VMOVUPS Y1, 32(DI)     \ // dst[8:16] = v1
	VMOVUPS Y2, 64(DI)     \ // dst[16:24] = v2
	VMOVUPS Y3, 96(DI)     \ // dst[24:32] = v3
	ADDQ $128, SI          \ // a = a[32:]
	ADDQ $128, BX          \ // b = b[32:]
	ADDQ $128, DI          \ // dst = dst[32:]
	SUBQ $32, CX           \ // n -= 32
	JGE  four              \ // if n >= 0 { goto four }
rest:                      \ // 0, 8, 16 or 24 elements are left
	ADDQ $32, CX           \ // n += 32
	JZ   done              \ // if n == 0 { goto done }
one:                       \ // eight elements a round
	VMOVUPS (SI), Y0       \ // v0 = a[:8]
	OP      (BX), Y0, Y0   \ // v0 = v0 OP b[:8]
	VMOVUPS Y0, (DI)       \ // dst[:8] = v0
	ADDQ $32, SI           \ // a = a[8:]
	ADDQ $32, BX           \ // b = b[8:]
	ADDQ $32, DI           \ // dst = dst[8:]
	SUBQ $8, CX            \ // n -= 8
	JG   one               \ // if n > 0 { goto one }
done:                      \
	VZEROUPPER             \ // upper halves left behind would slow down SSE code
	RET

// func addAsm(dst, a, b *float32, n int): dst[i] = a[i] + b[i]
BINARY(·addAsm, VADDPS)

// func subAsm(dst, a, b *float32, n int): dst[i] = a[i] - b[i]
BINARY(·subAsm, VSUBPS)

// func mulAsm(dst, a, b *float32, n int): dst[i] = a[i] * b[i]
BINARY(·mulAsm, VMULPS)

// func scaleAsm(dst, x *float32, n int, s float32)
//	for i := range n { dst[i] = s * x[i] }
//	DI  dst    SI  x    CX  n    Y0–Y3  v0 to v3, 8 elements each    Y4  s in all lanes
TEXT ·scaleAsm(SB), NOSPLIT, $0-28
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS s+24(FP), Y4  // s in all lanes
	SUBQ $32, CX               // n -= 32
	JLT  rest                  // if n < 0 { goto rest }

four:                          // 32 elements a round
	VMULPS (SI), Y4, Y0        // v0 = s * x[:8]
	VMULPS 32(SI), Y4, Y1      // v1 = s * x[8:16]
	VMULPS 64(SI), Y4, Y2      // v2 = s * x[16:24]
	VMULPS 96(SI), Y4, Y3      // v3 = s * x[24:32]
	VMOVUPS Y0, (DI)           // dst[:8] = v0
	VMOVUPS Y1, 32(DI)         // dst[8:16] = v1
	VMOVUPS Y2, 64(DI)         // dst[16:24] = v2
	VMOVUPS Y3, 96(DI)         // dst[24:32] = v3
	ADDQ $128, SI              // x = x[32:]
	ADDQ $128, DI              // dst = dst[32:]
	SUBQ $32, CX               // n -= 32
	JGE  four                  // if n >= 0 { goto four }

rest:                          // 0, 8, 16 or 24 elements are left
	ADDQ $32, CX               // n += 32
	JZ   done                  // if n == 0 { goto done }

one:                           // eight elements a round
	VMULPS (SI), Y4, Y0        // v0 = s * x[:8]
	VMOVUPS Y0, (DI)           // dst[:8] = v0
	ADDQ $32, SI               // x = x[8:]
	ADDQ $32, DI               // dst = dst[8:]
	SUBQ $8, CX                // n -= 8
	JG   one                   // if n > 0 { goto one }

done:
	VZEROUPPER                 // upper halves left behind would slow down SSE code
	RET

// func axpyAsm(dst, x *float32, n int, s float32)
//	for i := range n { dst[i] = fma(s, x[i], dst[i]) }
//	DI  dst    SI  x    CX  n    Y0–Y3  v0 to v3, 8 elements each    Y4  s in all lanes
// s·x is not rounded before it is added. Plain Go rounds it on this architecture, which is why the wrapper pads the last elements
// to a vector instead of giving them to the reference.
TEXT ·axpyAsm(SB), NOSPLIT, $0-28
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS s+24(FP), Y4   // s in all lanes
	SUBQ $32, CX                // n -= 32
	JLT  rest                   // if n < 0 { goto rest }

four:                           // 32 elements a round
	VMOVUPS (DI), Y0            // v0 = dst[:8]
	VMOVUPS 32(DI), Y1          // v1 = dst[8:16]
	VMOVUPS 64(DI), Y2          // v2 = dst[16:24]
	VMOVUPS 96(DI), Y3          // v3 = dst[24:32]
	VFMADD231PS (SI), Y4, Y0    // v0 += s * x[:8]
	VFMADD231PS 32(SI), Y4, Y1  // v1 += s * x[8:16]
	VFMADD231PS 64(SI), Y4, Y2  // v2 += s * x[16:24]
	VFMADD231PS 96(SI), Y4, Y3  // v3 += s * x[24:32]
	VMOVUPS Y0, (DI)            // dst[:8] = v0
	VMOVUPS Y1, 32(DI)          // dst[8:16] = v1
	VMOVUPS Y2, 64(DI)          // dst[16:24] = v2
	VMOVUPS Y3, 96(DI)          // dst[24:32] = v3
	ADDQ $128, SI               // x = x[32:]
	ADDQ $128, DI               // dst = dst[32:]
	SUBQ $32, CX                // n -= 32
	JGE  four                   // if n >= 0 { goto four }

rest:                           // 0, 8, 16 or 24 elements are left
	ADDQ $32, CX                // n += 32
	JZ   done                   // if n == 0 { goto done }

one:                            // eight elements a round
	VMOVUPS (DI), Y0            // v0 = dst[:8]
	VFMADD231PS (SI), Y4, Y0    // v0 += s * x[:8]
	VMOVUPS Y0, (DI)            // dst[:8] = v0
	ADDQ $32, SI                // x = x[8:]
	ADDQ $32, DI                // dst = dst[8:]
	SUBQ $8, CX                 // n -= 8
	JG   one                    // if n > 0 { goto one }

done:
	VZEROUPPER                  // upper halves left behind would slow down SSE code
	RET

// func adamWAsm(p, grad, m, v *float32, n int, c *[9]float32)
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
TEXT ·adamWAsm(SB), NOSPLIT, $0-48
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
