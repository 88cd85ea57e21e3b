//go:build !purego

#include "textflag.h"
#include "sum_avx2_amd64.h"

// n is a multiple of 8, and positive. CX counts the elements left, less what a round of the loop takes while it is in it.
//
// A sum is kept in vectors side by side, lane by lane: four in dotSIMDAsm, two in squaredDistanceSIMDAsm and sumSquaresSIMDAsm. What is left
// after the last whole round goes to the first vector, so that the order of addition depends on n alone.

// func dotSIMDAsm(a, b *float32, n int) float32
//	for i := range n { s += a[i] * b[i] }
//	SI  a    BX  b    CX  n    Y0–Y3  s0 to s3, sums    Y4–Y7  a0 to a3, 8 elements of a each
// Four sums, since an fma waits about four cycles for the one it adds to. Products are not rounded before they are added. The
// reference sums in float64.
TEXT ·dotSIMDAsm(SB), NOSPLIT, $0-28
	MOVQ a+0(FP), SI
	MOVQ b+8(FP), BX
	MOVQ n+16(FP), CX
	VXORPS Y0, Y0, Y0           // s0 = 0
	VXORPS Y1, Y1, Y1           // s1 = 0
	VXORPS Y2, Y2, Y2           // s2 = 0
	VXORPS Y3, Y3, Y3           // s3 = 0
	SUBQ $32, CX                // n -= 32
	JLT  rest                   // if n < 0 { goto rest }

four:                           // 32 elements a round
	VMOVUPS (SI), Y4            // a0 = a[:8]
	VMOVUPS 32(SI), Y5          // a1 = a[8:16]
	VMOVUPS 64(SI), Y6          // a2 = a[16:24]
	VMOVUPS 96(SI), Y7          // a3 = a[24:32]
	VFMADD231PS (BX), Y4, Y0    // s0 += a0 * b[:8]
	VFMADD231PS 32(BX), Y5, Y1  // s1 += a1 * b[8:16]
	VFMADD231PS 64(BX), Y6, Y2  // s2 += a2 * b[16:24]
	VFMADD231PS 96(BX), Y7, Y3  // s3 += a3 * b[24:32]
	ADDQ $128, SI               // a = a[32:]
	ADDQ $128, BX               // b = b[32:]
	SUBQ $32, CX                // n -= 32
	JGE  four                   // if n >= 0 { goto four }

rest:                           // 0, 8, 16 or 24 elements are left
	ADDQ $32, CX                // n += 32
	JZ   done                   // if n == 0 { goto done }

one:                            // eight elements a round
	VMOVUPS (SI), Y4            // a0 = a[:8]
	VFMADD231PS (BX), Y4, Y0    // s0 += a0 * b[:8]
	ADDQ $32, SI                // a = a[8:]
	ADDQ $32, BX                // b = b[8:]
	SUBQ $8, CX                 // n -= 8
	JG   one                    // if n > 0 { goto one }

done:
	VADDPS Y1, Y0, Y0           // s0 += s1
	VADDPS Y3, Y2, Y2           // s2 += s3
	VADDPS Y2, Y0, Y0           // s0 += s2
	HSUM(Y0, X0, X1)            // sum = s0[0] + … + s0[7]
	VMOVSS X0, ret+24(FP)       // return sum
	VZEROUPPER                  // upper halves left behind would slow down SSE code
	RET

// func squaredDistanceSIMDAsm(a, b *float32, n int) float32
//	for i := range n {
//		d := a[i] - b[i]
//		s += d * d
//	}
//	SI  a    BX  b    CX  n    Y0, Y1  s0 and s1, sums    Y4, Y5  d0 and d1, differences of eight elements each
TEXT ·squaredDistanceSIMDAsm(SB), NOSPLIT, $0-28
	MOVQ a+0(FP), SI
	MOVQ b+8(FP), BX
	MOVQ n+16(FP), CX
	VXORPS Y0, Y0, Y0       // s0 = 0
	VXORPS Y1, Y1, Y1       // s1 = 0
	SUBQ $16, CX            // n -= 16
	JLT  rest               // if n < 0 { goto rest }

two:                        // 16 elements a round
	VMOVUPS (SI), Y4        // d0 = a[:8]
	VMOVUPS 32(SI), Y5      // d1 = a[8:16]
	VSUBPS (BX), Y4, Y4     // d0 -= b[:8]
	VSUBPS 32(BX), Y5, Y5   // d1 -= b[8:16]
	VFMADD231PS Y4, Y4, Y0  // s0 += d0 * d0
	VFMADD231PS Y5, Y5, Y1  // s1 += d1 * d1
	ADDQ $64, SI            // a = a[16:]
	ADDQ $64, BX            // b = b[16:]
	SUBQ $16, CX            // n -= 16
	JGE  two                // if n >= 0 { goto two }

rest:                       // 0 or 8 elements are left
	ADDQ $16, CX            // n += 16
	JZ   done               // if n == 0 { goto done }
	VMOVUPS (SI), Y4        // d0 = a[:8]
	VSUBPS (BX), Y4, Y4     // d0 -= b[:8]
	VFMADD231PS Y4, Y4, Y0  // s0 += d0 * d0

done:
	VADDPS Y1, Y0, Y0       // s0 += s1
	HSUM(Y0, X0, X1)        // sum = s0[0] + … + s0[7]
	VMOVSS X0, ret+24(FP)   // return sum
	VZEROUPPER              // upper halves left behind would slow down SSE code
	RET

// func sumSquaresSIMDAsm(x *float32, n int, shift float32) (sum, squares float32)
//	for i := range n {
//		d := x[i] - shift
//		sum += d
//		squares += d * d
//	}
//	SI  x    CX  n    Y0, Y1  s0 and s1, sums    Y2, Y3  q0 and q1, squares    Y4, Y5  d0 and d1    Y8  shift in all lanes
// With the mean of x as shift the squares give the variance without cancellation; a shift of 0 gives a plain sum.
TEXT ·sumSquaresSIMDAsm(SB), NOSPLIT, $0-32
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VBROADCASTSS shift+16(FP), Y8  // shift in all lanes
	VXORPS Y0, Y0, Y0              // s0 = 0
	VXORPS Y1, Y1, Y1              // s1 = 0
	VXORPS Y2, Y2, Y2              // q0 = 0
	VXORPS Y3, Y3, Y3              // q1 = 0
	SUBQ $16, CX                   // n -= 16
	JLT  rest                      // if n < 0 { goto rest }

two:                               // 16 elements a round
	VMOVUPS (SI), Y4               // d0 = x[:8]
	VMOVUPS 32(SI), Y5             // d1 = x[8:16]
	VSUBPS Y8, Y4, Y4              // d0 -= shift
	VSUBPS Y8, Y5, Y5              // d1 -= shift
	VADDPS Y4, Y0, Y0              // s0 += d0
	VADDPS Y5, Y1, Y1              // s1 += d1
	VFMADD231PS Y4, Y4, Y2         // q0 += d0 * d0
	VFMADD231PS Y5, Y5, Y3         // q1 += d1 * d1
	ADDQ $64, SI                   // x = x[16:]
	SUBQ $16, CX                   // n -= 16
	JGE  two                       // if n >= 0 { goto two }

rest:                              // 0 or 8 elements are left
	ADDQ $16, CX                   // n += 16
	JZ   done                      // if n == 0 { goto done }

one:                               // eight elements; there is no second round
	VMOVUPS (SI), Y4               // d0 = x[:8]
	VSUBPS Y8, Y4, Y4              // d0 -= shift
	VADDPS Y4, Y0, Y0              // s0 += d0
	VFMADD231PS Y4, Y4, Y2         // q0 += d0 * d0
	ADDQ $32, SI                   // x = x[8:]
	SUBQ $8, CX                    // n -= 8
	JG   one                       // if n > 0 { goto one }

done:
	VADDPS Y1, Y0, Y0              // s0 += s1
	VADDPS Y3, Y2, Y2              // q0 += q1
	HSUM(Y0, X0, X1)               // sum = s0[0] + … + s0[7]
	HSUM(Y2, X2, X1)               // squares = q0[0] + … + q0[7]
	VMOVSS X0, sum+24(FP)          // return sum, squares
	VMOVSS X2, squares+28(FP)
	VZEROUPPER                     // upper halves left behind would slow down SSE code
	RET

// func maxSIMDAsm(x *float32, n int) float32
//	top := x[0]; for i := range n { top = max(top, x[i]) }
//	SI  x    CX  n, elements left    Y0  m
// VMAXPS returns its first operand, as Go writes them, if either is NaN: a NaN is forgotten with the next element of its lane.
// Softmax finds it all the same, as exp of it is NaN.
TEXT ·maxSIMDAsm(SB), NOSPLIT, $0-20
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VMOVUPS (SI), Y0         // m = x[:8]: the loop meets them once more

max:                         // eight elements a round
	VMAXPS (SI), Y0, Y0      // m = max(m, x[:8])
	ADDQ $32, SI             // x = x[8:]
	SUBQ $8, CX              // n -= 8
	JG   max                 // if n > 0 { goto max }
	VEXTRACTF128 $1, Y0, X1  // t = m[4:8]
	VMAXPS X1, X0, X0        // m[:4] = max(m[:4], t)
	VMOVHLPS X0, X0, X1      // t = m[2:4]
	VMAXPS X1, X0, X0        // m[:2] = max(m[:2], t)
	VMOVSHDUP X0, X1         // t = m[1]
	VMAXSS X1, X0, X0        // m[0] = max(m[0], t)
	VMOVSS X0, ret+16(FP)    // return m[0]
	VZEROUPPER               // upper halves left behind would slow down SSE code
	RET
