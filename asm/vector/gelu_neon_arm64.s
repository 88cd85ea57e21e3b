//go:build !purego

#include "textflag.h"
#include "words_neon_arm64.h"
#include "exp_neon_arm64.h"

// Constants of the normal distribution; NORMALCONSTANTS loads them into all lanes of V8 to V15, in this order. Those of erfc are
// from Abramowitz & Stegun 7.1.26, whose error is at most 1.5e-7.
DATA normalConst<>+0(SB)/4, $0x3f3504f3   // V8  1/√2 = 0.7071067811865476
DATA normalConst<>+4(SB)/4, $0x3ea7ba05   // V9  p = 0.3275911, and the coefficients of erfc in t = 1/(1+p·z)
DATA normalConst<>+8(SB)/4, $0x3f87dc22   // V10  erf5 = 1.061405429: coefficient of t⁵
DATA normalConst<>+12(SB)/4, $0xbfba00e3  // V11  erf4 = -1.453152027
DATA normalConst<>+16(SB)/4, $0x3fb5f0e3  // V12  erf3 = 1.421413741
DATA normalConst<>+20(SB)/4, $0xbe91a98e  // V13  erf2 = -0.284496736
DATA normalConst<>+24(SB)/4, $0x3e827906  // V14  erf1 = 0.254829592: coefficient of t
DATA normalConst<>+28(SB)/4, $0x3ecc422a  // V15  1/√(2π) = 0.3989422804014327
GLOBL normalConst<>(SB), RODATA|NOPTR, $32

// NORMALCONSTANTS sets V8 to V15. Clobbers R4.
#define NORMALCONSTANTS \
	MOVD $normalConst<>(SB), R4 \
	VLD1R.P 4(R4), [V8.S4]      \ // 1/√2
	VLD1R.P 4(R4), [V9.S4]      \ // p
	VLD1R.P 4(R4), [V10.S4]     \ // erf5
	VLD1R.P 4(R4), [V11.S4]     \ // erf4
	VLD1R.P 4(R4), [V12.S4]     \ // erf3
	VLD1R.P 4(R4), [V13.S4]     \ // erf2
	VLD1R.P 4(R4), [V14.S4]     \ // erf1
	VLD1R.P 4(R4), [V15.S4]       // 1/√(2π)

// NORMAL computes, from x in V6,
//	V2 = exp(−x²/2)   V3 = Φ(x), the normal distribution function
// With z = |x|/√2 and t = 1/(1 + p·z), erfc(z) = t·(erf1 + t·(erf2 + …))·exp(−z²), and Φ(−|x|) = erfc(z)/2; a positive x takes
// 1 − that. exp(−z²) is the exp(−x²/2) of V2. V26, the coefficient exp1, is 1/2. Clobbers V0, V1, V4, V5, V7.
#define NORMAL \
	FMUL(6, 6, 0)                 \ // v = x * x
	FMUL(26, 0, 0)                \ // v *= 1/2
	FNEG(0, 0)                    \ // v = -v
	EXP                           \ // e = exp(v)
	FABS(6, 7)                    \ // z = abs(x)
	FMUL(8, 7, 7)                 \ // z *= 1/√2
	VORR V27.B16, V27.B16, V1.B16 \ // t = 1
	VFMLA V9.S4, V7.S4, V1.S4     \ // t += p * z
	FDIV(1, 27, 1)                \ // t = 1 / t
	VORR V11.B16, V11.B16, V4.B16 \ // a = erf4
	VFMLA V10.S4, V1.S4, V4.S4    \ // a += erf5 * t
	VORR V12.B16, V12.B16, V5.B16 \ // b = erf3
	VFMLA V4.S4, V1.S4, V5.S4     \ // b += a * t
	VORR V13.B16, V13.B16, V4.B16 \ // a = erf2
	VFMLA V5.S4, V1.S4, V4.S4     \ // a += b * t
	VORR V14.B16, V14.B16, V5.B16 \ // b = erf1
	VFMLA V4.S4, V1.S4, V5.S4     \ // b += a * t
	FMUL(1, 5, 5)                 \ // b *= t
	FMUL(2, 5, 5)                 \ // b *= e: erfc(z)
	FMUL(26, 5, 5)                \ // b *= 1/2: Φ(-|x|)
	FSUB(5, 27, 4)                \ // a = 1 - b
	FCMLTZ(6, 3)                  \ // mask = x < 0
	VBSL V4.B16, V5.B16, V3.B16     // cdf = b where mask, else a

// func geluNEONAsm(dst, x *float32, n int)
//	for i := range n { dst[i] = x[i] * Φ(x[i]) }
//	R0  dst    R1  x    R3  n, elements left: a multiple of 4, and positive    V3  cdf, Φ(xi)    V6  xi, four elements of x
// The error is at most 2.5e-7, times |x| where that is larger than 1. NaN stays.
TEXT ·geluNEONAsm(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R3
	EXPCONSTANTS            // V16 to V28
	NORMALCONSTANTS         // V8 to V15

loop:                       // four elements a round
	VLD1.P 16(R1), [V6.S4]  // xi = x[:4]; x = x[4:]
	NORMAL                  // cdf = Φ(xi)
	FMUL(6, 3, 3)           // y = xi * cdf
	VST1.P [V3.S4], 16(R0)  // dst[:4] = y; dst = dst[4:]
	SUBS $4, R3, R3         // n -= 4
	BGT  loop               // if n > 0 { goto loop }
	RET

// func geluBackwardNEONAsm(dx, x, dy *float32, n int)
//	for i := range n { dx[i] = dy[i] * (Φ(x[i]) + x[i]*φ(x[i])) }
// with the density φ(x) = exp(−x²/2)/√(2π).
//	R0  dx    R1  x    R2  dy    R3  n, elements left: a multiple of 4, and positive
//	V0  di, four elements of dy    V2  pdf, φ(xi)    V3  slope    V6  xi, four elements of x
TEXT ·geluBackwardNEONAsm(SB), NOSPLIT, $0-32
	MOVD dx+0(FP), R0
	MOVD x+8(FP), R1
	MOVD dy+16(FP), R2
	MOVD n+24(FP), R3
	EXPCONSTANTS               // V16 to V28
	NORMALCONSTANTS            // V8 to V15

loop:                          // four elements a round
	VLD1.P 16(R1), [V6.S4]     // xi = x[:4]; x = x[4:]
	NORMAL                     // pdf, slope = exp(-xi*xi/2), Φ(xi)
	FMUL(15, 2, 2)             // pdf *= 1/√(2π)
	VFMLA V2.S4, V6.S4, V3.S4  // slope += xi * pdf
	VLD1.P 16(R2), [V0.S4]     // di = dy[:4]; dy = dy[4:]
	FMUL(0, 3, 3)              // slope *= di
	VST1.P [V3.S4], 16(R0)     // dx[:4] = slope; dx = dx[4:]
	SUBS $4, R3, R3            // n -= 4
	BGT  loop                  // if n > 0 { goto loop }
	RET
