//go:build !purego

#include "textflag.h"
#include "words_neon_arm64.h"

// Constants of exp, loaded into V16 to V28 in this order.
DATA expConst<>+0(SB)/4, $0xc2d00000 // -104.0 below: exp is 0 in float32
DATA expConst<>+4(SB)/4, $0x42b20000 // 89.0 above: +Inf
DATA expConst<>+8(SB)/4, $0x3fb8aa3b // 1.4426950408889634 1/ln 2
DATA expConst<>+12(SB)/4, $0x3f318000 // 0.693359375 ln 2, the exact part
DATA expConst<>+16(SB)/4, $0xb95e8083 // -0.00021219444 and the rest
DATA expConst<>+20(SB)/4, $0x39506967 // 0.000198756915 polynomial of exp on ±ln 2/2
DATA expConst<>+24(SB)/4, $0x3ab743ce // 0.0013981999507
DATA expConst<>+28(SB)/4, $0x3c088908 // 0.0083334519073
DATA expConst<>+32(SB)/4, $0x3d2aa9c1 // 0.041665795894
DATA expConst<>+36(SB)/4, $0x3e2aaaaa // 0.16666665459
DATA expConst<>+40(SB)/4, $0x3f000000 // 0.50000001201
DATA expConst<>+44(SB)/4, $0x3f800000 // 1.0 one
DATA expConst<>+48(SB)/4, $0x0000007f // 127, the bias of a float32 exponent
GLOBL expConst<>(SB), RODATA|NOPTR, $52

// Constants of the normal distribution, loaded into V8 to V15 in this order.
DATA normalConst<>+0(SB)/4, $0x3f3504f3 // 0.7071067811865476 1/√2
DATA normalConst<>+4(SB)/4, $0x3ea7ba05 // 0.3275911 erfc, Abramowitz & Stegun 7.1.26
DATA normalConst<>+8(SB)/4, $0x3f87dc22 // 1.061405429
DATA normalConst<>+12(SB)/4, $0xbfba00e3 // -1.453152027
DATA normalConst<>+16(SB)/4, $0x3fb5f0e3 // 1.421413741
DATA normalConst<>+20(SB)/4, $0xbe91a98e // -0.284496736
DATA normalConst<>+24(SB)/4, $0x3e827906 // 0.254829592
DATA normalConst<>+28(SB)/4, $0x3ecc422a // 0.3989422804014327 1/√(2π)
GLOBL normalConst<>(SB), RODATA|NOPTR, $32

#define EXPCONSTANTS \
	MOVD $expConst<>(SB), R4 \
	VLD1R.P 4(R4), [V16.S4] \
	VLD1R.P 4(R4), [V17.S4] \
	VLD1R.P 4(R4), [V18.S4] \
	VLD1R.P 4(R4), [V19.S4] \
	VLD1R.P 4(R4), [V20.S4] \
	VLD1R.P 4(R4), [V21.S4] \
	VLD1R.P 4(R4), [V22.S4] \
	VLD1R.P 4(R4), [V23.S4] \
	VLD1R.P 4(R4), [V24.S4] \
	VLD1R.P 4(R4), [V25.S4] \
	VLD1R.P 4(R4), [V26.S4] \
	VLD1R.P 4(R4), [V27.S4] \
	VLD1R.P 4(R4), [V28.S4]

#define NORMALCONSTANTS \
	MOVD $normalConst<>(SB), R4 \
	VLD1R.P 4(R4), [V8.S4] \
	VLD1R.P 4(R4), [V9.S4] \
	VLD1R.P 4(R4), [V10.S4] \
	VLD1R.P 4(R4), [V11.S4] \
	VLD1R.P 4(R4), [V12.S4] \
	VLD1R.P 4(R4), [V13.S4] \
	VLD1R.P 4(R4), [V14.S4] \
	VLD1R.P 4(R4), [V15.S4]

// EXP computes V2 = exp(x) for x in V0. With n = round(x/ln 2) and r = x − n·ln 2:
//	exp(x) = 2^n · (1 + r + r²·(exp1 + r·(exp2 + …)))
// 2^n is multiplied in two halves, so that results reach denormals and +Inf. FMAX and FMIN keep NaN. Clobbers V0, V1, V3.
#define EXP \
	FMAX(16, 0, 0)             \
	FMIN(17, 0, 0)             \
	FMUL(18, 0, 1)             \
	FRINTN(1, 1)               \
	VFMLS V19.S4, V1.S4, V0.S4 \
	VFMLS V20.S4, V1.S4, V0.S4 \
	VORR V22.B16, V22.B16, V2.B16 \
	VFMLA V21.S4, V0.S4, V2.S4 \
	VORR V23.B16, V23.B16, V3.B16 \
	VFMLA V2.S4, V0.S4, V3.S4  \
	VORR V24.B16, V24.B16, V2.B16 \
	VFMLA V3.S4, V0.S4, V2.S4  \
	VORR V25.B16, V25.B16, V3.B16 \
	VFMLA V2.S4, V0.S4, V3.S4  \
	VORR V26.B16, V26.B16, V2.B16 \
	VFMLA V3.S4, V0.S4, V2.S4  \
	VORR V27.B16, V27.B16, V3.B16 \
	VFMLA V2.S4, V0.S4, V3.S4  \
	VORR V27.B16, V27.B16, V2.B16 \
	VFMLA V3.S4, V0.S4, V2.S4  \
	FCVTNS(1, 1)               \
	SSHR1(1, 0)                \
	VSUB V0.S4, V1.S4, V1.S4   \
	VADD V28.S4, V0.S4, V0.S4  \
	VADD V28.S4, V1.S4, V1.S4  \
	VSHL $23, V0.S4, V0.S4     \
	VSHL $23, V1.S4, V1.S4     \
	FMUL(0, 2, 2)              \
	FMUL(1, 2, 2)

// func expAsm(dst, x *float32, n int, shift float32) (sum float32)
TEXT ·expAsm(SB), NOSPLIT, $0-36
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R3
	MOVD $shift+24(FP), R4
	VLD1R (R4), [V5.S4]
	EXPCONSTANTS
	VEOR V4.B16, V4.B16, V4.B16         // sum = 0

loop:                                   // for n > 0, n -= 4
	VLD1.P 16(R1), [V0.S4]
	FSUB(5, 0, 0)                       // x - shift
	EXP
	FADD(2, 4, 4)                       // sum += dst
	VST1.P [V2.S4], 16(R0)              // dst = exp(x - shift)
	SUBS $4, R3, R3
	BGT  loop
	FADDP(4, 4, 4)
	FADDP(4, 4, 4)
	FMOVS F4, sum+32(FP)
	RET

// NORMAL computes, from x in V6,
//	V2 = exp(−x²/2)   V3 = Φ(x), the normal distribution function
// With z = |x|/√2 and t = 1/(1 + p·z), erfc(z) = t·(erf1 + t·(erf2 + …))·exp(−z²), and Φ(−|x|) = erfc(z)/2; a positive x takes 1 − that.
// V26, a coefficient of exp, is 1/2. Clobbers V0, V1, V4, V5, V7.
#define NORMAL \
	FMUL(6, 6, 0)              \
	FMUL(26, 0, 0)             \
	FNEG(0, 0)                 \
	EXP                        \
	FABS(6, 7)                 \
	FMUL(8, 7, 7)              \
	VORR V27.B16, V27.B16, V1.B16 \
	VFMLA V9.S4, V7.S4, V1.S4  \
	FDIV(1, 27, 1)             \
	VORR V11.B16, V11.B16, V4.B16 \
	VFMLA V10.S4, V1.S4, V4.S4 \
	VORR V12.B16, V12.B16, V5.B16 \
	VFMLA V4.S4, V1.S4, V5.S4  \
	VORR V13.B16, V13.B16, V4.B16 \
	VFMLA V5.S4, V1.S4, V4.S4  \
	VORR V14.B16, V14.B16, V5.B16 \
	VFMLA V4.S4, V1.S4, V5.S4  \
	FMUL(1, 5, 5)              \
	FMUL(2, 5, 5)              \
	FMUL(26, 5, 5)             \
	FSUB(5, 27, 4)             \
	FCMLTZ(6, 3)               \
	VBSL V4.B16, V5.B16, V3.B16

// func geluAsm(dst, x *float32, n int)
TEXT ·geluAsm(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R3
	EXPCONSTANTS
	NORMALCONSTANTS

loop:                                   // for n > 0, n -= 4
	VLD1.P 16(R1), [V6.S4]
	NORMAL
	FMUL(6, 3, 3)                       // x·Φ(x)
	VST1.P [V3.S4], 16(R0)
	SUBS $4, R3, R3
	BGT  loop
	RET

// func geluBackwardAsm(dx, x, dy *float32, n int)
TEXT ·geluBackwardAsm(SB), NOSPLIT, $0-32
	MOVD dx+0(FP), R0
	MOVD x+8(FP), R1
	MOVD dy+16(FP), R2
	MOVD n+24(FP), R3
	EXPCONSTANTS
	NORMALCONSTANTS

loop:                                   // for n > 0, n -= 4
	VLD1.P 16(R1), [V6.S4]
	NORMAL
	FMUL(15, 2, 2)                      // φ(x)
	VFMLA V2.S4, V6.S4, V3.S4           // Φ(x) + x·φ(x)
	VLD1.P 16(R2), [V0.S4]
	FMUL(0, 3, 3)                       // times dy
	VST1.P [V3.S4], 16(R0)
	SUBS $4, R3, R3
	BGT  loop
	RET
