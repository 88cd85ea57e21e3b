//go:build !purego

#include "textflag.h"

// Reductions keep four vectors of partial sums; n is a multiple of 8 and positive. Elements past the last 32 go to the first
// vector, so the order of addition depends on n alone.

// HSUM adds the eight lanes of y into lane 0 of x, y's low half; t is scratch of 128 bits.
#define HSUM(y, x, t) \
	VEXTRACTF128 $1, y, t \
	VADDPS       t, x, x  \
	VMOVHLPS     x, x, t  \
	VADDPS       t, x, x  \
	VMOVSHDUP    x, t     \
	VADDSS       t, x, x

// func dotAsm(a, b *float32, n int) float32
TEXT ·dotAsm(SB), NOSPLIT, $0-28
	MOVQ a+0(FP), SI
	MOVQ b+8(FP), BX
	MOVQ n+16(FP), CX
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	SUBQ $32, CX
	JLT  rest

four:
	VMOVUPS (SI), Y4
	VMOVUPS 32(SI), Y5
	VMOVUPS 64(SI), Y6
	VMOVUPS 96(SI), Y7
	VFMADD231PS (BX), Y4, Y0    // s0 += a * b
	VFMADD231PS 32(BX), Y5, Y1
	VFMADD231PS 64(BX), Y6, Y2
	VFMADD231PS 96(BX), Y7, Y3
	ADDQ $128, SI
	ADDQ $128, BX
	SUBQ $32, CX
	JGE  four

rest:
	ADDQ $32, CX
	JZ   done

one:
	VMOVUPS (SI), Y4
	VFMADD231PS (BX), Y4, Y0
	ADDQ $32, SI
	ADDQ $32, BX
	SUBQ $8, CX
	JG   one

done:
	VADDPS Y1, Y0, Y0
	VADDPS Y3, Y2, Y2
	VADDPS Y2, Y0, Y0
	HSUM(Y0, X0, X1)
	VMOVSS X0, ret+24(FP)
	VZEROUPPER
	RET

// func squaredDistanceAsm(a, b *float32, n int) float32: Σ (a - b)²
TEXT ·squaredDistanceAsm(SB), NOSPLIT, $0-28
	MOVQ a+0(FP), SI
	MOVQ b+8(FP), BX
	MOVQ n+16(FP), CX
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	SUBQ $16, CX
	JLT  rest

two:
	VMOVUPS (SI), Y4
	VMOVUPS 32(SI), Y5
	VSUBPS (BX), Y4, Y4         // d = a - b
	VSUBPS 32(BX), Y5, Y5
	VFMADD231PS Y4, Y4, Y0      // s0 += d²
	VFMADD231PS Y5, Y5, Y1
	ADDQ $64, SI
	ADDQ $64, BX
	SUBQ $16, CX
	JGE  two

rest:
	ADDQ $16, CX
	JZ   done
	VMOVUPS (SI), Y4
	VSUBPS (BX), Y4, Y4
	VFMADD231PS Y4, Y4, Y0

done:
	VADDPS Y1, Y0, Y0
	HSUM(Y0, X0, X1)
	VMOVSS X0, ret+24(FP)
	VZEROUPPER
	RET

// func sumSquaresAsm(x *float32, n int, shift float32) (sum, squares float32)
// sum = Σ (x - shift), squares = Σ (x - shift)²
TEXT ·sumSquaresAsm(SB), NOSPLIT, $0-32
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VBROADCASTSS shift+16(FP), Y8
	VXORPS Y0, Y0, Y0           // sums
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2           // squares
	VXORPS Y3, Y3, Y3
	SUBQ $16, CX
	JLT  rest

two:
	VMOVUPS (SI), Y4
	VMOVUPS 32(SI), Y5
	VSUBPS Y8, Y4, Y4           // d = x - shift
	VSUBPS Y8, Y5, Y5
	VADDPS Y4, Y0, Y0           // sum += d
	VADDPS Y5, Y1, Y1
	VFMADD231PS Y4, Y4, Y2      // squares += d²
	VFMADD231PS Y5, Y5, Y3
	ADDQ $64, SI
	SUBQ $16, CX
	JGE  two

rest:
	ADDQ $16, CX
	JZ   done

one:
	VMOVUPS (SI), Y4
	VSUBPS Y8, Y4, Y4
	VADDPS Y4, Y0, Y0
	VFMADD231PS Y4, Y4, Y2
	ADDQ $32, SI
	SUBQ $8, CX
	JG   one

done:
	VADDPS Y1, Y0, Y0
	VADDPS Y3, Y2, Y2
	HSUM(Y0, X0, X1)
	HSUM(Y2, X2, X1)
	VMOVSS X0, sum+24(FP)
	VMOVSS X2, squares+28(FP)
	VZEROUPPER
	RET

// func maxAsm(x *float32, n int) float32
TEXT ·maxAsm(SB), NOSPLIT, $0-20
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VMOVUPS (SI), Y0

max:                            // for n > 0, n -= 8
	VMAXPS (SI), Y0, Y0
	ADDQ $32, SI
	SUBQ $8, CX
	JG   max
	VEXTRACTF128 $1, Y0, X1
	VMAXPS X1, X0, X0
	VMOVHLPS X0, X0, X1
	VMAXPS X1, X0, X0
	VMOVSHDUP X0, X1
	VMAXSS X1, X0, X0
	VMOVSS X0, ret+16(FP)
	VZEROUPPER
	RET

// func normalizeAsm(dst, x, gamma, beta *float32, n int, mean, rstd float32): dst = (x - mean)·rstd·gamma + beta
TEXT ·normalizeAsm(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ gamma+16(FP), R8
	MOVQ beta+24(FP), R9
	MOVQ n+32(FP), CX
	VBROADCASTSS mean+40(FP), Y4
	VBROADCASTSS rstd+44(FP), Y5

norm:
	VMOVUPS (SI), Y0
	VSUBPS Y4, Y0, Y0           // x - mean
	VMULPS Y5, Y0, Y0           // x̂
	VMOVUPS (R9), Y1
	VFMADD231PS (R8), Y0, Y1    // x̂·gamma + beta
	VMOVUPS Y1, (DI)
	ADDQ $32, DI
	ADDQ $32, SI
	ADDQ $32, R8
	ADDQ $32, R9
	SUBQ $8, CX
	JG   norm
	VZEROUPPER
	RET

// func normGradSumsAsm(dgamma, dbeta, x, gamma, dy *float32, n int, mean, rstd float32) (sumG, sumGX float32)
// with g = dy·gamma: sumG = Σ g, sumGX = Σ g·x̂, dgamma += dy·x̂, dbeta += dy
TEXT ·normGradSumsAsm(SB), NOSPLIT, $0-64
	MOVQ dgamma+0(FP), R10
	MOVQ dbeta+8(FP), R11
	MOVQ x+16(FP), SI
	MOVQ gamma+24(FP), R8
	MOVQ dy+32(FP), R9
	MOVQ n+40(FP), CX
	VBROADCASTSS mean+48(FP), Y6
	VBROADCASTSS rstd+52(FP), Y7
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1

sums:
	VMOVUPS (SI), Y2
	VSUBPS Y6, Y2, Y2
	VMULPS Y7, Y2, Y2           // x̂
	VMOVUPS (R9), Y3            // dy
	VMULPS (R8), Y3, Y4         // g
	VADDPS Y4, Y0, Y0           // sumG += g
	VFMADD231PS Y2, Y4, Y1      // sumGX += g·x̂
	VMOVUPS (R10), Y5
	VFMADD231PS Y2, Y3, Y5      // dgamma += dy·x̂
	VMOVUPS Y5, (R10)
	VADDPS (R11), Y3, Y3        // dbeta += dy
	VMOVUPS Y3, (R11)
	ADDQ $32, SI
	ADDQ $32, R8
	ADDQ $32, R9
	ADDQ $32, R10
	ADDQ $32, R11
	SUBQ $8, CX
	JG   sums
	HSUM(Y0, X0, X2)
	HSUM(Y1, X1, X2)
	VMOVSS X0, sumG+56(FP)
	VMOVSS X1, sumGX+60(FP)
	VZEROUPPER
	RET

// func normGradAsm(dx, x, gamma, dy *float32, n int, mean, rstd, meanG, meanGX float32): dx = rstd·(g - meanG - x̂·meanGX)
TEXT ·normGradAsm(SB), NOSPLIT, $0-56
	MOVQ dx+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ gamma+16(FP), R8
	MOVQ dy+24(FP), R9
	MOVQ n+32(FP), CX
	VBROADCASTSS mean+40(FP), Y4
	VBROADCASTSS rstd+44(FP), Y5
	VBROADCASTSS meanG+48(FP), Y6
	VBROADCASTSS meanGX+52(FP), Y7

grad:
	VMOVUPS (SI), Y0
	VSUBPS Y4, Y0, Y0
	VMULPS Y5, Y0, Y0           // x̂
	VMOVUPS (R9), Y1
	VMULPS (R8), Y1, Y1         // g
	VSUBPS Y6, Y1, Y1           // g - meanG
	VFNMADD231PS Y7, Y0, Y1     //   - x̂·meanGX
	VMULPS Y5, Y1, Y1           // times rstd
	VMOVUPS Y1, (DI)
	ADDQ $32, DI
	ADDQ $32, SI
	ADDQ $32, R8
	ADDQ $32, R9
	SUBQ $8, CX
	JG   grad
	VZEROUPPER
	RET

// func softmaxGradAsm(dx, y, dy *float32, n int, sum float32): dx = y·(dy - sum)
TEXT ·softmaxGradAsm(SB), NOSPLIT, $0-36
	MOVQ dx+0(FP), DI
	MOVQ y+8(FP), SI
	MOVQ dy+16(FP), BX
	MOVQ n+24(FP), CX
	VBROADCASTSS sum+32(FP), Y4

softgrad:
	VMOVUPS (BX), Y0
	VSUBPS Y4, Y0, Y0           // dy - sum
	VMULPS (SI), Y0, Y0         // times y
	VMOVUPS Y0, (DI)
	ADDQ $32, DI
	ADDQ $32, SI
	ADDQ $32, BX
	SUBQ $8, CX
	JG   softgrad
	VZEROUPPER
	RET
