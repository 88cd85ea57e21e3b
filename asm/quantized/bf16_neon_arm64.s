//go:build !purego

#include "textflag.h"
#include "tile_neon_arm64.h"

// A bfloat16 is the upper half of a float32: of a word's two, the high one is a float32 when the lower half is cleared, and the
// low one when it is shifted up. As in the other implementations, the high ones come first.

// MULTIPLY adds a half of one word of a row of A times those of 16 words of the panel to the four sums of the row.
#define MULTIPLY(t, s0, s1, s2, s3) \
	VFMLA V24.S4, t.S4, s0.S4 \ // s0 += t * b[p][0:4]
	VFMLA V25.S4, t.S4, s1.S4 \ // s1 += t * b[p][4:8]
	VFMLA V26.S4, t.S4, s2.S4 \ // s2 += t * b[p][8:12]
	VFMLA V27.S4, t.S4, s3.S4   // s3 += t * b[p][12:16]

// UPPER and LOWER are one such half. LOWER moves on to the next word.
#define UPPER(a, t, s0, s1, s2, s3) \
	VLD1R (a), [t.S4]           \ // t = a[i][p]
	VAND  V31.B16, t.B16, t.B16 \ // t = high(t)
	MULTIPLY(t, s0, s1, s2, s3)   // s += t * high(b[p])

#define LOWER(a, t, s0, s1, s2, s3) \
	VLD1R.P 4(a), [t.S4]        \ // t = a[i][p], and a++
	VSHL  $16, t.S4, t.S4       \ // t = low(t)
	MULTIPLY(t, s0, s1, s2, s3)   // s += t * low(b[p])

// STORE writes a row of C and leaves when it was the last.
#define STORE(s0, s1, s2, s3) \
	VST1 [s0.S4, s1.S4, s2.S4, s3.S4], (R8) \ // c[i] = s0, s1, s2, s3
	ADD  R9, R8, R8                         \ // c += a row
	SUBS $1, R10, R10                       \
	BEQ  done                                 // if i++; i == rows { goto done }

// bf16TileNEONAsm computes up to six rows of C in half a panel:
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
// func bf16TileNEONAsm(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias *float32)
TEXT ·bf16TileNEONAsm(SB), NOSPLIT, $0-64
	ARGUMENTS                                   // a, b, c and their strides
	MOVD bias+56(FP), R12
	VLD1 (R12), [V0.S4, V1.S4, V2.S4, V3.S4]    // s[0] = bias[0:16]
	START                                       // s[1:6] = s[0]
	MOVD $0xFFFF0000, R12
	VDUP R12, V31.S4                            // mask of the high halves

loop:                                               // for range steps {
	VLD1 (R6), [V24.S4, V25.S4, V26.S4, V27.S4] // b[p][0:16]
	VAND V31.B16, V24.B16, V24.B16              // high(b[p][0:4])
	VAND V31.B16, V25.B16, V25.B16              // high(b[p][4:8])
	VAND V31.B16, V26.B16, V26.B16              // high(b[p][8:12])
	VAND V31.B16, V27.B16, V27.B16              // high(b[p][12:16])
	UPPER(R0, V28, V0, V1, V2, V3)              // s[0] += high(a[0][p]) * high(b[p])
	UPPER(R1, V29, V4, V5, V6, V7)              // s[1] += high(a[1][p]) * high(b[p])
	UPPER(R2, V30, V8, V9, V10, V11)            // s[2] += high(a[2][p]) * high(b[p])
	UPPER(R3, V28, V12, V13, V14, V15)          // s[3] += high(a[3][p]) * high(b[p])
	UPPER(R4, V29, V16, V17, V18, V19)          // s[4] += high(a[4][p]) * high(b[p])
	UPPER(R5, V30, V20, V21, V22, V23)          // s[5] += high(a[5][p]) * high(b[p])
	VLD1 (R6), [V24.S4, V25.S4, V26.S4, V27.S4] // b[p][0:16] again
	VSHL $16, V24.S4, V24.S4                    // low(b[p][0:4])
	VSHL $16, V25.S4, V25.S4                    // low(b[p][4:8])
	VSHL $16, V26.S4, V26.S4                    // low(b[p][8:12])
	VSHL $16, V27.S4, V27.S4                    // low(b[p][12:16])
	LOWER(R0, V28, V0, V1, V2, V3)              // s[0] += low(a[0][p]) * low(b[p])
	LOWER(R1, V29, V4, V5, V6, V7)              // s[1] += low(a[1][p]) * low(b[p])
	LOWER(R2, V30, V8, V9, V10, V11)            // s[2] += low(a[2][p]) * low(b[p])
	LOWER(R3, V28, V12, V13, V14, V15)          // s[3] += low(a[3][p]) * low(b[p])
	LOWER(R4, V29, V16, V17, V18, V19)          // s[4] += low(a[4][p]) * low(b[p])
	LOWER(R5, V30, V20, V21, V22, V23)          // s[5] += low(a[5][p]) * low(b[p])
	ADD  $128, R6, R6                           // b += a row, 32 words
	SUBS $1, R7, R7
	BNE  loop                                   // }

	STORE(V0, V1, V2, V3)                       // c[0] = s[0]; leave after the last row
	STORE(V4, V5, V6, V7)                       // c[1] = s[1]; leave after the last row
	STORE(V8, V9, V10, V11)                     // c[2] = s[2]; leave after the last row
	STORE(V12, V13, V14, V15)                   // c[3] = s[3]; leave after the last row
	STORE(V16, V17, V18, V19)                   // c[4] = s[4]; leave after the last row
	STORE(V20, V21, V22, V23)                   // c[5] = s[5]; leave after the last row

done:
	RET

// ROUND rounds four floats to bfloat16s in their upper halves, as ToBF16 does; t, u and V30 are scratch. It works on the bits:
// adding 0x7FFF, and 1 more when the last bit to be kept is odd, carries into the upper half exactly when rounding to nearest,
// ties to even, goes up. Masks have all ones where their condition holds.
#define ROUND(x, t, u) \
	VUSHR $16, x.S4, u.S4         \ // u = x >> 16
	VAND  V24.B16, u.B16, u.B16   \ // u &= 1
	VADD  V25.S4, u.S4, u.S4      \ // u += 0x7FFF
	VADD  x.S4, u.S4, u.S4        \ // u += x, rounded
	VAND  V28.B16, x.B16, t.B16   \ // t = |x|
	VUMAX V26.S4, t.S4, t.S4      \ // t = max(t, exponent)
	VCMEQ V26.S4, t.S4, t.S4      \ // t = |x| <= Inf: x is not NaN
	VORR  V27.B16, x.B16, V30.B16 \ // a quiet NaN
	VBIF  t.B16, V30.B16, u.B16   \ // if !t { u = x | quiet }
	VAND  V26.B16, x.B16, t.B16   \ // t = x & exponent
	VCMEQ V31.S4, t.S4, t.S4      \ // t = t == 0: x is 0 or subnormal
	VAND  V29.B16, x.B16, V30.B16 \ // ±0
	VBIT  t.B16, V30.B16, u.B16   \ // if t { u = x & sign }
	VMOV  u.B16, x.B16              // x = u

// CONSTANT fills d with a 32-bit number.
#define CONSTANT(number, d) \
	MOVD $number, R3 \
	VDUP R3, d.S4      // d = number, in all lanes

// bf16ConvertNEONAsm rounds n floats, a multiple of 8, to words of two bf16, the first one low:
//
//	for j := 0; j < n; j += 2 {
//		dst[j/2] = uint32(ToBF16(x[j])) | uint32(ToBF16(x[j+1]))<<16
//	}
//
//	R0  dst    R1  x    R2  numbers left    V24–V29, V31  constants of ROUND
//
// func bf16ConvertNEONAsm(dst *uint32, x *float32, n int)
TEXT ·bf16ConvertNEONAsm(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R2
	CONSTANT(1, V24)               // the last bit that is kept
	CONSTANT(0x7FFF, V25)          // just under half of its place
	CONSTANT(0x7F800000, V26)      // exponent: a magnitude above is NaN
	CONSTANT(0x00400000, V27)      // quiet
	CONSTANT(0x7FFFFFFF, V28)      // magnitude
	CONSTANT(0x80000000, V29)      // sign
	VEOR V31.B16, V31.B16, V31.B16 // 0

convert:                               // for ; n > 0; n -= 8 {
	VLD1.P 32(R1), [V0.S4, V1.S4]  // x[0:8], and x += 8
	ROUND(V0, V2, V3)              // bf16(x[0:4])
	ROUND(V1, V4, V5)              // bf16(x[4:8])
	VUZP2 V1.H8, V0.H8, V0.H8      // the upper halves
	VST1.P [V0.B16], 16(R0)        // dst[0:4] = words, and dst += 4
	SUBS $8, R2, R2
	BNE  convert                   // }
	RET
