//go:build !purego

#include "textflag.h"
#include "tile_avx512_amd64.h"

// VDPBF16PS: s[j] += b[j].odd · a.odd + b[j].even · a.even, on pairs of bf16. Go's assembler has no name for it.
#define DOT(b, a, s) EVEX512(2, 0x52, b, a, s)

// STORE writes a row of C and leaves when it was the last.
#define STORE(s0, s1) \
	VMOVUPS s0, (DX)      \
	VMOVUPS s1, 64(DX)    \
	ADDQ    DI, DX        \
	DECQ    AX            \
	JZ      done

// func bf16TileAVX512(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias, ahead *float32, aheadStep int)
TEXT ·bf16TileAVX512(SB), NOSPLIT, $0-80
	MOVQ rows+0(FP), AX
	MOVQ steps+8(FP), CX
	MOVQ a+16(FP), R8
	MOVQ lda+24(FP), R15
	MOVQ b+32(FP), BX
	MOVQ c+40(FP), DX
	MOVQ ldc+48(FP), DI
	MOVQ bias+56(FP), SI
	SHLQ $2, R15                // in bytes
	SHLQ $2, DI
	FETCH(fetch)
	START
	MOVQ ahead+64(FP), R14
	MOVQ aheadStep+72(FP), SI
	SUMS

write:
	STORES

done:
	VZEROUPPER
	RET

// func bf16PeakAVX512(n int)
TEXT ·bf16PeakAVX512(SB), NOSPLIT, $0-8
	PEAK(round)
	VZEROUPPER
	RET

// func bf16ConvertAVX512(dst *uint32, x *float32, n int)
TEXT ·bf16ConvertAVX512(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX

convert:                        // for n > 0, 32 at a time: dst = bf16(x)
	VMOVUPS (SI), Z0
	VMOVUPS 64(SI), Z1
	EVEX512(3, 0x72, 0, 1, 2)   // VCVTNE2PS2BF16 Z0, Z1, Z2: Z2 = bf16(Z0), bf16(Z1)
	VMOVDQU32 Z2, (DI)
	ADDQ $128, SI
	ADDQ $64, DI
	SUBQ $32, CX
	JNZ  convert
	VZEROUPPER
	RET
