//go:build !purego

#include "textflag.h"

// Registers of the tile, half a panel wide
//	Y0–Y11   s, the sums, two vectors to a row    Y12, Y13  halves of b[p], 16 words of the panel
//	Y14      a half of one word of A, in all lanes    Y15  mask of the high half of a word
//	R8–R13   rows of A    SI  4·p, bytes into a row    BX  the panel from row p on    CX  steps left
//	AX       rows left    DX  row of C    DI, R15  bytes from a row of C, of A, to the next

// A bfloat16 is the upper half of a float32: of a word's two, the high one is a float32 when the lower half is cleared, and the
// low one when it is shifted up. UPPER and LOWER add the product of halves to the sums of a row, in the order of VDPBF16PS.
#define UPPER(a, s0, s1) \
	VPBROADCASTD (a)(SI*1), Y14 \ // t = a[i][p]
	VPAND        Y15, Y14, Y14  \ // t = high(t)
	VFMADD231PS  Y12, Y14, s0   \ // s0 += t * high(b[p][0:8])
	VFMADD231PS  Y13, Y14, s1     // s1 += t * high(b[p][8:16])

#define LOWER(a, s0, s1) \
	VPBROADCASTD (a)(SI*1), Y14 \ // t = a[i][p]
	VPSLLD       $16, Y14, Y14  \ // t = low(t)
	VFMADD231PS  Y12, Y14, s0   \ // s0 += t * low(b[p][0:8])
	VFMADD231PS  Y13, Y14, s1     // s1 += t * low(b[p][8:16])

// NEXTROW makes the next row of A the same as this one when there is none, so that six rows can always be computed without a
// branch; what is computed twice is never written.
#define NEXTROW(this, next, number) \
	MOVQ  this, next  \ // next = this
	CMPQ  AX, $number \ // if rows > number { next += lda }
	JLE   2(PC)       \ // 2(PC) is two instructions on
	ADDQ  R15, next

// STORE writes a row of C and leaves when it was the last.
#define STORE(s0, s1) \
	VMOVUPS s0, (DX)   \ // c[i][0:8] = s0
	VMOVUPS s1, 32(DX) \ // c[i][8:16] = s1
	ADDQ    DI, DX     \ // c += a row
	DECQ    AX         \
	JZ      done         // if i++; i == rows { goto done }

// bf16TileAVX2Asm computes up to six rows of C in half a panel:
//
//	for i := range rows {
//		for j := range 16 {
//			s := bias[j]
//			for p := range steps {
//				s = fma(high(a[i*lda+p]), high(b[p*32+j]), s)
//				s = fma(low(a[i*lda+p]), low(b[p*32+j]), s)
//			}
//			c[i*ldc+j] = s
//		}
//	}
//
// steps ≥ 1. Each fma rounds once, as multiplyAdd of the reference does, so the bits agree. A row of the panel is read twice, once for
// each half, as no registers are left to keep it.
//
// func bf16TileAVX2Asm(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias *float32)
TEXT ·bf16TileAVX2Asm(SB), NOSPLIT, $0-64
	MOVQ rows+0(FP), AX    // rows left
	MOVQ steps+8(FP), CX   // steps left
	MOVQ a+16(FP), R8      // a[0]
	MOVQ lda+24(FP), R15
	MOVQ b+32(FP), BX
	MOVQ c+40(FP), DX
	MOVQ ldc+48(FP), DI
	MOVQ bias+56(FP), R14
	SHLQ $2, R15           // lda in bytes
	SHLQ $2, DI            // ldc in bytes
	NEXTROW(R8, R9, 1)     // a[1], or the last row again when rows ≤ 1
	NEXTROW(R9, R10, 2)    // a[2], or the last row again when rows ≤ 2
	NEXTROW(R10, R11, 3)   // a[3], or the last row again when rows ≤ 3
	NEXTROW(R11, R12, 4)   // a[4], or the last row again when rows ≤ 4
	NEXTROW(R12, R13, 5)   // a[5], or the last row again when rows ≤ 5
	XORQ SI, SI            // p = 0
	VMOVUPS (R14), Y0      // s[0] = bias[0:16]
	VMOVUPS 32(R14), Y1
	VMOVAPS Y0, Y2         // s[1][0:8] = bias[0:8]
	VMOVAPS Y1, Y3         // s[1][8:16] = bias[8:16]
	VMOVAPS Y0, Y4         // s[2][0:8] = bias[0:8]
	VMOVAPS Y1, Y5         // s[2][8:16] = bias[8:16]
	VMOVAPS Y0, Y6         // s[3][0:8] = bias[0:8]
	VMOVAPS Y1, Y7         // s[3][8:16] = bias[8:16]
	VMOVAPS Y0, Y8         // s[4][0:8] = bias[0:8]
	VMOVAPS Y1, Y9         // s[4][8:16] = bias[8:16]
	VMOVAPS Y0, Y10        // s[5][0:8] = bias[0:8]
	VMOVAPS Y1, Y11        // s[5][8:16] = bias[8:16]
	VPCMPEQD Y15, Y15, Y15 // all ones
	VPSLLD $16, Y15, Y15   // mask = 0xFFFF0000

loop:                          // for range steps {
	VPAND (BX), Y15, Y12   // high(b[p][0:8])
	VPAND 32(BX), Y15, Y13 // high(b[p][8:16])
	UPPER(R8, Y0, Y1)      // s[0] += high(a[0][p]) * high(b[p])
	UPPER(R9, Y2, Y3)      // s[1] += high(a[1][p]) * high(b[p])
	UPPER(R10, Y4, Y5)     // s[2] += high(a[2][p]) * high(b[p])
	UPPER(R11, Y6, Y7)     // s[3] += high(a[3][p]) * high(b[p])
	UPPER(R12, Y8, Y9)     // s[4] += high(a[4][p]) * high(b[p])
	UPPER(R13, Y10, Y11)   // s[5] += high(a[5][p]) * high(b[p])
	VMOVDQU (BX), Y12      // b[p][0:8] again
	VMOVDQU 32(BX), Y13    // b[p][8:16]
	VPSLLD $16, Y12, Y12   // low(b[p][0:8])
	VPSLLD $16, Y13, Y13   // low(b[p][8:16])
	LOWER(R8, Y0, Y1)      // s[0] += low(a[0][p]) * low(b[p])
	LOWER(R9, Y2, Y3)      // s[1] += low(a[1][p]) * low(b[p])
	LOWER(R10, Y4, Y5)     // s[2] += low(a[2][p]) * low(b[p])
	LOWER(R11, Y6, Y7)     // s[3] += low(a[3][p]) * low(b[p])
	LOWER(R12, Y8, Y9)     // s[4] += low(a[4][p]) * low(b[p])
	LOWER(R13, Y10, Y11)   // s[5] += low(a[5][p]) * low(b[p])
	ADDQ $128, BX          // b += a row, 32 words
	ADDQ $4, SI            // p++
	DECQ CX
	JNZ  loop              // }

	STORE(Y0, Y1)          // c[0] = s[0]; leave after the last row
	STORE(Y2, Y3)          // c[1] = s[1]; leave after the last row
	STORE(Y4, Y5)          // c[2] = s[2]; leave after the last row
	STORE(Y6, Y7)          // c[3] = s[3]; leave after the last row
	STORE(Y8, Y9)          // c[4] = s[4]; leave after the last row
	STORE(Y10, Y11)        // c[5] = s[5]; leave after the last row

done:
	VZEROUPPER
	RET

// ROUND rounds eight floats in x to bfloat16s in their lower halves, as ToBF16 does; t, u and Y14 are scratch. It works on the bits:
// adding 0x7FFF, and 1 more when the last bit to be kept is odd, carries into the upper half exactly when rounding to nearest,
// ties to even, goes up. Masks have all ones where their condition holds.
#define ROUND(x, t, u) \
	VPSRLD    $16, x, u    \ // u = x >> 16
	VPAND     Y8, u, u     \ // u &= 1
	VPADDD    Y9, u, u     \ // u += 0x7FFF
	VPADDD    x, u, u      \ // u += x, rounded
	VCMPPS    $3, x, x, t  \ // t = x != x: x is NaN
	VPOR      Y11, x, Y14  \ // a quiet NaN
	VBLENDVPS t, Y14, u, u \ // if t { u = x | quiet }
	VPAND     Y10, x, t    \ // t = x & exponent
	VPCMPEQD  Y13, t, t    \ // t = t == 0: x is 0 or subnormal
	VPAND     Y12, x, Y14  \ // ±0
	VBLENDVPS t, Y14, u, u \ // if t { u = x & sign }
	VPSRLD    $16, u, x      // x = u >> 16

// CONSTANT fills d with a 32-bit number.
#define CONSTANT(number, x, d) \
	MOVL         $number, AX \
	VMOVD        AX, x       \
	VPBROADCASTD x, d          // d = number, in all lanes

// bf16ConvertAVX2Asm rounds n floats, a multiple of 16, to words of two bf16, the first one low:
//
//	for j := 0; j < n; j += 2 {
//		dst[j/2] = uint32(ToBF16(x[j])) | uint32(ToBF16(x[j+1]))<<16
//	}
//
//	DI  dst    SI  x    CX  numbers left    Y8–Y13  constants of ROUND
//
// func bf16ConvertAVX2Asm(dst *uint32, x *float32, n int)
TEXT ·bf16ConvertAVX2Asm(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	CONSTANT(1, X8, Y8)            // the last bit that is kept
	CONSTANT(0x7FFF, X9, Y9)       // just under half of its place
	CONSTANT(0x7F800000, X10, Y10) // exponent
	CONSTANT(0x00400000, X11, Y11) // quiet
	CONSTANT(0x80000000, X12, Y12) // sign
	VPXOR Y13, Y13, Y13            // 0

convert:                               // for ; n > 0; n -= 16 {
	VMOVUPS (SI), Y0               // x[0:8]
	VMOVUPS 32(SI), Y1             // x[8:16]
	ROUND(Y0, Y2, Y3)              // bf16(x[0:8])
	ROUND(Y1, Y4, Y5)              // bf16(x[8:16])
	VPACKUSDW Y1, Y0, Y0           // in each half of the register four of Y0, four of Y1
	VPERMQ $0xD8, Y0, Y0           // quarters 0, 2, 1, 3: in order again
	VMOVDQU Y0, (DI)               // dst[0:8] = words
	ADDQ $64, SI                   // x += 16
	ADDQ $32, DI                   // dst += 8
	SUBQ $16, CX                   // n -= 16
	JNZ  convert                   // }
	VZEROUPPER
	RET
