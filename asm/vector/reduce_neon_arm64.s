//go:build !purego

#include "textflag.h"
#include "words_neon_arm64.h"

// n is a multiple of 8, and positive.

// func dotSIMDAsm(a, b *float32, n int) float32
//	for i := range n { s += a[i] * b[i] }
//	R1  a    R2  b    R3  n, elements left    V0, V1  a0 and a1    V2, V3  b0 and b1    V4, V5  s0 and s1
// Element i goes to lane i%4 of s0 or s1, in turns of four, so that two chains of fma run side by side. The end adds s1 to s0,
// and the lanes of s0 as (s0[0]+s0[1]) + (s0[2]+s0[3]): the order depends on n alone. The reference sums in float64.
TEXT ·dotSIMDAsm(SB), NOSPLIT, $0-28
	MOVD a+0(FP), R1
	MOVD b+8(FP), R2
	MOVD n+16(FP), R3
	VEOR V4.B16, V4.B16, V4.B16    // s0 = 0
	VEOR V5.B16, V5.B16, V5.B16    // s1 = 0

loop:                              // eight elements a round
	VLD1.P 32(R1), [V0.S4, V1.S4]  // a0, a1 = a[:4], a[4:8]; a = a[8:]
	VLD1.P 32(R2), [V2.S4, V3.S4]  // b0, b1 = b[:4], b[4:8]; b = b[8:]
	VFMLA V2.S4, V0.S4, V4.S4      // s0 += a0 * b0
	VFMLA V3.S4, V1.S4, V5.S4      // s1 += a1 * b1
	SUBS $8, R3, R3                // n -= 8
	BGT  loop                      // if n > 0 { goto loop }
	FADD(5, 4, 4)                  // s0 += s1
	FADDP(4, 4, 4)                 // s0[0], s0[1] = s0[0]+s0[1], s0[2]+s0[3]
	FADDP(4, 4, 4)                 // s0[0] = s0[0] + s0[1]
	FMOVS F4, ret+24(FP)           // return s0[0]
	RET

// func squaredDistanceSIMDAsm(a, b *float32, n int) float32
//	for i := range n {
//		d := a[i] - b[i]
//		s += d * d
//	}
//	R1  a    R2  b    R3  n, elements left    V0, V1  a0 and a1, then d0 and d1    V2, V3  b0 and b1    V4, V5  s0 and s1
// The order of the sum is that of dotSIMDAsm.
TEXT ·squaredDistanceSIMDAsm(SB), NOSPLIT, $0-28
	MOVD a+0(FP), R1
	MOVD b+8(FP), R2
	MOVD n+16(FP), R3
	VEOR V4.B16, V4.B16, V4.B16    // s0 = 0
	VEOR V5.B16, V5.B16, V5.B16    // s1 = 0

loop:                              // eight elements a round
	VLD1.P 32(R1), [V0.S4, V1.S4]  // a0, a1 = a[:4], a[4:8]; a = a[8:]
	VLD1.P 32(R2), [V2.S4, V3.S4]  // b0, b1 = b[:4], b[4:8]; b = b[8:]
	FSUB(2, 0, 0)                  // d0 = a0 - b0
	FSUB(3, 1, 1)                  // d1 = a1 - b1
	VFMLA V0.S4, V0.S4, V4.S4      // s0 += d0 * d0
	VFMLA V1.S4, V1.S4, V5.S4      // s1 += d1 * d1
	SUBS $8, R3, R3                // n -= 8
	BGT  loop                      // if n > 0 { goto loop }
	FADD(5, 4, 4)                  // s0 += s1
	FADDP(4, 4, 4)                 // s0[0], s0[1] = s0[0]+s0[1], s0[2]+s0[3]
	FADDP(4, 4, 4)                 // s0[0] = s0[0] + s0[1]
	FMOVS F4, ret+24(FP)           // return s0[0]
	RET

// func sumSquaresSIMDAsm(x *float32, n int, shift float32) (sum, squares float32)
//	for i := range n {
//		d := x[i] - shift
//		sum += d
//		squares += d * d
//	}
//	R1  x    R3  n, elements left    V0, V1  d0 and d1    V4, V5  s0 and s1, sums    V6, V7  q0 and q1, squares    V8  shift
// Both sums go in the order of dotSIMDAsm. With the mean of x as shift the squares give the variance without cancellation; a shift of
// 0 gives a plain sum.
TEXT ·sumSquaresSIMDAsm(SB), NOSPLIT, $0-32
	MOVD x+0(FP), R1
	MOVD n+8(FP), R3
	MOVD $shift+16(FP), R4         // R4 = &shift
	VLD1R (R4), [V8.S4]            // shift in all lanes
	VEOR V4.B16, V4.B16, V4.B16    // s0 = 0
	VEOR V5.B16, V5.B16, V5.B16    // s1 = 0
	VEOR V6.B16, V6.B16, V6.B16    // q0 = 0
	VEOR V7.B16, V7.B16, V7.B16    // q1 = 0

loop:                              // eight elements a round
	VLD1.P 32(R1), [V0.S4, V1.S4]  // d0, d1 = x[:4], x[4:8]; x = x[8:]
	FSUB(8, 0, 0)                  // d0 -= shift
	FSUB(8, 1, 1)                  // d1 -= shift
	FADD(0, 4, 4)                  // s0 += d0
	FADD(1, 5, 5)                  // s1 += d1
	VFMLA V0.S4, V0.S4, V6.S4      // q0 += d0 * d0
	VFMLA V1.S4, V1.S4, V7.S4      // q1 += d1 * d1
	SUBS $8, R3, R3                // n -= 8
	BGT  loop                      // if n > 0 { goto loop }
	FADD(5, 4, 4)                  // s0 += s1
	FADD(7, 6, 6)                  // q0 += q1
	FADDP(4, 4, 4)                 // s0[0], s0[1] = s0[0]+s0[1], s0[2]+s0[3]
	FADDP(4, 4, 4)                 // s0[0] = s0[0] + s0[1]
	FADDP(6, 6, 6)                 // q0[0], q0[1] = q0[0]+q0[1], q0[2]+q0[3]
	FADDP(6, 6, 6)                 // q0[0] = q0[0] + q0[1]
	FMOVS F4, sum+24(FP)           // sum = s0[0]
	FMOVS F6, squares+28(FP)       // squares = q0[0]; return
	RET

// func maxSIMDAsm(x *float32, n int) float32
//	top := x[0]; for i := range n { top = max(top, x[i]) }
//	R1  x    R3  n, elements left    V0, V1  v0 and v1    V4, V5  m0 and m1
// A NaN wins, as in Go's max.
TEXT ·maxSIMDAsm(SB), NOSPLIT, $0-20
	MOVD x+0(FP), R1
	MOVD n+8(FP), R3
	VLD1 (R1), [V4.S4, V5.S4]      // m0, m1 = x[:4], x[4:8]: the loop meets them once more

loop:                              // eight elements a round
	VLD1.P 32(R1), [V0.S4, V1.S4]  // v0, v1 = x[:4], x[4:8]; x = x[8:]
	FMAX(0, 4, 4)                  // m0 = max(m0, v0)
	FMAX(1, 5, 5)                  // m1 = max(m1, v1)
	SUBS $8, R3, R3                // n -= 8
	BGT  loop                      // if n > 0 { goto loop }
	FMAX(5, 4, 4)                  // m0 = max(m0, m1)
	FMAXV(4, 4)                    // m0[0] = max(m0[0], …, m0[3])
	FMOVS F4, ret+16(FP)           // return m0[0]
	RET
