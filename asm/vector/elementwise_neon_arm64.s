//go:build !purego

#include "textflag.h"
#include "words_neon_arm64.h"

// n is a multiple of 8, and positive; every loop takes two vectors of four. Most floating-point instructions on vectors are
// macros of words_neon_arm64.h, whose arguments are the numbers of registers: FADD(m, n, d) is Vd = Vn + Vm.

// func addSIMDAsm(dst, a, b *float32, n int)
//	for i := range n { dst[i] = a[i] + b[i] }
//	R0  dst    R1  a    R2  b    R3  n, elements left    V0, V1  v0 and v1, from a    V2, V3  b0 and b1
TEXT ·addSIMDAsm(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD a+8(FP), R1
	MOVD b+16(FP), R2
	MOVD n+24(FP), R3

loop:                              // eight elements a round
	VLD1.P 32(R1), [V0.S4, V1.S4]  // v0, v1 = a[:4], a[4:8]; a = a[8:]
	VLD1.P 32(R2), [V2.S4, V3.S4]  // b0, b1 = b[:4], b[4:8]; b = b[8:]
	FADD(2, 0, 0)                  // v0 += b0
	FADD(3, 1, 1)                  // v1 += b1
	VST1.P [V0.S4, V1.S4], 32(R0)  // dst[:4], dst[4:8] = v0, v1; dst = dst[8:]
	SUBS $8, R3, R3                // n -= 8
	BGT  loop                      // if n > 0 { goto loop }
	RET

// func subSIMDAsm(dst, a, b *float32, n int)
//	for i := range n { dst[i] = a[i] - b[i] }
//	R0  dst    R1  a    R2  b    R3  n, elements left    V0, V1  v0 and v1, from a    V2, V3  b0 and b1
TEXT ·subSIMDAsm(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD a+8(FP), R1
	MOVD b+16(FP), R2
	MOVD n+24(FP), R3

loop:                              // eight elements a round
	VLD1.P 32(R1), [V0.S4, V1.S4]  // v0, v1 = a[:4], a[4:8]; a = a[8:]
	VLD1.P 32(R2), [V2.S4, V3.S4]  // b0, b1 = b[:4], b[4:8]; b = b[8:]
	FSUB(2, 0, 0)                  // v0 -= b0
	FSUB(3, 1, 1)                  // v1 -= b1
	VST1.P [V0.S4, V1.S4], 32(R0)  // dst[:4], dst[4:8] = v0, v1; dst = dst[8:]
	SUBS $8, R3, R3                // n -= 8
	BGT  loop                      // if n > 0 { goto loop }
	RET

// func mulSIMDAsm(dst, a, b *float32, n int)
//	for i := range n { dst[i] = a[i] * b[i] }
//	R0  dst    R1  a    R2  b    R3  n, elements left    V0, V1  v0 and v1, from a    V2, V3  b0 and b1
TEXT ·mulSIMDAsm(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD a+8(FP), R1
	MOVD b+16(FP), R2
	MOVD n+24(FP), R3

loop:                              // eight elements a round
	VLD1.P 32(R1), [V0.S4, V1.S4]  // v0, v1 = a[:4], a[4:8]; a = a[8:]
	VLD1.P 32(R2), [V2.S4, V3.S4]  // b0, b1 = b[:4], b[4:8]; b = b[8:]
	FMUL(2, 0, 0)                  // v0 *= b0
	FMUL(3, 1, 1)                  // v1 *= b1
	VST1.P [V0.S4, V1.S4], 32(R0)  // dst[:4], dst[4:8] = v0, v1; dst = dst[8:]
	SUBS $8, R3, R3                // n -= 8
	BGT  loop                      // if n > 0 { goto loop }
	RET

// func maximumSIMDAsm(dst, a, b *float32, n int)
//	for i := range n { dst[i] = max(a[i], b[i]) }
//	R0  dst    R1  a    R2  b    R3  n, elements left    V0, V1  v0 and v1, from a    V2, V3  b0 and b1
TEXT ·maximumSIMDAsm(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD a+8(FP), R1
	MOVD b+16(FP), R2
	MOVD n+24(FP), R3

loop:                              // eight elements a round
	VLD1.P 32(R1), [V0.S4, V1.S4]  // v0, v1 = a[:4], a[4:8]; a = a[8:]
	VLD1.P 32(R2), [V2.S4, V3.S4]  // b0, b1 = b[:4], b[4:8]; b = b[8:]
	FMAX(2, 0, 0)                  // v0 = max(v0, b0)
	FMAX(3, 1, 1)                  // v1 = max(v1, b1)
	VST1.P [V0.S4, V1.S4], 32(R0)  // dst[:4], dst[4:8] = v0, v1; dst = dst[8:]
	SUBS $8, R3, R3                // n -= 8
	BGT  loop                      // if n > 0 { goto loop }
	RET

// func mulAddSIMDAsm(dst, a, b *float32, n int)
//	for i := range n { dst[i] = fma(a[i], b[i], dst[i]) }
//	R0  dst    R1  a    R2  b    R3  n, elements left    V0, V1  a0 and a1    V2, V3  b0 and b1    V4, V5  d0 and d1, from dst
// a·b is not rounded before it is added.
TEXT ·mulAddSIMDAsm(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD a+8(FP), R1
	MOVD b+16(FP), R2
	MOVD n+24(FP), R3

loop:                              // eight elements a round
	VLD1.P 32(R1), [V0.S4, V1.S4]  // a0, a1 = a[:4], a[4:8]; a = a[8:]
	VLD1.P 32(R2), [V2.S4, V3.S4]  // b0, b1 = b[:4], b[4:8]; b = b[8:]
	VLD1 (R0), [V4.S4, V5.S4]      // d0, d1 = dst[:4], dst[4:8]
	VFMLA V0.S4, V2.S4, V4.S4      // d0 += a0 * b0
	VFMLA V1.S4, V3.S4, V5.S4      // d1 += a1 * b1
	VST1.P [V4.S4, V5.S4], 32(R0)  // dst[:4], dst[4:8] = d0, d1; dst = dst[8:]
	SUBS $8, R3, R3                // n -= 8
	BGT  loop                      // if n > 0 { goto loop }
	RET

// func scaleSIMDAsm(dst, x *float32, n int, s float32)
//	for i := range n { dst[i] = s * x[i] }
//	R0  dst    R1  x    R3  n, elements left    V0, V1  v0 and v1    V4  s in all lanes
TEXT ·scaleSIMDAsm(SB), NOSPLIT, $0-28
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R3
	MOVD $s+24(FP), R4             // R4 = &s
	VLD1R (R4), [V4.S4]            // s in all lanes

loop:                              // eight elements a round
	VLD1.P 32(R1), [V0.S4, V1.S4]  // v0, v1 = x[:4], x[4:8]; x = x[8:]
	FMUL(4, 0, 0)                  // v0 *= s
	FMUL(4, 1, 1)                  // v1 *= s
	VST1.P [V0.S4, V1.S4], 32(R0)  // dst[:4], dst[4:8] = v0, v1; dst = dst[8:]
	SUBS $8, R3, R3                // n -= 8
	BGT  loop                      // if n > 0 { goto loop }
	RET

// func axpySIMDAsm(dst, x *float32, n int, s float32)
//	for i := range n { dst[i] = fma(s, x[i], dst[i]) }
//	R0  dst    R1  x    R3  n, elements left    V0, V1  x0 and x1    V2, V3  d0 and d1, from dst    V4  s in all lanes
// s·x is not rounded before it is added.
TEXT ·axpySIMDAsm(SB), NOSPLIT, $0-28
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R3
	MOVD $s+24(FP), R4             // R4 = &s
	VLD1R (R4), [V4.S4]            // s in all lanes

loop:                              // eight elements a round
	VLD1.P 32(R1), [V0.S4, V1.S4]  // x0, x1 = x[:4], x[4:8]; x = x[8:]
	VLD1 (R0), [V2.S4, V3.S4]      // d0, d1 = dst[:4], dst[4:8]
	VFMLA V0.S4, V4.S4, V2.S4      // d0 += s * x0
	VFMLA V1.S4, V4.S4, V3.S4      // d1 += s * x1
	VST1.P [V2.S4, V3.S4], 32(R0)  // dst[:4], dst[4:8] = d0, d1; dst = dst[8:]
	SUBS $8, R3, R3                // n -= 8
	BGT  loop                      // if n > 0 { goto loop }
	RET
