//go:build !purego

#include "textflag.h"

// Registers of the tile, half a panel wide
//	Y0–Y7  sums, two to a row    Y8, Y9  16 words of the panel    Y10, Y11  their magnitudes, byte by byte
//	Y12  one word of A, broadcast    Y13  products    Y14  16-bit ones    Y15  bytes of 128
//	R8–R11  rows of A    SI  bytes into a row    BX  panel of B    CX  steps left    DX  C    DI  bytes to the next row of C

// VPMADDUBSW multiplies unsigned with signed bytes and saturates its sums of two products at 16 bits. So it gets magnitudes of
// the panel, at most 128, and A, at most 127, with the panel's signs: two products stay below 32767. MULTIPLY adds the dot products
// of words to eight sums; A is in Y12, without its zero point:
//	t = |b|·(a·sign(b)) in pairs;  t = sums of two pairs;  s += t
#define MULTIPLY(b, magnitude, s) \
	VPSIGNB    b, Y12, Y13          \
	VPMADDUBSW Y13, magnitude, Y13  \
	VPMADDWD   Y14, Y13, Y13        \
	VPADDD     Y13, s, s

#define ROW(a, s0, s1) \
	VPBROADCASTD (a)(SI*1), Y12     \
	VPXOR        Y15, Y12, Y12      \
	MULTIPLY(Y8, Y10, s0)           \
	MULTIPLY(Y9, Y11, s1)

// NEXTROW makes the next row of A the same as this one when there is none, so that four rows can always be computed:
//	next = this;  if rows > number { next += lda }
#define NEXTROW(this, next, number) \
	MOVQ  this, next      \
	CMPQ  AX, $number     \
	JLE   2(PC)           \
	ADDQ  R15, next

// STORE writes a row of C, the scaled sums, and leaves when it was the last:
//	c = float32(s) * columnScales * rowScale + bias
#define STORE(s0, s1) \
	VBROADCASTSS (R14), Y10   \
	VCVTDQ2PS s0, s0          \
	VCVTDQ2PS s1, s1          \
	VMULPS    Y8, s0, s0      \
	VMULPS    Y9, s1, s1      \
	VMULPS    Y10, s0, s0     \
	VMULPS    Y10, s1, s1     \
	VADDPS    (SI), s0, s0    \
	VADDPS    32(SI), s1, s1  \
	VMOVUPS   s0, (DX)        \
	VMOVUPS   s1, 32(DX)      \
	ADDQ      $4, R14         \
	ADDQ      DI, DX          \
	DECQ      AX              \
	JZ        done

// func int8TileAVX2(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias, rowScales, columnScales *float32)
TEXT ·int8TileAVX2(SB), NOSPLIT, $0-80
	MOVQ rows+0(FP), AX
	MOVQ steps+8(FP), CX
	MOVQ a+16(FP), R8
	MOVQ lda+24(FP), R15
	MOVQ b+32(FP), BX
	MOVQ c+40(FP), DX
	MOVQ ldc+48(FP), DI
	SHLQ $2, R15                // in bytes
	SHLQ $2, DI
	NEXTROW(R8, R9, 1)
	NEXTROW(R9, R10, 2)
	NEXTROW(R10, R11, 3)
	XORQ SI, SI
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5
	VPXOR Y6, Y6, Y6
	VPXOR Y7, Y7, Y7
	VPCMPEQD Y14, Y14, Y14
	VPSRLW $15, Y14, Y14
	MOVL $0x80808080, R13
	VMOVD R13, X15
	VPBROADCASTD X15, Y15

loop:                           // for steps > 0: one step of the sum
	VMOVDQU (BX), Y8
	VMOVDQU 32(BX), Y9
	VPABSB Y8, Y10
	VPABSB Y9, Y11
	ROW(R8, Y0, Y1)
	ROW(R9, Y2, Y3)
	ROW(R10, Y4, Y5)
	ROW(R11, Y6, Y7)
	ADDQ $128, BX
	ADDQ $4, SI
	DECQ CX
	JNZ  loop

	MOVQ bias+56(FP), SI
	MOVQ rowScales+64(FP), R14
	MOVQ columnScales+72(FP), R15
	VMOVUPS (R15), Y8
	VMOVUPS 32(R15), Y9
	STORE(Y0, Y1)
	STORE(Y2, Y3)
	STORE(Y4, Y5)
	STORE(Y6, Y7)

done:
	VZEROUPPER
	RET

// func int8PeakAVX2(n int)
TEXT ·int8PeakAVX2(SB), NOSPLIT, $0-8
	MOVQ n+0(FP), CX

round:                          // eight independent sums hide the latency
	MULTIPLY(Y8, Y10, Y0)
	MULTIPLY(Y9, Y11, Y1)
	MULTIPLY(Y8, Y10, Y2)
	MULTIPLY(Y9, Y11, Y3)
	MULTIPLY(Y8, Y10, Y4)
	MULTIPLY(Y9, Y11, Y5)
	MULTIPLY(Y8, Y10, Y6)
	MULTIPLY(Y9, Y11, Y7)
	DECQ CX
	JNZ  round
	VZEROUPPER
	RET

// func maxBitsAVX2(x *float32, n int) uint32
TEXT ·maxBitsAVX2(SB), NOSPLIT, $0-20
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VPCMPEQD Y4, Y4, Y4
	VPSRLD $1, Y4, Y4           // all bits but the sign
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1

max:                            // for n > 0, 16 at a time: Y0, Y1 = max(Y0, Y1, bits of |x|)
	VPAND (SI), Y4, Y2
	VPAND 32(SI), Y4, Y3
	VPMAXUD Y2, Y0, Y0
	VPMAXUD Y3, Y1, Y1
	ADDQ $64, SI
	SUBQ $16, CX
	JNZ  max

	VPMAXUD Y1, Y0, Y0          // the largest of 16
	VEXTRACTI128 $1, Y0, X1
	VPMAXUD X1, X0, X0
	VPSHUFD $0x4E, X0, X1
	VPMAXUD X1, X0, X0
	VPSHUFD $0xB1, X0, X1
	VPMAXUD X1, X0, X0
	VMOVD X0, AX
	MOVL AX, ret+16(FP)
	VZEROUPPER
	RET

DATA gather<>+0(SB)/4, $0       // puts groups of four bytes into order again that VPACKSSDW and VPACKSSWB took apart
DATA gather<>+4(SB)/4, $4
DATA gather<>+8(SB)/4, $1
DATA gather<>+12(SB)/4, $5
DATA gather<>+16(SB)/4, $2
DATA gather<>+20(SB)/4, $6
DATA gather<>+24(SB)/4, $3
DATA gather<>+28(SB)/4, $7
GLOBL gather<>(SB), RODATA|NOPTR, $32

// func int8QuantizeAVX2(dst *uint32, x *float32, n int, inverse float32)
TEXT ·int8QuantizeAVX2(SB), NOSPLIT, $0-28
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS inverse+24(FP), Y4
	VMOVDQU gather<>(SB), Y5
	MOVL $0x80808080, AX
	VMOVD AX, X6
	VPBROADCASTD X6, Y6

quantize:                       // for n > 0, 32 at a time: dst = byte(round(x * inverse)) + 128
	VMULPS (SI), Y4, Y0
	VMULPS 32(SI), Y4, Y1
	VMULPS 64(SI), Y4, Y2
	VMULPS 96(SI), Y4, Y3
	VCVTPS2DQ Y0, Y0
	VCVTPS2DQ Y1, Y1
	VCVTPS2DQ Y2, Y2
	VCVTPS2DQ Y3, Y3
	VPACKSSDW Y1, Y0, Y0
	VPACKSSDW Y3, Y2, Y2
	VPACKSSWB Y2, Y0, Y0
	VPERMD Y0, Y5, Y0
	VPXOR Y6, Y0, Y0
	VMOVDQU Y0, (DI)
	ADDQ $128, SI
	ADDQ $32, DI
	SUBQ $32, CX
	JNZ  quantize
	VZEROUPPER
	RET
