//go:build !purego

#include "textflag.h"
#include "words_neon_arm64.h"

// n is a multiple of 8 and positive; every loop takes two vectors of four.
//	R0  dst    R1  first operand    R2  second operand    R3  elements left

// func addAsm(dst, a, b *float32, n int): dst = a + b
TEXT ·addAsm(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD a+8(FP), R1
	MOVD b+16(FP), R2
	MOVD n+24(FP), R3

loop:                                   // for n > 0, n -= 8
	VLD1.P 32(R1), [V0.S4, V1.S4]
	VLD1.P 32(R2), [V2.S4, V3.S4]
	FADD(2, 0, 0)
	FADD(3, 1, 1)
	VST1.P [V0.S4, V1.S4], 32(R0)
	SUBS $8, R3, R3
	BGT  loop
	RET

// func subAsm(dst, a, b *float32, n int): dst = a - b
TEXT ·subAsm(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD a+8(FP), R1
	MOVD b+16(FP), R2
	MOVD n+24(FP), R3

loop:                                   // for n > 0, n -= 8
	VLD1.P 32(R1), [V0.S4, V1.S4]
	VLD1.P 32(R2), [V2.S4, V3.S4]
	FSUB(2, 0, 0)
	FSUB(3, 1, 1)
	VST1.P [V0.S4, V1.S4], 32(R0)
	SUBS $8, R3, R3
	BGT  loop
	RET

// func mulAsm(dst, a, b *float32, n int): dst = a * b
TEXT ·mulAsm(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD a+8(FP), R1
	MOVD b+16(FP), R2
	MOVD n+24(FP), R3

loop:                                   // for n > 0, n -= 8
	VLD1.P 32(R1), [V0.S4, V1.S4]
	VLD1.P 32(R2), [V2.S4, V3.S4]
	FMUL(2, 0, 0)
	FMUL(3, 1, 1)
	VST1.P [V0.S4, V1.S4], 32(R0)
	SUBS $8, R3, R3
	BGT  loop
	RET

// func scaleAsm(dst, x *float32, n int, s float32): dst = s * x
TEXT ·scaleAsm(SB), NOSPLIT, $0-28
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R3
	MOVD $s+24(FP), R4
	VLD1R (R4), [V4.S4]

loop:
	VLD1.P 32(R1), [V0.S4, V1.S4]
	FMUL(4, 0, 0)
	FMUL(4, 1, 1)
	VST1.P [V0.S4, V1.S4], 32(R0)
	SUBS $8, R3, R3
	BGT  loop
	RET

// func axpyAsm(dst, x *float32, n int, s float32): dst += s * x
TEXT ·axpyAsm(SB), NOSPLIT, $0-28
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R3
	MOVD $s+24(FP), R4
	VLD1R (R4), [V4.S4]

loop:
	VLD1.P 32(R1), [V0.S4, V1.S4]
	VLD1 (R0), [V2.S4, V3.S4]
	VFMLA V0.S4, V4.S4, V2.S4
	VFMLA V1.S4, V4.S4, V3.S4
	VST1.P [V2.S4, V3.S4], 32(R0)
	SUBS $8, R3, R3
	BGT  loop
	RET

// func softmaxGradAsm(dx, y, dy *float32, n int, sum float32): dx = y * (dy - sum)
TEXT ·softmaxGradAsm(SB), NOSPLIT, $0-36
	MOVD dx+0(FP), R0
	MOVD y+8(FP), R1
	MOVD dy+16(FP), R2
	MOVD n+24(FP), R3
	MOVD $sum+32(FP), R4
	VLD1R (R4), [V4.S4]

loop:
	VLD1.P 32(R1), [V0.S4, V1.S4]
	VLD1.P 32(R2), [V2.S4, V3.S4]
	FSUB(4, 2, 2)
	FSUB(4, 3, 3)
	FMUL(0, 2, 2)
	FMUL(1, 3, 3)
	VST1.P [V2.S4, V3.S4], 32(R0)
	SUBS $8, R3, R3
	BGT  loop
	RET

// func dotAsm(a, b *float32, n int) float32
TEXT ·dotAsm(SB), NOSPLIT, $0-28
	MOVD a+0(FP), R1
	MOVD b+8(FP), R2
	MOVD n+16(FP), R3
	VEOR V4.B16, V4.B16, V4.B16
	VEOR V5.B16, V5.B16, V5.B16

loop:
	VLD1.P 32(R1), [V0.S4, V1.S4]
	VLD1.P 32(R2), [V2.S4, V3.S4]
	VFMLA V2.S4, V0.S4, V4.S4           // s += a * b
	VFMLA V3.S4, V1.S4, V5.S4
	SUBS $8, R3, R3
	BGT  loop
	FADD(5, 4, 4)
	FADDP(4, 4, 4)                      // sums of pairs
	FADDP(4, 4, 4)                      // sum of all
	FMOVS F4, ret+24(FP)
	RET

// func squaredDistanceAsm(a, b *float32, n int) float32: Σ (a - b)²
TEXT ·squaredDistanceAsm(SB), NOSPLIT, $0-28
	MOVD a+0(FP), R1
	MOVD b+8(FP), R2
	MOVD n+16(FP), R3
	VEOR V4.B16, V4.B16, V4.B16
	VEOR V5.B16, V5.B16, V5.B16

loop:
	VLD1.P 32(R1), [V0.S4, V1.S4]
	VLD1.P 32(R2), [V2.S4, V3.S4]
	FSUB(2, 0, 0)                       // d = a - b
	FSUB(3, 1, 1)
	VFMLA V0.S4, V0.S4, V4.S4           // s += d²
	VFMLA V1.S4, V1.S4, V5.S4
	SUBS $8, R3, R3
	BGT  loop
	FADD(5, 4, 4)
	FADDP(4, 4, 4)
	FADDP(4, 4, 4)
	FMOVS F4, ret+24(FP)
	RET

// func sumSquaresAsm(x *float32, n int, shift float32) (sum, squares float32)
// sum = Σ (x - shift), squares = Σ (x - shift)²
TEXT ·sumSquaresAsm(SB), NOSPLIT, $0-32
	MOVD x+0(FP), R1
	MOVD n+8(FP), R3
	MOVD $shift+16(FP), R4
	VLD1R (R4), [V8.S4]
	VEOR V4.B16, V4.B16, V4.B16
	VEOR V5.B16, V5.B16, V5.B16
	VEOR V6.B16, V6.B16, V6.B16
	VEOR V7.B16, V7.B16, V7.B16

loop:
	VLD1.P 32(R1), [V0.S4, V1.S4]
	FSUB(8, 0, 0)                       // d = x - shift
	FSUB(8, 1, 1)
	FADD(0, 4, 4)                       // sum += d
	FADD(1, 5, 5)
	VFMLA V0.S4, V0.S4, V6.S4           // squares += d²
	VFMLA V1.S4, V1.S4, V7.S4
	SUBS $8, R3, R3
	BGT  loop
	FADD(5, 4, 4)
	FADD(7, 6, 6)
	FADDP(4, 4, 4)
	FADDP(4, 4, 4)
	FADDP(6, 6, 6)
	FADDP(6, 6, 6)
	FMOVS F4, sum+24(FP)
	FMOVS F6, squares+28(FP)
	RET

// func maxAsm(x *float32, n int) float32
TEXT ·maxAsm(SB), NOSPLIT, $0-20
	MOVD x+0(FP), R1
	MOVD n+8(FP), R3
	VLD1 (R1), [V4.S4, V5.S4]

loop:
	VLD1.P 32(R1), [V0.S4, V1.S4]
	FMAX(0, 4, 4)
	FMAX(1, 5, 5)
	SUBS $8, R3, R3
	BGT  loop
	FMAX(5, 4, 4)
	FMAXV(4, 4)
	FMOVS F4, ret+16(FP)
	RET
