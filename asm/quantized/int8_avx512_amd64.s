//go:build !purego

#include "textflag.h"
#include "tile_avx512_amd64.h"

// DOT is VPDPBUSD: it adds the products of the four unsigned bytes of a and the signed ones of b[j], exact in int32. The assembler
// knows it; by number it fits the shared tile.
#define DOT(b, a, s) EVEX512(1, 0x50, b, a, s) // s[j] += a · b[j]

// STORE writes a row of C, the scaled sums, and leaves when it was the last. Each operation rounds, as in the reference: an fma
// would change bits.
#define STORE(s0, s1) \
	VBROADCASTSS (R14), Z30  \ // rowScales[i]
	VCVTDQ2PS s0, s0         \ // y0 = float32(s0)
	VCVTDQ2PS s1, s1         \ // y1 = float32(s1)
	VMULPS    Z28, s0, s0    \ // y0 *= columnScales[0:16]
	VMULPS    Z29, s1, s1    \ // y1 *= columnScales[16:32]
	VMULPS    Z30, s0, s0    \ // y0 *= rowScales[i]
	VMULPS    Z30, s1, s1    \ // y1 *= rowScales[i]
	VADDPS    (SI), s0, s0   \ // y0 += bias[0:16]
	VADDPS    64(SI), s1, s1 \ // y1 += bias[16:32]
	VMOVUPS   s0, (DX)       \ // c[i][0:16] = y0
	VMOVUPS   s1, 64(DX)     \ // c[i][16:32] = y1
	ADDQ      $4, R14        \ // rowScales++
	ADDQ      DI, DX         \ // c += a row
	DECQ      AX             \
	JZ        done             // if i++; i == rows { goto done }

// int8SweepAVX512Asm computes up to fourteen rows of C in panels that follow each other, a tile for each:
//
//	for range panels {
//		for i := range rows {
//			for j := range 32 {
//				s := start[j] // −128·Σ b, which takes the zero point of A out
//				for p := range steps {
//					for q := range 4 { // bytes of a word
//						s += a[i*lda+p].bytes[q] * b[p*32+j].bytes[q]
//					}
//				}
//				c[i*ldc+j] = float32(s)*columnScales[j]*rowScales[i] + bias[j]
//			}
//		}
//		b, c, bias, columnScales, start = b[steps*32:], c[32:], bias[32:], columnScales[32:], start[32:]
//	}
//
// panels, rows, steps ≥ 1. Meanwhile it fetches 128 bytes of each row of c, and of what is ahead, which moves on by aheadPanel bytes with every
// panel, aheadStep bytes with every four steps. Registers: see tile_avx512_amd64.h, and once the sums are complete
//
//	R14  scale of the row    SI  bias    Z28, Z29  columnScales    Z30  rowScales[i]
//
// func int8SweepAVX512Asm(panels, rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias, rowScales, columnScales *float32, start *int32, ahead *float32, aheadPanel, aheadStep int)
TEXT ·int8SweepAVX512Asm(SB), NOSPLIT, $16-120
tile:                                // for ; panels > 0; panels-- {
	MOVQ rows+8(FP), AX          // rows left
	MOVQ steps+16(FP), CX        // steps left
	MOVQ a+24(FP), R8            // a[0]
	MOVQ lda+32(FP), R15
	MOVQ b+40(FP), BX
	MOVQ c+48(FP), DX
	MOVQ ldc+56(FP), DI
	MOVQ start+88(FP), SI        // start[0:32], what the sums start with
	SHLQ $2, R15                 // lda in bytes
	SHLQ $2, DI                  // ldc in bytes
	MOVQ DX, R13                 // the results are c
	MOVQ DI, R12
	RESULTS(fetch, begun)        // for i := range rows { fetch(c[i]) }, from here on
	START                        // s[i] = start, for every row
	MOVQ ahead+96(FP), R14       // what to fetch
	MOVQ aheadStep+112(FP), SI   // bytes of it for four steps
	SUMS                         // s[i] += a[i] · B, for every row

write:
	MOVQ rowScales+72(FP), R14   // &rowScales[0]
	MOVQ columnScales+80(FP), SI
	VMOVUPS (SI), Z28            // columnScales[0:16]
	VMOVUPS 64(SI), Z29          // columnScales[16:32]
	MOVQ bias+64(FP), SI         // &bias[0]
	STORES                       // c[i] = scaled s[i], for every row

done:
	MOVQ BX, b+40(FP)            // b = b[steps*32:], where the sums have ended
	ADDQ $128, c+48(FP)          // c = c[32:]
	ADDQ $128, bias+64(FP)       // bias = bias[32:]
	ADDQ $128, columnScales+80(FP)
	ADDQ $128, start+88(FP)
	MOVQ aheadPanel+104(FP), SI
	ADDQ SI, ahead+96(FP)        // ahead += aheadPanel bytes
	DECQ panels+0(FP)
	JNZ  tile                    // }
	VZEROUPPER
	RET

// int8PeakAVX512Asm keeps the multipliers busy with operands in registers, to measure their peak.
//
// func int8PeakAVX512Asm(n int)
TEXT ·int8PeakAVX512Asm(SB), NOSPLIT, $0-8
	PEAK(round) // for range n { twelve DOTs }
	VZEROUPPER
	RET

// maxBitsAVX512Asm returns the bits of the largest magnitude of n numbers, a multiple of 32:
//
//	for _, v := range x[:n] { top = max(top, math.Float32bits(v)&0x7FFFFFFF) }
//
// As whole numbers, the bits of magnitudes are in the order of the magnitudes, with NaN above all.
//
// func maxBitsAVX512Asm(x *float32, n int) uint32
TEXT ·maxBitsAVX512Asm(SB), NOSPLIT, $0-20
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	MOVL $0x7FFFFFFF, AX
	VPBROADCASTD AX, Z4      // all bits but the sign
	VPXORD Z0, Z0, Z0        // top = 0, in 32 lanes
	VPXORD Z1, Z1, Z1

max:                             // for ; n > 0; n -= 32 {
	VPANDD (SI), Z4, Z2      // |x[0:16]|
	VPANDD 64(SI), Z4, Z3    // |x[16:32]|
	VPMAXUD Z2, Z0, Z0       // top = max(top, |x[0:16]|)
	VPMAXUD Z3, Z1, Z1       // top = max(top, |x[16:32]|)
	ADDQ $128, SI            // x += 32
	SUBQ $32, CX             // n -= 32
	JNZ  max                 // }

	VPMAXUD Z1, Z0, Z0       // the largest of 32, in 16 lanes
	VEXTRACTI64X4 $1, Z0, Y1 // lanes 8–15
	VPMAXUD Y1, Y0, Y0       // in 8 lanes
	VEXTRACTI128 $1, Y0, X1  // lanes 4–7
	VPMAXUD X1, X0, X0       // in 4 lanes
	VPSHUFD $0x4E, X0, X1    // lanes 2, 3
	VPMAXUD X1, X0, X0       // in 2 lanes
	VPSHUFD $0xB1, X0, X1    // lane 1
	VPMAXUD X1, X0, X0       // in one
	VMOVD X0, AX             // top
	MOVL AX, ret+16(FP)
	VZEROUPPER
	RET

// int8QuantizeAVX512Asm writes n numbers, a multiple of 32, as bytes with zero point 128:
//
//	for j, v := range x[:n] { dst.bytes[j] = byte(math.RoundToEven(v*inverse)) + 128 }
//
// inverse is 127 over the largest magnitude, so that nothing is out of range, and no v is NaN.
//
// func int8QuantizeAVX512Asm(dst *uint32, x *float32, n int, inverse float32)
TEXT ·int8QuantizeAVX512Asm(SB), NOSPLIT, $0-28
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS inverse+24(FP), Z4 // inverse, in all lanes
	MOVL $0x80808080, AX
	VPBROADCASTD AX, X5             // the zero point, in all bytes

quantize:                               // for ; n > 0; n -= 32 {
	VMULPS (SI), Z4, Z0             // q = x[0:16] * inverse
	VMULPS 64(SI), Z4, Z1           // q = x[16:32] * inverse
	VCVTPS2DQ Z0, Z0                // q = int32(round(q)), ties to even
	VCVTPS2DQ Z1, Z1                // q = int32(round(q))
	VPMOVDB Z0, X0                  // q[0:16] as bytes
	VPMOVDB Z1, X1                  // q[16:32] as bytes
	VPXOR X5, X0, X0                // q += 128
	VPXOR X5, X1, X1                // q += 128
	VMOVDQU X0, (DI)                // dst[0:16 bytes] = q[0:16]
	VMOVDQU X1, 16(DI)              // dst[16:32 bytes] = q[16:32]
	ADDQ $128, SI                   // x += 32
	ADDQ $32, DI                    // dst += 32 bytes
	SUBQ $32, CX                    // n -= 32
	JNZ  quantize                   // }
	VZEROUPPER
	RET
