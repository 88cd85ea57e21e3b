//go:build !purego

#include "textflag.h"
#include "words_arm64.h"

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

// func expAsm(dst, x *float32, n int, shift float32) (sum float32)
// dst = exp(x - shift). With n = round(x/ln 2) and r = x - n·ln 2:
//	exp(x) = 2^n · (1 + r + r²·(exp1 + r·(exp2 + …)))
// 2^n is multiplied in two halves, so that results reach denormals and +Inf. FMAX and FMIN keep NaN.
TEXT ·expAsm(SB), NOSPLIT, $0-36
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R3
	MOVD $shift+24(FP), R4
	VLD1R (R4), [V5.S4]
	MOVD $expConst<>(SB), R4
	VLD1R.P 4(R4), [V16.S4]
	VLD1R.P 4(R4), [V17.S4]
	VLD1R.P 4(R4), [V18.S4]
	VLD1R.P 4(R4), [V19.S4]
	VLD1R.P 4(R4), [V20.S4]
	VLD1R.P 4(R4), [V21.S4]
	VLD1R.P 4(R4), [V22.S4]
	VLD1R.P 4(R4), [V23.S4]
	VLD1R.P 4(R4), [V24.S4]
	VLD1R.P 4(R4), [V25.S4]
	VLD1R.P 4(R4), [V26.S4]
	VLD1R.P 4(R4), [V27.S4]
	VLD1R.P 4(R4), [V28.S4]
	VEOR V4.B16, V4.B16, V4.B16         // sum = 0

loop:                                   // for n > 0, n -= 4
	VLD1.P 16(R1), [V0.S4]
	FSUB(5, 0, 0)                       // x - shift
	FMAX(16, 0, 0)
	FMIN(17, 0, 0)
	FMUL(18, 0, 1)
	FRINTN(1, 1)                        // n = round(x/ln 2)
	VFMLS V19.S4, V1.S4, V0.S4          // r = x - n·ln 2
	VFMLS V20.S4, V1.S4, V0.S4
	VORR V22.B16, V22.B16, V2.B16       // Horner's rule, from the highest power down
	VFMLA V21.S4, V0.S4, V2.S4
	VORR V23.B16, V23.B16, V3.B16
	VFMLA V2.S4, V0.S4, V3.S4
	VORR V24.B16, V24.B16, V2.B16
	VFMLA V3.S4, V0.S4, V2.S4
	VORR V25.B16, V25.B16, V3.B16
	VFMLA V2.S4, V0.S4, V3.S4
	VORR V26.B16, V26.B16, V2.B16
	VFMLA V3.S4, V0.S4, V2.S4
	VORR V27.B16, V27.B16, V3.B16
	VFMLA V2.S4, V0.S4, V3.S4
	VORR V27.B16, V27.B16, V2.B16
	VFMLA V3.S4, V0.S4, V2.S4
	FCVTNS(1, 1)
	SSHR1(1, 0)                         // n/2
	VSUB V0.S4, V1.S4, V1.S4            // n - n/2
	VADD V28.S4, V0.S4, V0.S4
	VADD V28.S4, V1.S4, V1.S4
	VSHL $23, V0.S4, V0.S4              // 2^(n/2)
	VSHL $23, V1.S4, V1.S4
	FMUL(0, 2, 2)
	FMUL(1, 2, 2)
	FADD(2, 4, 4)                       // sum += dst
	VST1.P [V2.S4], 16(R0)
	SUBS $4, R3, R3
	BGT  loop
	FADDP(4, 4, 4)
	FADDP(4, 4, 4)
	FMOVS F4, sum+32(FP)
	RET
