//go:build !purego

#include "textflag.h"
#include "low_avx2_amd64.h"

// A bfloat16 is the upper half of a float32: of a word's two, the upper is a float32 when the lower half is cleared, and the
// lower when it is shifted up. As VDPBF16PS does, the upper ones come first.
#define LEFTA \
	VPAND Y15, Y14, Y14
#define LEFTB \
	VPAND (BX), Y15, Y12       \
	VPAND 32(BX), Y15, Y13
#define RIGHTA \
	VPSLLD $16, Y14, Y14
#define RIGHTB \
	VMOVDQU (BX), Y12          \
	VMOVDQU 32(BX), Y13        \
	VPSLLD $16, Y12, Y12       \
	VPSLLD $16, Y13, Y13
#define MULTIPLY(s0, s1) \
	VFMADD231PS Y12, Y14, s0   \
	VFMADD231PS Y13, Y14, s1

// STORE writes a row of C and leaves when it was the last.
#define STORE(s0, s1) \
	VMOVUPS s0, (DX)      \
	VMOVUPS s1, 32(DX)    \
	ADDQ    DI, DX        \
	DECQ    AX            \
	JZ      done

// func bf16TileAVX2(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias *float32)
TEXT ·bf16TileAVX2(SB), NOSPLIT, $0-64
	ARGUMENTS
	MOVQ bias+56(FP), R14
	START
	VPCMPEQD Y15, Y15, Y15
	VPSLLD $16, Y15, Y15        // the upper halves

loop:                           // for steps > 0: one step
	STEP
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
