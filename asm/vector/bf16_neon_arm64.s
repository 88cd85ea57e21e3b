//go:build !purego

#include "textflag.h"

// n is a multiple of 8, and positive; every loop takes two vectors of four.

// CONSTANT fills d with a 32-bit number.
#define CONSTANT(number, d) \
	MOVD $number, R3 \
	VDUP R3, d.S4      // d = number, in all lanes

// ROUND rounds four floats to bfloat16s in their upper halves, as toBF16 does, on their bits; t and u are scratch.
#define ROUND(x, t, u) \
	VUSHR $16, x.S4, u.S4       \ // u = x >> 16
	VAND  V24.B16, u.B16, u.B16 \ // u &= 1
	VADD  V25.S4, u.S4, u.S4    \ // u += 0x7FFF
	VADD  x.S4, u.S4, u.S4      \ // u += x, rounded
	VAND  V28.B16, x.B16, t.B16 \ // t = |x|
	VUMAX V26.S4, t.S4, t.S4    \ // t = max(t, Inf)
	VCMEQ V26.S4, t.S4, t.S4    \ // t = |x| <= Inf: x is not NaN
	VORR  V27.B16, x.B16, x.B16 \ // x |= quiet
	VBIT  t.B16, u.B16, x.B16     // if t { x = u }

// func roundSIMDAsm(dst *uint16, x *float32, n int)
//	for i := range n { dst[i] = toBF16(x[i]) }
//	R0  dst    R1  x    R2  n, elements left    V0, V1  v0 and v1    V2–V5  scratch    V24–V28  constants of ROUND
TEXT ·roundSIMDAsm(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R2
	CONSTANT(1, V24)                   // the last bit that is kept
	CONSTANT(0x7FFF, V25)              // just under half of its place
	CONSTANT(0x7F800000, V26)          // Inf: a magnitude above is NaN
	CONSTANT(0x00400000, V27)          // quiet
	CONSTANT(0x7FFFFFFF, V28)          // magnitude

loop:                                      // eight elements a round
	VLD1.P 32(R1), [V0.S4, V1.S4]      // v0, v1 = x[:4], x[4:8]; x = x[8:]
	ROUND(V0, V2, V3)                  // v0 = bf16(v0)
	ROUND(V1, V4, V5)                  // v1 = bf16(v1)
	VUZP2 V1.H8, V0.H8, V0.H8          // the upper halves
	VST1.P [V0.B16], 16(R0)            // dst[:8] = v0; dst = dst[8:]
	SUBS $8, R2, R2                    // n -= 8
	BGT  loop                          // if n > 0 { goto loop }
	RET

// func widenSIMDAsm(dst *float32, x *uint16, n int)
//	for i := range n { dst[i] = math.Float32frombits(uint32(x[i]) << 16) }
//	R0  dst    R1  x    R2  n, elements left    V0  v, 8 elements    V1, V2  its halves, wide
TEXT ·widenSIMDAsm(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R2
	VEOR V3.B16, V3.B16, V3.B16        // 0

loop:                                      // eight elements a round
	VLD1.P 16(R1), [V0.B16]            // v = x[:8]; x = x[8:]
	VZIP1 V0.H8, V3.H8, V1.H8          // v[:4] << 16
	VZIP2 V0.H8, V3.H8, V2.H8          // v[4:8] << 16
	VST1.P [V1.S4, V2.S4], 32(R0)      // dst[:8] = v; dst = dst[8:]
	SUBS $8, R2, R2                    // n -= 8
	BGT  loop                          // if n > 0 { goto loop }
	RET
