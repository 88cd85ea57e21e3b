//go:build !purego

#include "textflag.h"
#include "tail_avx512_amd64.h"

// Every loop takes 64 elements in four vectors, then sixteen at a time, then the rest under a mask.
//	DI  dst    SI  first operand    BX  second operand    CX  elements left

// BINARY is a kernel of two operands and one instruction.
#define BINARY(name, OP) \
TEXT name(SB), NOSPLIT, $0-32 \
	MOVQ dst+0(FP), DI      \
	MOVQ a+8(FP), SI        \
	MOVQ b+16(FP), BX       \
	MOVQ n+24(FP), CX       \
	SUBQ $64, CX            \
	JLT  rest               \
four:                       \
	VMOVUPS (SI), Z0        \
	VMOVUPS 64(SI), Z1      \
	VMOVUPS 128(SI), Z2     \
	VMOVUPS 192(SI), Z3     \
	OP      (BX), Z0, Z0    \
	OP      64(BX), Z1, Z1  \
	OP      128(BX), Z2, Z2 \
	OP      192(BX), Z3, Z3 \
	VMOVUPS Z0, (DI)        \
	VMOVUPS Z1, 64(DI)      \
	VMOVUPS Z2, 128(DI)     \
	VMOVUPS Z3, 192(DI)     \
	ADDQ $256, SI           \
	ADDQ $256, BX           \
	ADDQ $256, DI           \
	SUBQ $64, CX            \
	JGE  four               \
rest:                       \
	ADDQ $48, CX            \
	JLT  tail               \
one:                        \
	VMOVUPS (SI), Z0        \
	OP      (BX), Z0, Z0    \
	VMOVUPS Z0, (DI)        \
	ADDQ $64, SI            \
	ADDQ $64, BX            \
	ADDQ $64, DI            \
	SUBQ $16, CX            \
	JGE  one                \
tail:                       \
	ADDQ $16, CX            \
	JZ   done               \
	TAILMASK                \
	VMOVUPS.Z (SI), K1, Z0  \
	VMOVUPS.Z (BX), K1, Z1  \
	OP      Z1, Z0, Z0      \
	VMOVUPS Z0, K1, (DI)    \
done:                       \
	VZEROUPPER              \
	RET

// func add512(dst, a, b *float32, n int): dst = a + b
BINARY(·add512, VADDPS)

// func sub512(dst, a, b *float32, n int): dst = a - b
BINARY(·sub512, VSUBPS)

// func mul512(dst, a, b *float32, n int): dst = a * b
BINARY(·mul512, VMULPS)

// func scale512(dst, x *float32, n int, s float32): dst = s * x
TEXT ·scale512(SB), NOSPLIT, $0-28
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS s+24(FP), Z4
	SUBQ $64, CX
	JLT  rest

four:
	VMULPS (SI), Z4, Z0
	VMULPS 64(SI), Z4, Z1
	VMULPS 128(SI), Z4, Z2
	VMULPS 192(SI), Z4, Z3
	VMOVUPS Z0, (DI)
	VMOVUPS Z1, 64(DI)
	VMOVUPS Z2, 128(DI)
	VMOVUPS Z3, 192(DI)
	ADDQ $256, SI
	ADDQ $256, DI
	SUBQ $64, CX
	JGE  four

rest:
	ADDQ $48, CX
	JLT  tail

one:
	VMULPS (SI), Z4, Z0
	VMOVUPS Z0, (DI)
	ADDQ $64, SI
	ADDQ $64, DI
	SUBQ $16, CX
	JGE  one

tail:
	ADDQ $16, CX
	JZ   done
	TAILMASK
	VMULPS.Z (SI), Z4, K1, Z0
	VMOVUPS Z0, K1, (DI)

done:
	VZEROUPPER
	RET

// func axpy512(dst, x *float32, n int, s float32): dst += s * x
TEXT ·axpy512(SB), NOSPLIT, $0-28
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS s+24(FP), Z4
	SUBQ $64, CX
	JLT  rest

four:
	VMOVUPS (DI), Z0
	VMOVUPS 64(DI), Z1
	VMOVUPS 128(DI), Z2
	VMOVUPS 192(DI), Z3
	VFMADD231PS (SI), Z4, Z0    // dst += s * x
	VFMADD231PS 64(SI), Z4, Z1
	VFMADD231PS 128(SI), Z4, Z2
	VFMADD231PS 192(SI), Z4, Z3
	VMOVUPS Z0, (DI)
	VMOVUPS Z1, 64(DI)
	VMOVUPS Z2, 128(DI)
	VMOVUPS Z3, 192(DI)
	ADDQ $256, SI
	ADDQ $256, DI
	SUBQ $64, CX
	JGE  four

rest:
	ADDQ $48, CX
	JLT  tail

one:
	VMOVUPS (DI), Z0
	VFMADD231PS (SI), Z4, Z0
	VMOVUPS Z0, (DI)
	ADDQ $64, SI
	ADDQ $64, DI
	SUBQ $16, CX
	JGE  one

tail:
	ADDQ $16, CX
	JZ   done
	TAILMASK
	VMOVUPS.Z (DI), K1, Z0
	VFMADD231PS (SI), Z4, K1, Z0
	VMOVUPS Z0, K1, (DI)

done:
	VZEROUPPER
	RET

// func softmaxGrad512(dx, y, dy *float32, n int, delta float32): dx = y * (dy - delta)
TEXT ·softmaxGrad512(SB), NOSPLIT, $0-36
	MOVQ dx+0(FP), DI
	MOVQ y+8(FP), SI
	MOVQ dy+16(FP), BX
	MOVQ n+24(FP), CX
	VBROADCASTSS delta+32(FP), Z4
	SUBQ $32, CX
	JLT  rest

two:
	VMOVUPS (BX), Z0
	VMOVUPS 64(BX), Z1
	VSUBPS Z4, Z0, Z0           // dy - delta
	VSUBPS Z4, Z1, Z1
	VMULPS (SI), Z0, Z0         // times y
	VMULPS 64(SI), Z1, Z1
	VMOVUPS Z0, (DI)
	VMOVUPS Z1, 64(DI)
	ADDQ $128, SI
	ADDQ $128, BX
	ADDQ $128, DI
	SUBQ $32, CX
	JGE  two

rest:
	ADDQ $16, CX
	JLT  tail
	VMOVUPS (BX), Z0
	VSUBPS Z4, Z0, Z0
	VMULPS (SI), Z0, Z0
	VMOVUPS Z0, (DI)
	ADDQ $64, SI
	ADDQ $64, BX
	ADDQ $64, DI
	SUBQ $16, CX

tail:
	ADDQ $16, CX
	JZ   done
	TAILMASK
	VMOVUPS.Z (BX), K1, Z0
	VSUBPS Z4, Z0, Z0
	VMULPS.Z (SI), Z0, K1, Z0
	VMOVUPS Z0, K1, (DI)

done:
	VZEROUPPER
	RET
