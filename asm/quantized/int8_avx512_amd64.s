//go:build !purego

#include "textflag.h"
#include "tile_avx512_amd64.h"

// VPDPBUSD: s[j] += Σ b[j].byte · a.byte, signed and unsigned bytes. The assembler knows it; by number it fits the shared tile.
#define DOT(b, a, s) EVEX512(1, 0x50, b, a, s)

// STORE writes a row of C, the scaled sums, and leaves when it was the last:
//	c = float32(s) * columnScales * rowScale + bias
#define STORE(s0, s1) \
	VBROADCASTSS (R14), Z30 \
	VCVTDQ2PS s0, s0        \
	VCVTDQ2PS s1, s1        \
	VMULPS    Z28, s0, s0   \
	VMULPS    Z29, s1, s1   \
	VMULPS    Z30, s0, s0   \
	VMULPS    Z30, s1, s1   \
	VADDPS    (SI), s0, s0  \
	VADDPS    64(SI), s1, s1 \
	VMOVUPS   s0, (DX)      \
	VMOVUPS   s1, 64(DX)    \
	ADDQ      $4, R14       \
	ADDQ      DI, DX        \
	DECQ      AX            \
	JZ        done

// func int8TileAVX512(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias, rowScales, columnScales *float32, start *int32, ahead *float32, aheadStep int)
TEXT ·int8TileAVX512(SB), NOSPLIT, $0-104
	MOVQ rows+0(FP), AX
	MOVQ steps+8(FP), CX
	MOVQ a+16(FP), R8
	MOVQ lda+24(FP), R15
	MOVQ b+32(FP), BX
	MOVQ c+40(FP), DX
	MOVQ ldc+48(FP), DI
	MOVQ start+80(FP), SI
	SHLQ $2, R15                // in bytes
	SHLQ $2, DI
	FETCH(fetch)
	START
	MOVQ ahead+88(FP), R14
	MOVQ aheadStep+96(FP), SI
	SUMS

write:
	MOVQ rowScales+64(FP), R14
	MOVQ columnScales+72(FP), SI
	VMOVUPS (SI), Z28
	VMOVUPS 64(SI), Z29
	MOVQ bias+56(FP), SI
	STORES

done:
	VZEROUPPER
	RET

// func int8PeakAVX512(n int)
TEXT ·int8PeakAVX512(SB), NOSPLIT, $0-8
	PEAK(round)
	VZEROUPPER
	RET

// func maxBitsAVX512(x *float32, n int) uint32
TEXT ·maxBitsAVX512(SB), NOSPLIT, $0-20
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	MOVL $0x7FFFFFFF, AX
	VPBROADCASTD AX, Z4
	VPXORD Z0, Z0, Z0
	VPXORD Z1, Z1, Z1

max:                            // for n > 0, 32 at a time: Z0, Z1 = max(Z0, Z1, bits of |x|)
	VPANDD (SI), Z4, Z2
	VPANDD 64(SI), Z4, Z3
	VPMAXUD Z2, Z0, Z0
	VPMAXUD Z3, Z1, Z1
	ADDQ $128, SI
	SUBQ $32, CX
	JNZ  max

	VPMAXUD Z1, Z0, Z0          // the largest of 32
	VEXTRACTI64X4 $1, Z0, Y1
	VPMAXUD Y1, Y0, Y0
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

// func int8QuantizeAVX512(dst *uint32, x *float32, n int, inverse float32)
TEXT ·int8QuantizeAVX512(SB), NOSPLIT, $0-28
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS inverse+24(FP), Z4
	MOVL $0x80808080, AX
	VPBROADCASTD AX, X5

quantize:                       // for n > 0, 32 at a time: dst = byte(round(x * inverse)) + 128
	VMULPS (SI), Z4, Z0
	VMULPS 64(SI), Z4, Z1
	VCVTPS2DQ Z0, Z0
	VCVTPS2DQ Z1, Z1
	VPMOVDB Z0, X0
	VPMOVDB Z1, X1
	VPXOR X5, X0, X0
	VPXOR X5, X1, X1
	VMOVDQU X0, (DI)
	VMOVDQU X1, 16(DI)
	ADDQ $128, SI
	ADDQ $32, DI
	SUBQ $32, CX
	JNZ  quantize
	VZEROUPPER
	RET
