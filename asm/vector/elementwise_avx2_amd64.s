//go:build !purego

#include "textflag.h"

// Every loop takes 32 elements in four vectors, and then eight at a time; n is a multiple of 8 and positive.
//	DI  dst    SI  first operand    BX  second operand    CX  elements left

// BINARY is a kernel of two operands and one instruction.
#define BINARY(name, OP) \
TEXT name(SB), NOSPLIT, $0-32 \
	MOVQ dst+0(FP), DI      \
	MOVQ a+8(FP), SI        \
	MOVQ b+16(FP), BX       \
	MOVQ n+24(FP), CX       \
	SUBQ $32, CX            \
	JLT  rest               \
four:                       \
	VMOVUPS (SI), Y0        \
	VMOVUPS 32(SI), Y1      \
	VMOVUPS 64(SI), Y2      \
	VMOVUPS 96(SI), Y3      \
	OP      (BX), Y0, Y0    \
	OP      32(BX), Y1, Y1  \
	OP      64(BX), Y2, Y2  \
	OP      96(BX), Y3, Y3  \
	VMOVUPS Y0, (DI)        \
	VMOVUPS Y1, 32(DI)      \
	VMOVUPS Y2, 64(DI)      \
	VMOVUPS Y3, 96(DI)      \
	ADDQ $128, SI           \
	ADDQ $128, BX           \
	ADDQ $128, DI           \
	SUBQ $32, CX            \
	JGE  four               \
rest:                       \
	ADDQ $32, CX            \
	JZ   done               \
one:                        \
	VMOVUPS (SI), Y0        \
	OP      (BX), Y0, Y0    \
	VMOVUPS Y0, (DI)        \
	ADDQ $32, SI            \
	ADDQ $32, BX            \
	ADDQ $32, DI            \
	SUBQ $8, CX             \
	JG   one                \
done:                       \
	VZEROUPPER              \
	RET

// func addAsm(dst, a, b *float32, n int): dst = a + b
BINARY(·addAsm, VADDPS)

// func subAsm(dst, a, b *float32, n int): dst = a - b
BINARY(·subAsm, VSUBPS)

// func mulAsm(dst, a, b *float32, n int): dst = a * b
BINARY(·mulAsm, VMULPS)

// func scaleAsm(dst, x *float32, n int, s float32): dst = s * x
TEXT ·scaleAsm(SB), NOSPLIT, $0-28
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS s+24(FP), Y4
	SUBQ $32, CX
	JLT  rest

four:
	VMULPS (SI), Y4, Y0
	VMULPS 32(SI), Y4, Y1
	VMULPS 64(SI), Y4, Y2
	VMULPS 96(SI), Y4, Y3
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	VMOVUPS Y2, 64(DI)
	VMOVUPS Y3, 96(DI)
	ADDQ $128, SI
	ADDQ $128, DI
	SUBQ $32, CX
	JGE  four

rest:
	ADDQ $32, CX
	JZ   done

one:
	VMULPS (SI), Y4, Y0
	VMOVUPS Y0, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JG   one

done:
	VZEROUPPER
	RET

// func axpyAsm(dst, x *float32, n int, s float32): dst += s * x
TEXT ·axpyAsm(SB), NOSPLIT, $0-28
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS s+24(FP), Y4
	SUBQ $32, CX
	JLT  rest

four:
	VMOVUPS (DI), Y0
	VMOVUPS 32(DI), Y1
	VMOVUPS 64(DI), Y2
	VMOVUPS 96(DI), Y3
	VFMADD231PS (SI), Y4, Y0    // dst += s * x
	VFMADD231PS 32(SI), Y4, Y1
	VFMADD231PS 64(SI), Y4, Y2
	VFMADD231PS 96(SI), Y4, Y3
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	VMOVUPS Y2, 64(DI)
	VMOVUPS Y3, 96(DI)
	ADDQ $128, SI
	ADDQ $128, DI
	SUBQ $32, CX
	JGE  four

rest:
	ADDQ $32, CX
	JZ   done

one:
	VMOVUPS (DI), Y0
	VFMADD231PS (SI), Y4, Y0
	VMOVUPS Y0, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JG   one

done:
	VZEROUPPER
	RET

// func adamWAsm(p, grad, m, v *float32, n int, c *[9]float32)
// c: gradScale, beta1, 1-beta1, beta2, 1-beta2, 1/√correct2, eps, LR/correct1, 1-LR·decay
TEXT ·adamWAsm(SB), NOSPLIT, $0-48
	MOVQ p+0(FP), DI
	MOVQ grad+8(FP), SI
	MOVQ m+16(FP), R8
	MOVQ v+24(FP), R9
	MOVQ n+32(FP), CX
	MOVQ c+40(FP), BX
	VBROADCASTSS 0(BX), Y7      // gradScale
	VBROADCASTSS 4(BX), Y8      // beta1
	VBROADCASTSS 8(BX), Y9      // 1-beta1
	VBROADCASTSS 12(BX), Y10    // beta2
	VBROADCASTSS 16(BX), Y11    // 1-beta2
	VBROADCASTSS 20(BX), Y12    // 1/√correct2
	VBROADCASTSS 24(BX), Y13    // eps
	VBROADCASTSS 28(BX), Y14    // LR/correct1
	VBROADCASTSS 32(BX), Y15    // 1-LR·decay

adam:
	VMULPS (SI), Y7, Y0         // grad = g * gradScale
	VMULPS (R8), Y8, Y1         // m = beta1*m
	VFMADD231PS Y9, Y0, Y1      //   + (1-beta1)*grad
	VMOVUPS Y1, (R8)
	VMULPS Y0, Y0, Y0           // grad²
	VMULPS (R9), Y10, Y2        // v = beta2*v
	VFMADD231PS Y11, Y0, Y2     //   + (1-beta2)*grad²
	VMOVUPS Y2, (R9)
	VSQRTPS Y2, Y2              // √v
	VFMADD213PS Y13, Y12, Y2    // √v/√correct2 + eps
	VMULPS Y1, Y14, Y1          // LR/correct1 * m
	VDIVPS Y2, Y1, Y1           // step
	VMULPS (DI), Y15, Y3        // p *= 1-LR·decay
	VSUBPS Y1, Y3, Y3           // p -= step
	VMOVUPS Y3, (DI)
	ADDQ $32, DI
	ADDQ $32, SI
	ADDQ $32, R8
	ADDQ $32, R9
	SUBQ $8, CX
	JG   adam
	VZEROUPPER
	RET
