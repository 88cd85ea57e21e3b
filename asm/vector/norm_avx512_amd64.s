//go:build !purego

#include "textflag.h"
#include "tail_avx512_amd64.h"

// func normalize512(dst, x, gamma, beta *float32, n int, mean, rstd float32): dst = (x - mean)·rstd·gamma + beta
TEXT ·normalize512(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ gamma+16(FP), R8
	MOVQ beta+24(FP), R9
	MOVQ n+32(FP), CX
	VBROADCASTSS mean+40(FP), Z4
	VBROADCASTSS rstd+44(FP), Z5
	SUBQ $16, CX
	JLT  tail

loop:                           // for n ≥ 16
	VMOVUPS (SI), Z0
	VMOVUPS (R9), Z1
	VSUBPS Z4, Z0, Z0           // x - mean
	VMULPS Z5, Z0, Z0           // x̂
	VFMADD231PS (R8), Z0, Z1    // x̂·gamma + beta
	VMOVUPS Z1, (DI)
	ADDQ $64, DI
	ADDQ $64, SI
	ADDQ $64, R8
	ADDQ $64, R9
	SUBQ $16, CX
	JGE  loop

tail:
	ADDQ $16, CX
	JZ   done
	TAILMASK
	VMOVUPS.Z (SI), K1, Z0
	VMOVUPS.Z (R9), K1, Z1
	VSUBPS Z4, Z0, Z0
	VMULPS Z5, Z0, Z0
	VFMADD231PS (R8), Z0, K1, Z1
	VMOVUPS Z1, K1, (DI)

done:
	VZEROUPPER
	RET

// func normGradSums512(dgamma, dbeta, x, gamma, dy *float32, n int, mean, rstd float32) (sumG, sumGX float32)
// with g = dy·gamma: sumG = Σ g, sumGX = Σ g·x̂, dgamma += dy·x̂, dbeta += dy
TEXT ·normGradSums512(SB), NOSPLIT, $0-64
	MOVQ dgamma+0(FP), R10
	MOVQ dbeta+8(FP), R11
	MOVQ x+16(FP), SI
	MOVQ gamma+24(FP), R8
	MOVQ dy+32(FP), R9
	MOVQ n+40(FP), CX
	VBROADCASTSS mean+48(FP), Z6
	VBROADCASTSS rstd+52(FP), Z7
	VXORPS Z0, Z0, Z0
	VXORPS Z1, Z1, Z1
	SUBQ $16, CX
	JLT  tail

loop:                           // for n ≥ 16
	VMOVUPS (SI), Z2
	VMOVUPS (R9), Z3            // dy
	VSUBPS Z6, Z2, Z2
	VMULPS Z7, Z2, Z2           // x̂
	VMULPS (R8), Z3, Z4         // g
	VADDPS Z4, Z0, Z0           // sumG += g
	VFMADD231PS Z2, Z4, Z1      // sumGX += g·x̂
	VMOVUPS (R10), Z5
	VFMADD231PS Z2, Z3, Z5      // dgamma += dy·x̂
	VMOVUPS Z5, (R10)
	VADDPS (R11), Z3, Z3        // dbeta += dy
	VMOVUPS Z3, (R11)
	ADDQ $64, SI
	ADDQ $64, R8
	ADDQ $64, R9
	ADDQ $64, R10
	ADDQ $64, R11
	SUBQ $16, CX
	JGE  loop

tail:
	ADDQ $16, CX
	JZ   done
	TAILMASK
	VMOVUPS.Z (SI), K1, Z2
	VMOVUPS.Z (R9), K1, Z3
	VSUBPS Z6, Z2, Z2
	VMULPS.Z Z7, Z2, K1, Z2     // 0 outside, as is dy: nothing is added to the sums there
	VMULPS.Z (R8), Z3, K1, Z4
	VADDPS Z4, Z0, Z0
	VFMADD231PS Z2, Z4, Z1
	VMOVUPS.Z (R10), K1, Z5
	VFMADD231PS Z2, Z3, Z5
	VMOVUPS Z5, K1, (R10)
	VADDPS.Z (R11), Z3, K1, Z3
	VMOVUPS Z3, K1, (R11)

done:
	HSUM(Z0, Y0, X0, Y2, X2)
	HSUM(Z1, Y1, X1, Y2, X2)
	VMOVSS X0, sumG+56(FP)
	VMOVSS X1, sumGX+60(FP)
	VZEROUPPER
	RET

// func normGrad512(dx, x, gamma, dy *float32, n int, mean, rstd, meanG, meanGX float32): dx = rstd·(g - meanG - x̂·meanGX)
TEXT ·normGrad512(SB), NOSPLIT, $0-56
	MOVQ dx+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ gamma+16(FP), R8
	MOVQ dy+24(FP), R9
	MOVQ n+32(FP), CX
	VBROADCASTSS mean+40(FP), Z4
	VBROADCASTSS rstd+44(FP), Z5
	VBROADCASTSS meanG+48(FP), Z6
	VBROADCASTSS meanGX+52(FP), Z7
	SUBQ $16, CX
	JLT  tail

loop:                           // for n ≥ 16
	VMOVUPS (SI), Z0
	VMOVUPS (R9), Z1
	VSUBPS Z4, Z0, Z0
	VMULPS Z5, Z0, Z0           // x̂
	VFMSUB132PS (R8), Z6, Z1    // g - meanG
	VFNMADD231PS Z7, Z0, Z1     //   - x̂·meanGX
	VMULPS Z5, Z1, Z1           // times rstd
	VMOVUPS Z1, (DI)
	ADDQ $64, DI
	ADDQ $64, SI
	ADDQ $64, R8
	ADDQ $64, R9
	SUBQ $16, CX
	JGE  loop

tail:
	ADDQ $16, CX
	JZ   done
	TAILMASK
	VMOVUPS.Z (SI), K1, Z0
	VMOVUPS.Z (R9), K1, Z1
	VSUBPS Z4, Z0, Z0
	VMULPS Z5, Z0, Z0
	VFMSUB132PS (R8), Z6, K1, Z1
	VFNMADD231PS Z7, Z0, Z1
	VMULPS Z5, Z1, Z1
	VMOVUPS Z1, K1, (DI)

done:
	VZEROUPPER
	RET
