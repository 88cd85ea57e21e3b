//go:build !purego

#include "textflag.h"
#include "low_avx2_amd64.h"

// VPMADDUBSW would multiply bytes at once, but saturate its sums of two at 16 bits. So the even and the odd bytes of a word are
// widened to 16 bits, unsigned in A and signed in the panel, and VPMADDWD adds two products to exact 32 bits.
#define LEFTA \
	VPSLLW $8, Y14, Y14        \
	VPSRLW $8, Y14, Y14
#define LEFTB \
	VMOVDQU (BX), Y12          \
	VMOVDQU 32(BX), Y13        \
	VPSLLW $8, Y12, Y12        \
	VPSLLW $8, Y13, Y13        \
	VPSRAW $8, Y12, Y12        \
	VPSRAW $8, Y13, Y13
#define RIGHTA \
	VPSRLW $8, Y14, Y14
#define RIGHTB \
	VMOVDQU (BX), Y12          \
	VMOVDQU 32(BX), Y13        \
	VPSRAW $8, Y12, Y12        \
	VPSRAW $8, Y13, Y13
#define MULTIPLY(s0, s1) \
	VPMADDWD Y12, Y14, Y15     \
	VPADDD   Y15, s0, s0       \
	VPMADDWD Y13, Y14, Y15     \
	VPADDD   Y15, s1, s1

// STORE writes a row of C, the scaled sums, and leaves when it was the last:
//	c = float32(s) * columnScales * rowScale + bias
#define STORE(s0, s1) \
	VBROADCASTSS (R14), Y14 \
	VCVTDQ2PS s0, s0        \
	VCVTDQ2PS s1, s1        \
	VMULPS    Y12, s0, s0   \
	VMULPS    Y13, s1, s1   \
	VMULPS    Y14, s0, s0   \
	VMULPS    Y14, s1, s1   \
	VADDPS    (SI), s0, s0  \
	VADDPS    32(SI), s1, s1 \
	VMOVUPS   s0, (DX)      \
	VMOVUPS   s1, 32(DX)    \
	ADDQ      $4, R14       \
	ADDQ      DI, DX        \
	DECQ      AX            \
	JZ        done

// func int8TileAVX2(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias, rowScales, columnScales *float32, start *int32)
TEXT ·int8TileAVX2(SB), NOSPLIT, $0-88
	ARGUMENTS
	MOVQ start+80(FP), R14
	START

loop:                           // for steps > 0: one step
	STEP
	DECQ CX
	JNZ  loop

	MOVQ rowScales+64(FP), R14
	MOVQ columnScales+72(FP), R15
	MOVQ bias+56(FP), SI
	VMOVUPS (R15), Y12
	VMOVUPS 32(R15), Y13
	STORE(Y0, Y1)
	STORE(Y2, Y3)
	STORE(Y4, Y5)
	STORE(Y6, Y7)
	STORE(Y8, Y9)
	STORE(Y10, Y11)

done:
	VZEROUPPER
	RET

// func int8PeakAVX2(n int)
TEXT ·int8PeakAVX2(SB), NOSPLIT, $0-8
	MOVQ n+0(FP), CX
	VPXOR Y12, Y12, Y12
	VPXOR Y13, Y13, Y13
	VPXOR Y14, Y14, Y14

round:                          // twelve independent sums hide the latency
	MULTIPLY(Y0, Y1)
	MULTIPLY(Y2, Y3)
	MULTIPLY(Y4, Y5)
	MULTIPLY(Y6, Y7)
	MULTIPLY(Y8, Y9)
	MULTIPLY(Y10, Y11)
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
