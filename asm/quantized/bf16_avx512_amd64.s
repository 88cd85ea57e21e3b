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

// FIRST loads what the sums of a row start with, and goes on when it was the last.
#define FIRST(s0, s1) \
	VMOVUPS (SI), s0   \ // s0 = bias[i][0:16]
	VMOVUPS 64(SI), s1 \ // s1 = bias[i][16:32]
	ADDQ    R14, SI    \ // bias += a row
	DECQ    R12        \
	JZ      sums         // if i++; i == rows { goto sums }

// bf16TileAVX512Asm computes up to fourteen rows of C in one panel:
//
//	for i := range rows {
//		for j := range 32 {
//			s := bias[i*ldBias+j]
//			for p := range steps {
//				s = fma(high(a[i*lda+p]), high(b[p*32+j]), s)
//				s = fma(low(a[i*lda+p]), low(b[p*32+j]), s)
//			}
//			c[i*ldc+j] = s
//		}
//	}
//
// steps ≥ 1. Meanwhile it fetches 128 bytes of each row of results, which are ldResults bytes apart, and what is ahead, aheadStep bytes with
// every four steps. Registers: see tile_avx512_amd64.h.
//
// func bf16TileAVX512Asm(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias *float32, ldBias int,
//	ahead *float32, aheadStep int, results unsafe.Pointer, ldResults int)
TEXT ·bf16TileAVX512Asm(SB), NOSPLIT, $16-104
	MOVQ rows+0(FP), AX       // rows left
	MOVQ steps+8(FP), CX      // steps left
	MOVQ a+16(FP), R8         // a[0]
	MOVQ lda+24(FP), R15
	MOVQ b+32(FP), BX
	MOVQ c+40(FP), DX
	MOVQ ldc+48(FP), DI
	SHLQ $2, R15              // lda in bytes
	SHLQ $2, DI               // ldc in bytes
	MOVQ results+88(FP), R13
	MOVQ ldResults+96(FP), R12
	RESULTS(fetch, begun)     // for i := range rows { fetch(results[i]) }, from here on
	MOVQ bias+56(FP), SI      // what the sums start with
	MOVQ ldBias+64(FP), R14
	SHLQ $2, R14              // ldBias in bytes
	MOVQ AX, R12              // rows left
	FIRST(Z0, Z1)             // s[0] = bias[0]
	FIRST(Z2, Z3)             // s[1] = bias[1]
	FIRST(Z4, Z5)             // s[2] = bias[2]
	FIRST(Z6, Z7)             // s[3] = bias[3]
	FIRST(Z8, Z9)             // s[4] = bias[4]
	FIRST(Z10, Z11)           // s[5] = bias[5]
	FIRST(Z12, Z13)           // s[6] = bias[6]
	FIRST(Z14, Z15)           // s[7] = bias[7]
	FIRST(Z16, Z17)           // s[8] = bias[8]
	FIRST(Z18, Z19)           // s[9] = bias[9]
	FIRST(Z20, Z21)           // s[10] = bias[10]
	FIRST(Z22, Z23)           // s[11] = bias[11]
	FIRST(Z24, Z25)           // s[12] = bias[12]
	FIRST(Z26, Z27)           // s[13] = bias[13]

sums:
	MOVQ ahead+72(FP), R14    // what to fetch
	MOVQ aheadStep+80(FP), SI // bytes of it for four steps
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
	PREFETCHT0 2048(SI)       // fetch(x[512:])
	PREFETCHT0 2112(SI)
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

// INDEX fills Z31 with 0, 16, 1, 17 …: where the 16-bit numbers of the words are found that join the lower half of a register and its
// upper one.
#define INDEX \
	MOVQ        $0x0706050403020100, AX \
	VMOVQ       AX, X0                  \
	MOVQ        $0x0F0E0D0C0B0A0908, AX \
	VPINSRQ     $1, AX, X0, X0          \ // bytes 0 to 15
	VPMOVZXBD   X0, Z31                 \ // words 0 to 15
	VPADDD      Z30, Z31, Z29           \ // 16 to 31
	VPSLLD      $16, Z29, Z29           \
	VPORD       Z29, Z31, Z31             // 0 | 16<<16, 1 | 17<<16 …

// PAIRS makes words of two rows of numbers, side by side, in panels of 32 words:
//
//	for s := range steps {
//		for i := range 32 * panels { // of the last 32 those in mask
//			dst[i/32*panel+s*ldd+i%32] = uint32(bf16(x[2*s*ldx+i])) | uint32(bf16(x[(2*s+1)*ldx+i]))<<16
//		}
//	}
//
//	DI  dst    R8  bytes to its next row    R11  bytes to its next panel    SI  x    R10  bytes to its next row    CX  steps left
//	DX, AX  the row in dst, in x    R9  panels    BX  those left    K1, K2  the halves of mask
#define PAIRS(shift, vector, WORDS, WORDSMASKED) \
	MOVL  $16, AX               \
	VPBROADCASTD AX, Z30        \
	INDEX                       \
	KSHIFTRD $16, K1, K2        \
	SHLQ  $2, R8                \ // ldd in bytes
	SHLQ  $2, R11               \ // panel in bytes
	SHLQ  $shift, R10           \ // ldx in bytes
step:                               \ // for range steps {
	MOVQ  SI, AX                \ // from = x
	MOVQ  DI, DX                \ // to = dst
	MOVQ  R9, BX                \ // q = panels
	DECQ  BX                    \ // q--
	JZ    last                  \ // if q == 0 { goto last }
next:                               \ // for ; q > 0; q-- {
	WORDS(0, Z0, Y0)            \ // w = words of from[0:16] and from[ldx:ldx+16]
	WORDS(vector, Z1, Y1)       \ // u = words of from[16:32] and from[ldx+16:ldx+32]
	VMOVDQU32 Z0, (DX)          \ // to[0:16] = w
	VMOVDQU32 Z1, 64(DX)        \ // to[16:32] = u
	ADDQ  $(2*vector), AX       \ // from += 32
	ADDQ  R11, DX               \ // to += panel
	DECQ  BX                    \
	JNZ   next                  \ // }
last:                               \
	WORDSMASKED(0, K1, Z0)      \ // w = words of those in mask
	WORDSMASKED(vector, K2, Z1) \
	VMOVDQU32 Z0, K1, (DX)      \ // to[0:16] = w, those in mask
	VMOVDQU32 Z1, K2, 64(DX)    \ // to[16:32] = u, those in mask
	LEAQ  (SI)(R10*2), SI       \ // x += two rows
	ADDQ  R8, DI                \ // dst += a row
	DECQ  CX                    \
	JNZ   step                  \ // }
	VZEROUPPER

// WORDS32 rounds sixteen numbers of two rows and joins them.
#define WORDS32(at, w, half) \
	VMOVUPS at(AX), Z2          \ // x = from[0:16]
	VMOVUPS at(AX)(R10*1), Z3   \ // y = from[ldx:ldx+16]
	EVEX512(3, 0x72, 2, 3, 2)   \ // Z2 = bf16(x), bf16(y): VCVTNE2PS2BF16 Z2, Z3, Z2
	VPERMW Z2, Z31, w             // w = x[0] y[0] x[1] y[1] …

#define WORDS32MASKED(at, mask, w) \
	VMOVUPS.Z at(AX), mask, Z2        \ // x = from[0:16], those in mask
	VMOVUPS.Z at(AX)(R10*1), mask, Z3 \ // y = from[ldx:ldx+16], those in mask
	EVEX512(3, 0x72, 2, 3, 2)         \ // Z2 = bf16(x), bf16(y)
	VPERMW Z2, Z31, w                   // w = x[0] y[0] x[1] y[1] …

// WORDS16 joins sixteen bfloat16s of two rows.
#define WORDS16(at, w, half) \
	VMOVDQU at(AX), half                    \ // x = from[0:16]
	VINSERTI64X4 $1, at(AX)(R10*1), w, w    \ // x, y = from[ldx:ldx+16]
	VPERMW w, Z31, w                          // w = x[0] y[0] x[1] y[1] …

#define WORDS16MASKED(at, mask, w) \
	VMOVDQU16.Z at(AX), mask, Y2        \ // x = from[0:16], those in mask
	VMOVDQU16.Z at(AX)(R10*1), mask, Y3 \ // y = from[ldx:ldx+16], those in mask
	VINSERTI64X4 $1, Y3, Z2, Z2         \ // x, y
	VPERMW Z2, Z31, w                     // w = x[0] y[0] x[1] y[1] …

// func bf16PairsAVX512Asm(dst *uint32, ldd, panel int, x *float32, ldx, steps, panels int, mask uint64)
TEXT ·bf16PairsAVX512Asm(SB), NOSPLIT, $0-64
	MOVQ  dst+0(FP), DI
	MOVQ  ldd+8(FP), R8
	MOVQ  panel+16(FP), R11
	MOVQ  x+24(FP), SI
	MOVQ  ldx+32(FP), R10
	MOVQ  steps+40(FP), CX
	MOVQ  panels+48(FP), R9
	KMOVQ mask+56(FP), K1
	PAIRS(2, 64, WORDS32, WORDS32MASKED)
	RET

// func bf16Pairs16AVX512Asm(dst *uint32, ldd, panel int, x *uint16, ldx, steps, panels int, mask uint64)
TEXT ·bf16Pairs16AVX512Asm(SB), NOSPLIT, $0-64
	MOVQ  dst+0(FP), DI
	MOVQ  ldd+8(FP), R8
	MOVQ  panel+16(FP), R11
	MOVQ  x+24(FP), SI
	MOVQ  ldx+32(FP), R10
	MOVQ  steps+40(FP), CX
	MOVQ  panels+48(FP), R9
	KMOVQ mask+56(FP), K1
	PAIRS(1, 32, WORDS16, WORDS16MASKED)
	RET
