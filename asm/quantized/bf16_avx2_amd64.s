//go:build !purego

#include "textflag.h"

// Registers of the tile, half a panel wide
//	Y0–Y11  sums, two to a row          Y12, Y13  halves of 16 words of the panel
//	Y14  a half of one word of A, broadcast    Y15  selects the upper half of a word
//	R8–R13  rows of A    SI  bytes into a row    BX  panel of B    CX  steps left    DX  C    DI  bytes to the next row of C

// A bfloat16 is the upper half of a float32: of a word's two, the upper is a float32 when the lower half is cleared, and the
// lower when it is shifted up. UPPER and LOWER add the product of halves to the sums of a row, in the order of VDPBF16PS:
//	t = half of a[i][s];  s0 += t * b[s][0:8];  s1 += t * b[s][8:16]
#define UPPER(a, s0, s1) \
	VPBROADCASTD (a)(SI*1), Y14 \
	VPAND        Y15, Y14, Y14  \
	VFMADD231PS  Y12, Y14, s0   \
	VFMADD231PS  Y13, Y14, s1

#define LOWER(a, s0, s1) \
	VPBROADCASTD (a)(SI*1), Y14 \
	VPSLLD       $16, Y14, Y14  \
	VFMADD231PS  Y12, Y14, s0   \
	VFMADD231PS  Y13, Y14, s1

// NEXTROW makes the next row of A the same as this one when there is none, so that six rows can always be computed:
//	next = this;  if rows > number { next += lda }
#define NEXTROW(this, next, number) \
	MOVQ  this, next      \
	CMPQ  AX, $number     \
	JLE   2(PC)           \
	ADDQ  R15, next

// STORE writes a row of C and leaves when it was the last.
#define STORE(s0, s1) \
	VMOVUPS s0, (DX)      \
	VMOVUPS s1, 32(DX)    \
	ADDQ    DI, DX        \
	DECQ    AX            \
	JZ      done

// func bf16TileAVX2(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias *float32)
TEXT ·bf16TileAVX2(SB), NOSPLIT, $0-64
	MOVQ rows+0(FP), AX
	MOVQ steps+8(FP), CX
	MOVQ a+16(FP), R8
	MOVQ lda+24(FP), R15
	MOVQ b+32(FP), BX
	MOVQ c+40(FP), DX
	MOVQ ldc+48(FP), DI
	MOVQ bias+56(FP), R14
	SHLQ $2, R15                // in bytes
	SHLQ $2, DI
	NEXTROW(R8, R9, 1)
	NEXTROW(R9, R10, 2)
	NEXTROW(R10, R11, 3)
	NEXTROW(R11, R12, 4)
	NEXTROW(R12, R13, 5)
	XORQ SI, SI
	VMOVUPS (R14), Y0           // the sums of every row start with the bias
	VMOVUPS 32(R14), Y1
	VMOVAPS Y0, Y2
	VMOVAPS Y1, Y3
	VMOVAPS Y0, Y4
	VMOVAPS Y1, Y5
	VMOVAPS Y0, Y6
	VMOVAPS Y1, Y7
	VMOVAPS Y0, Y8
	VMOVAPS Y1, Y9
	VMOVAPS Y0, Y10
	VMOVAPS Y1, Y11
	VPCMPEQD Y15, Y15, Y15
	VPSLLD $16, Y15, Y15

loop:                           // for steps > 0: one step of the sum
	VPAND (BX), Y15, Y12
	VPAND 32(BX), Y15, Y13
	UPPER(R8, Y0, Y1)
	UPPER(R9, Y2, Y3)
	UPPER(R10, Y4, Y5)
	UPPER(R11, Y6, Y7)
	UPPER(R12, Y8, Y9)
	UPPER(R13, Y10, Y11)
	VMOVDQU (BX), Y12
	VMOVDQU 32(BX), Y13
	VPSLLD $16, Y12, Y12
	VPSLLD $16, Y13, Y13
	LOWER(R8, Y0, Y1)
	LOWER(R9, Y2, Y3)
	LOWER(R10, Y4, Y5)
	LOWER(R11, Y6, Y7)
	LOWER(R12, Y8, Y9)
	LOWER(R13, Y10, Y11)
	ADDQ $128, BX
	ADDQ $4, SI
	DECQ CX
	JNZ  loop

	STORE(Y0, Y1)
	STORE(Y2, Y3)
	STORE(Y4, Y5)
	STORE(Y6, Y7)
	STORE(Y8, Y9)
	STORE(Y10, Y11)

done:
	VZEROUPPER
	RET

// ROUND rounds eight floats in x to bfloat16s in their lower halves, as ToBF16 does; t and u are free for use:
//	t = x is NaN;  u = (x | quiet) where t, x + 0x7FFF + x>>16&1 elsewhere;  sign only where the exponent is 0;  x = u >> 16
#define ROUND(x, t, u) \
	VPSRLD    $16, x, u        \
	VPAND     Y8, u, u         \
	VPADDD    Y9, u, u         \
	VPADDD    x, u, u          \
	VCMPPS    $3, x, x, t      \
	VPOR      Y11, x, Y14      \
	VBLENDVPS t, Y14, u, u     \
	VPAND     Y10, x, t        \
	VPCMPEQD  Y13, t, t        \
	VPAND     Y12, x, Y14      \
	VBLENDVPS t, Y14, u, u     \
	VPSRLD    $16, u, x

// CONSTANT fills d with a 32-bit number.
#define CONSTANT(number, x, d) \
	MOVL         $number, AX   \
	VMOVD        AX, x         \
	VPBROADCASTD x, d

// func bf16ConvertAVX2(dst *uint32, x *float32, n int)
TEXT ·bf16ConvertAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	CONSTANT(1, X8, Y8)
	CONSTANT(0x7FFF, X9, Y9)
	CONSTANT(0x7F800000, X10, Y10)  // exponent
	CONSTANT(0x00400000, X11, Y11)  // quiet
	CONSTANT(0x80000000, X12, Y12)  // sign
	VPXOR Y13, Y13, Y13

convert:                        // for n > 0, 16 at a time: dst = bf16(x)
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	ROUND(Y0, Y2, Y3)
	ROUND(Y1, Y4, Y5)
	VPACKUSDW Y1, Y0, Y0        // in each half of the register four of Y0, four of Y1
	VPERMQ $0xD8, Y0, Y0
	VMOVDQU Y0, (DI)
	ADDQ $64, SI
	ADDQ $32, DI
	SUBQ $16, CX
	JNZ  convert
	VZEROUPPER
	RET
