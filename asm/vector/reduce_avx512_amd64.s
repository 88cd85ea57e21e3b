//go:build !purego

#include "textflag.h"
#include "tail_avx512_amd64.h"

// Reductions keep four vectors of partial sums. What is past the last 64 elements goes to the first one, so that the order of
// addition depends on n alone.

// func dot512(a, b *float32, n int) float32
TEXT ·dot512(SB), NOSPLIT, $0-28
	MOVQ a+0(FP), SI
	MOVQ b+8(FP), BX
	MOVQ n+16(FP), CX
	VXORPS Z0, Z0, Z0
	VXORPS Z1, Z1, Z1
	VXORPS Z2, Z2, Z2
	VXORPS Z3, Z3, Z3
	SUBQ $64, CX
	JLT  rest

four:
	VMOVUPS (SI), Z4
	VMOVUPS 64(SI), Z5
	VMOVUPS 128(SI), Z6
	VMOVUPS 192(SI), Z7
	VFMADD231PS (BX), Z4, Z0    // s0 += a * b
	VFMADD231PS 64(BX), Z5, Z1
	VFMADD231PS 128(BX), Z6, Z2
	VFMADD231PS 192(BX), Z7, Z3
	ADDQ $256, SI
	ADDQ $256, BX
	SUBQ $64, CX
	JGE  four

rest:
	ADDQ $48, CX
	JLT  tail

one:
	VMOVUPS (SI), Z4
	VFMADD231PS (BX), Z4, Z0
	ADDQ $64, SI
	ADDQ $64, BX
	SUBQ $16, CX
	JGE  one

tail:
	ADDQ $16, CX
	JZ   done
	TAILMASK
	VMOVUPS.Z (SI), K1, Z4
	VFMADD231PS (BX), Z4, K1, Z0

done:
	VADDPS Z1, Z0, Z0
	VADDPS Z3, Z2, Z2
	VADDPS Z2, Z0, Z0
	HSUM(Z0, Y0, X0, Y1, X1)
	VMOVSS X0, ret+24(FP)
	VZEROUPPER
	RET

// func squaredDistance512(a, b *float32, n int) float32: Σ (a - b)²
TEXT ·squaredDistance512(SB), NOSPLIT, $0-28
	MOVQ a+0(FP), SI
	MOVQ b+8(FP), BX
	MOVQ n+16(FP), CX
	VXORPS Z0, Z0, Z0
	VXORPS Z1, Z1, Z1
	VXORPS Z2, Z2, Z2
	VXORPS Z3, Z3, Z3
	SUBQ $64, CX
	JLT  rest

four:
	VMOVUPS (SI), Z4
	VMOVUPS 64(SI), Z5
	VMOVUPS 128(SI), Z6
	VMOVUPS 192(SI), Z7
	VSUBPS (BX), Z4, Z4         // d = a - b
	VSUBPS 64(BX), Z5, Z5
	VSUBPS 128(BX), Z6, Z6
	VSUBPS 192(BX), Z7, Z7
	VFMADD231PS Z4, Z4, Z0      // s0 += d²
	VFMADD231PS Z5, Z5, Z1
	VFMADD231PS Z6, Z6, Z2
	VFMADD231PS Z7, Z7, Z3
	ADDQ $256, SI
	ADDQ $256, BX
	SUBQ $64, CX
	JGE  four

rest:
	ADDQ $48, CX
	JLT  tail

one:
	VMOVUPS (SI), Z4
	VSUBPS (BX), Z4, Z4
	VFMADD231PS Z4, Z4, Z0
	ADDQ $64, SI
	ADDQ $64, BX
	SUBQ $16, CX
	JGE  one

tail:
	ADDQ $16, CX
	JZ   done
	TAILMASK
	VMOVUPS.Z (SI), K1, Z4
	VSUBPS.Z (BX), Z4, K1, Z4
	VFMADD231PS Z4, Z4, Z0

done:
	VADDPS Z1, Z0, Z0
	VADDPS Z3, Z2, Z2
	VADDPS Z2, Z0, Z0
	HSUM(Z0, Y0, X0, Y1, X1)
	VMOVSS X0, ret+24(FP)
	VZEROUPPER
	RET

// func sumSquares512(x *float32, n int, shift float32) (sum, squares float32)
// sum = Σ (x - shift), squares = Σ (x - shift)²
TEXT ·sumSquares512(SB), NOSPLIT, $0-32
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VBROADCASTSS shift+16(FP), Z12
	VXORPS Z0, Z0, Z0           // sums
	VXORPS Z1, Z1, Z1
	VXORPS Z2, Z2, Z2
	VXORPS Z3, Z3, Z3
	VXORPS Z4, Z4, Z4           // squares
	VXORPS Z5, Z5, Z5
	VXORPS Z6, Z6, Z6
	VXORPS Z7, Z7, Z7
	SUBQ $64, CX
	JLT  rest

four:
	VMOVUPS (SI), Z8
	VMOVUPS 64(SI), Z9
	VMOVUPS 128(SI), Z10
	VMOVUPS 192(SI), Z11
	VSUBPS Z12, Z8, Z8          // d = x - shift
	VSUBPS Z12, Z9, Z9
	VSUBPS Z12, Z10, Z10
	VSUBPS Z12, Z11, Z11
	VADDPS Z8, Z0, Z0           // sum += d
	VADDPS Z9, Z1, Z1
	VADDPS Z10, Z2, Z2
	VADDPS Z11, Z3, Z3
	VFMADD231PS Z8, Z8, Z4      // squares += d²
	VFMADD231PS Z9, Z9, Z5
	VFMADD231PS Z10, Z10, Z6
	VFMADD231PS Z11, Z11, Z7
	ADDQ $256, SI
	SUBQ $64, CX
	JGE  four

rest:
	ADDQ $48, CX
	JLT  tail

one:
	VMOVUPS (SI), Z8
	VSUBPS Z12, Z8, Z8
	VADDPS Z8, Z0, Z0
	VFMADD231PS Z8, Z8, Z4
	ADDQ $64, SI
	SUBQ $16, CX
	JGE  one

tail:
	ADDQ $16, CX
	JZ   done
	TAILMASK
	VMOVUPS.Z (SI), K1, Z8
	VSUBPS.Z Z12, Z8, K1, Z8
	VADDPS Z8, Z0, Z0
	VFMADD231PS Z8, Z8, Z4

done:
	VADDPS Z1, Z0, Z0
	VADDPS Z3, Z2, Z2
	VADDPS Z2, Z0, Z0
	VADDPS Z5, Z4, Z4
	VADDPS Z7, Z6, Z6
	VADDPS Z6, Z4, Z4
	HSUM(Z0, Y0, X0, Y1, X1)
	HSUM(Z4, Y4, X4, Y1, X1)
	VMOVSS X0, sum+24(FP)
	VMOVSS X4, squares+28(FP)
	VZEROUPPER
	RET

// func max512(x *float32, n int) float32, for n ≥ 1. It may lose a NaN.
TEXT ·max512(SB), NOSPLIT, $0-20
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VBROADCASTSS (SI), Z0
	VMOVAPS Z0, Z1
	VMOVAPS Z0, Z2
	VMOVAPS Z0, Z3
	SUBQ $64, CX
	JLT  rest

four:
	VMAXPS (SI), Z0, Z0
	VMAXPS 64(SI), Z1, Z1
	VMAXPS 128(SI), Z2, Z2
	VMAXPS 192(SI), Z3, Z3
	ADDQ $256, SI
	SUBQ $64, CX
	JGE  four

rest:
	ADDQ $48, CX
	JLT  tail

one:
	VMAXPS (SI), Z0, Z0
	ADDQ $64, SI
	SUBQ $16, CX
	JGE  one

tail:
	ADDQ $16, CX
	JZ   done
	TAILMASK
	VMAXPS (SI), Z0, K1, Z0

done:
	VMAXPS Z1, Z0, Z0
	VMAXPS Z3, Z2, Z2
	VMAXPS Z2, Z0, Z0
	VEXTRACTF64X4 $1, Z0, Y1
	VMAXPS Y1, Y0, Y0
	VEXTRACTF128 $1, Y0, X1
	VMAXPS X1, X0, X0
	VMOVHLPS X0, X0, X1
	VMAXPS X1, X0, X0
	VMOVSHDUP X0, X1
	VMAXSS X1, X0, X0
	VMOVSS X0, ret+16(FP)
	VZEROUPPER
	RET
