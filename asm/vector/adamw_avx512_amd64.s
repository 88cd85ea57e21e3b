//go:build !purego

#include "textflag.h"
#include "tail_avx512_amd64.h"

// STEP is one vector of AdamW: Z0 gradient, Z1 m, Z2 v and Z3 p become the new m, v and p; Z4 is scratch.
//	grad *= gradScale
//	m = beta1·m + (1−beta1)·grad
//	v = beta2·v + (1−beta2)·grad²
//	p = (1−LR·decay)·p − LR/correct1·m / (√v/√correct2 + eps)
#define STEP \
	VMULPS      Z7, Z0, Z0   \
	VMULPS      Z8, Z1, Z1   \
	VFMADD231PS Z9, Z0, Z1   \
	VMULPS      Z0, Z0, Z0   \
	VMULPS      Z10, Z2, Z2  \
	VFMADD231PS Z11, Z0, Z2  \
	VSQRTPS     Z2, Z4       \
	VFMADD213PS Z13, Z12, Z4 \
	VMULPS      Z1, Z14, Z0  \
	VDIVPS      Z4, Z0, Z0   \
	VFMSUB213PS Z0, Z15, Z3

// func adamW512(p, grad, m, v *float32, n int, c *[9]float32)
// c: gradScale, beta1, 1-beta1, beta2, 1-beta2, 1/√correct2, eps, LR/correct1, 1-LR·decay
TEXT ·adamW512(SB), NOSPLIT, $0-48
	MOVQ p+0(FP), DI
	MOVQ grad+8(FP), SI
	MOVQ m+16(FP), R8
	MOVQ v+24(FP), R9
	MOVQ n+32(FP), CX
	MOVQ c+40(FP), BX
	VBROADCASTSS 0(BX), Z7      // gradScale
	VBROADCASTSS 4(BX), Z8      // beta1
	VBROADCASTSS 8(BX), Z9      // 1-beta1
	VBROADCASTSS 12(BX), Z10    // beta2
	VBROADCASTSS 16(BX), Z11    // 1-beta2
	VBROADCASTSS 20(BX), Z12    // 1/√correct2
	VBROADCASTSS 24(BX), Z13    // eps
	VBROADCASTSS 28(BX), Z14    // LR/correct1
	VBROADCASTSS 32(BX), Z15    // 1-LR·decay
	SUBQ $16, CX
	JLT  tail

loop:                           // for n ≥ 16
	VMOVUPS (SI), Z0
	VMOVUPS (R8), Z1
	VMOVUPS (R9), Z2
	VMOVUPS (DI), Z3
	STEP
	VMOVUPS Z1, (R8)
	VMOVUPS Z2, (R9)
	VMOVUPS Z3, (DI)
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
	VMOVUPS.Z (R8), K1, Z1
	VMOVUPS.Z (R9), K1, Z2
	VMOVUPS.Z (DI), K1, Z3
	STEP
	VMOVUPS Z1, K1, (R8)
	VMOVUPS Z2, K1, (R9)
	VMOVUPS Z3, K1, (DI)

done:
	VZEROUPPER
	RET
