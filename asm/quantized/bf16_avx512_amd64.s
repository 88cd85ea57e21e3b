//go:build !purego

#include "textflag.h"
#include "tile_avx512_amd64.h"

// DOT is VDPBF16PS, two fmas with one rounding each; numbers below 2^−126 count as zero. Go's assembler has no name for it.
#define DOT(b, a, s) EVEX512(2, 0x52, b, a, s) // s[j] += high(a)*high(b[j]); s[j] += low(a)*low(b[j])

// STORE writes a row of C and leaves when it was the last.
#define STORE(s0, s1) \
	VMOVUPS s0, (DX)   \ // c[i][0:16] = s0
	VMOVUPS s1, 64(DX) \ // c[i][16:32] = s1
	ADDQ    DI, DX     \ // c += a row
	DECQ    AX         \
	JZ      done         // if i++; i == rows { goto done }

// bf16TileAVX512Asm computes up to fourteen rows of C in one panel:
//
//	for i := range rows {
//		for j := range 32 {
//			s := bias[j]
//			for p := range steps {
//				s = fma(high(a[i*lda+p]), high(b[p*32+j]), s)
//				s = fma(low(a[i*lda+p]), low(b[p*32+j]), s)
//			}
//			c[i*ldc+j] = s
//		}
//	}
//
// steps ≥ 1. Meanwhile it fetches what is ahead, aheadStep bytes with every four steps. Registers: see low_avx512_amd64.h.
//
// func bf16TileAVX512Asm(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias, ahead *float32, aheadStep int)
TEXT ·bf16TileAVX512Asm(SB), NOSPLIT, $0-80
	MOVQ rows+0(FP), AX       // rows left
	MOVQ steps+8(FP), CX      // steps left
	MOVQ a+16(FP), R8         // a[0]
	MOVQ lda+24(FP), R15
	MOVQ b+32(FP), BX
	MOVQ c+40(FP), DX
	MOVQ ldc+48(FP), DI
	MOVQ bias+56(FP), SI      // bias[0:32], what the sums start with
	SHLQ $2, R15              // lda in bytes
	SHLQ $2, DI               // ldc in bytes
	FETCH(fetch)              // for i := range rows { fetch(c[i]) }
	START                     // s[i] = bias, for every row
	MOVQ ahead+64(FP), R14    // what to fetch
	MOVQ aheadStep+72(FP), SI // bytes of it for four steps
	SUMS                      // s[i] += a[i] · B, for every row

write:
	STORES                    // c[i] = s[i], for every row

done:
	VZEROUPPER
	RET

// bf16PeakAVX512Asm keeps the multipliers busy with operands in registers, to measure their peak.
//
// func bf16PeakAVX512Asm(n int)
TEXT ·bf16PeakAVX512Asm(SB), NOSPLIT, $0-8
	PEAK(round) // for range n { twelve DOTs }
	VZEROUPPER
	RET

// bf16ConvertAVX512Asm rounds n floats, a multiple of 32, to words of two bf16, the first one low:
//
//	for j := 0; j < n; j += 2 {
//		dst[j/2] = uint32(ToBF16(x[j])) | uint32(ToBF16(x[j+1]))<<16
//	}
//
// func bf16ConvertAVX512Asm(dst *uint32, x *float32, n int)
TEXT ·bf16ConvertAVX512Asm(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX

convert:                          // for ; n > 0; n -= 32 {
	VMOVUPS (SI), Z0          // x[0:16]
	VMOVUPS 64(SI), Z1        // x[16:32]
	EVEX512(3, 0x72, 0, 1, 2) // Z2 = bf16(Z0), bf16(Z1): VCVTNE2PS2BF16 Z0, Z1, Z2
	VMOVDQU32 Z2, (DI)        // dst[0:16] = words
	ADDQ $128, SI             // x += 32
	ADDQ $64, DI              // dst += 16
	SUBQ $32, CX              // n -= 32
	JNZ  convert              // }
	VZEROUPPER
	RET
