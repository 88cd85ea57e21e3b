//go:build !purego

#include "textflag.h"

// FOUR transposes 4×4 blocks: of rows r0–r3 of sixteen columns, s0–s3 get, in each quarter L, the four rows of columns 4L, 4L+1,
// 4L+2 and 4L+3.
#define FOUR(r0, r1, r2, r3, s0, s1, s2, s3) \
	VUNPCKLPS r1, r0, s0 \
	VUNPCKHPS r1, r0, s1 \
	VUNPCKLPS r3, r2, s2 \
	VUNPCKHPS r3, r2, s3 \
	VUNPCKLPD s2, s0, r0 \
	VUNPCKHPD s2, s0, r1 \
	VUNPCKLPD s3, s1, r2 \
	VUNPCKHPD s3, s1, r3 \
	VMOVAPS   r0, s0     \
	VMOVAPS   r1, s1     \
	VMOVAPS   r2, s2     \
	VMOVAPS   r3, s3

// QUARTERS writes columns j, 4+j, 8+j and 12+j, of which a, b, c and d hold rows 0–3, 4–7, 8–11 and 12–15 a quarter each. A column
// becomes a row of dst, 256 bytes from the next; j is 256·j.
#define QUARTERS(a, b, c, d, j) \
	VSHUFF32X4 $0x88, b, a, Z0   \
	VSHUFF32X4 $0xdd, b, a, Z1   \
	VSHUFF32X4 $0x88, d, c, Z2   \
	VSHUFF32X4 $0xdd, d, c, Z3   \
	VSHUFF32X4 $0x88, Z2, Z0, Z4 \
	VSHUFF32X4 $0x88, Z3, Z1, Z5 \
	VSHUFF32X4 $0xdd, Z2, Z0, Z6 \
	VSHUFF32X4 $0xdd, Z3, Z1, Z7 \
	VMOVUPS Z4, (j)(DI)          \
	VMOVUPS Z5, (j+1024)(DI)     \
	VMOVUPS Z6, (j+2048)(DI)     \
	VMOVUPS Z7, (j+3072)(DI)

// func attentionTransposeAsm(dst, src *float32, stride, n int)
TEXT ·attentionTransposeAsm(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ stride+16(FP), R8
	MOVQ n+24(FP), CX
	SHLQ $2, R8
	LEAQ (R8)(R8*2), R9         // three rows

block:                          // for n > 0, n -= 16: sixteen rows by sixteen columns
	MOVQ SI, BX
	VMOVUPS (BX), Z0
	VMOVUPS (BX)(R8*1), Z1
	VMOVUPS (BX)(R8*2), Z2
	VMOVUPS (BX)(R9*1), Z3
	LEAQ (BX)(R8*4), BX
	VMOVUPS (BX), Z4
	VMOVUPS (BX)(R8*1), Z5
	VMOVUPS (BX)(R8*2), Z6
	VMOVUPS (BX)(R9*1), Z7
	LEAQ (BX)(R8*4), BX
	VMOVUPS (BX), Z8
	VMOVUPS (BX)(R8*1), Z9
	VMOVUPS (BX)(R8*2), Z10
	VMOVUPS (BX)(R9*1), Z11
	LEAQ (BX)(R8*4), BX
	VMOVUPS (BX), Z12
	VMOVUPS (BX)(R8*1), Z13
	VMOVUPS (BX)(R8*2), Z14
	VMOVUPS (BX)(R9*1), Z15
	FOUR(Z0, Z1, Z2, Z3, Z16, Z17, Z18, Z19)
	FOUR(Z4, Z5, Z6, Z7, Z20, Z21, Z22, Z23)
	FOUR(Z8, Z9, Z10, Z11, Z24, Z25, Z26, Z27)
	FOUR(Z12, Z13, Z14, Z15, Z28, Z29, Z30, Z31)
	QUARTERS(Z16, Z20, Z24, Z28, 0)
	QUARTERS(Z17, Z21, Z25, Z29, 256)
	QUARTERS(Z18, Z22, Z26, Z30, 512)
	QUARTERS(Z19, Z23, Z27, Z31, 768)
	ADDQ $64, SI
	ADDQ $4096, DI
	SUBQ $16, CX
	JG   block
	VZEROUPPER
	RET
