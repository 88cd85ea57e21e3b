//go:build !purego

#include "textflag.h"
#include "tail_avx512_amd64.h"

// Reductions keep four vectors of partial sums: element i of a round of 64 goes to lane i%16 of vector i/16. What is left after
// the last whole round goes to the first vector. The end adds (s0+s1) + (s2+s3), and then the lanes (see HSUM), so that the order
// of addition depends on n alone. CX counts the elements left, less what a round of the loop takes while it is in it; x[:n] is a
// vector under a mask of its first n lanes.

// func dotAVX512Asm(a, b *float32, n int) float32
//	for i := range n { s += a[i] * b[i] }
//	SI  a    BX  b    CX  n    Z0–Z3  s0 to s3, sums    Z4–Z7  a0 to a3, 16 elements of a each
// Four sums, since an fma waits about four cycles for the one it adds to. Products are not rounded before they are added. The
// reference sums in float64.
TEXT ·dotAVX512Asm(SB), NOSPLIT, $0-28
	MOVQ a+0(FP), SI
	MOVQ b+8(FP), BX
	MOVQ n+16(FP), CX
	VXORPS Z0, Z0, Z0             // s0 = 0
	VXORPS Z1, Z1, Z1             // s1 = 0
	VXORPS Z2, Z2, Z2             // s2 = 0
	VXORPS Z3, Z3, Z3             // s3 = 0
	SUBQ $64, CX                  // n -= 64
	JLT  rest                     // if n < 0 { goto rest }

four:                             // 64 elements a round
	VMOVUPS (SI), Z4              // a0 = a[:16]
	VMOVUPS 64(SI), Z5            // a1 = a[16:32]
	VMOVUPS 128(SI), Z6           // a2 = a[32:48]
	VMOVUPS 192(SI), Z7           // a3 = a[48:64]
	VFMADD231PS (BX), Z4, Z0      // s0 += a0 * b[:16]
	VFMADD231PS 64(BX), Z5, Z1    // s1 += a1 * b[16:32]
	VFMADD231PS 128(BX), Z6, Z2   // s2 += a2 * b[32:48]
	VFMADD231PS 192(BX), Z7, Z3   // s3 += a3 * b[48:64]
	ADDQ $256, SI                 // a = a[64:]
	ADDQ $256, BX                 // b = b[64:]
	SUBQ $64, CX                  // n -= 64
	JGE  four                     // if n >= 0 { goto four }

rest:                             // 0 to 63 elements are left
	ADDQ $48, CX                  // n += 64 - 16
	JLT  tail                     // if n < 0 { goto tail }

one:                              // 16 elements a round
	VMOVUPS (SI), Z4              // a0 = a[:16]
	VFMADD231PS (BX), Z4, Z0      // s0 += a0 * b[:16]
	ADDQ $64, SI                  // a = a[16:]
	ADDQ $64, BX                  // b = b[16:]
	SUBQ $16, CX                  // n -= 16
	JGE  one                      // if n >= 0 { goto one }

tail:                             // 0 to 15 elements are left
	ADDQ $16, CX                  // n += 16
	JZ   done                     // if n == 0 { goto done }
	TAILMASK                      // mask = 1<<n - 1
	VMOVUPS.Z (SI), K1, Z4        // a0 = a[:n], 0 in the other lanes
	VFMADD231PS (BX), Z4, K1, Z0  // s0[:n] += a0 * b[:n]

done:
	VADDPS Z1, Z0, Z0             // s0 += s1
	VADDPS Z3, Z2, Z2             // s2 += s3
	VADDPS Z2, Z0, Z0             // s0 += s2
	HSUM(Z0, Y0, X0, Y1, X1)      // sum = s0[0] + … + s0[15]
	VMOVSS X0, ret+24(FP)         // return sum
	VZEROUPPER                    // upper halves left behind would slow down SSE code
	RET

// func squaredDistanceAVX512Asm(a, b *float32, n int) float32
//	for i := range n {
//		d := a[i] - b[i]
//		s += d * d
//	}
//	SI  a    BX  b    CX  n    Z0–Z3  s0 to s3, sums    Z4–Z7  d0 to d3, differences of 16 elements each
TEXT ·squaredDistanceAVX512Asm(SB), NOSPLIT, $0-28
	MOVQ a+0(FP), SI
	MOVQ b+8(FP), BX
	MOVQ n+16(FP), CX
	VXORPS Z0, Z0, Z0          // s0 = 0
	VXORPS Z1, Z1, Z1          // s1 = 0
	VXORPS Z2, Z2, Z2          // s2 = 0
	VXORPS Z3, Z3, Z3          // s3 = 0
	SUBQ $64, CX               // n -= 64
	JLT  rest                  // if n < 0 { goto rest }

four:                          // 64 elements a round
	VMOVUPS (SI), Z4           // d0 = a[:16]
	VMOVUPS 64(SI), Z5         // d1 = a[16:32]
	VMOVUPS 128(SI), Z6        // d2 = a[32:48]
	VMOVUPS 192(SI), Z7        // d3 = a[48:64]
	VSUBPS (BX), Z4, Z4        // d0 -= b[:16]
	VSUBPS 64(BX), Z5, Z5      // d1 -= b[16:32]
	VSUBPS 128(BX), Z6, Z6     // d2 -= b[32:48]
	VSUBPS 192(BX), Z7, Z7     // d3 -= b[48:64]
	VFMADD231PS Z4, Z4, Z0     // s0 += d0 * d0
	VFMADD231PS Z5, Z5, Z1     // s1 += d1 * d1
	VFMADD231PS Z6, Z6, Z2     // s2 += d2 * d2
	VFMADD231PS Z7, Z7, Z3     // s3 += d3 * d3
	ADDQ $256, SI              // a = a[64:]
	ADDQ $256, BX              // b = b[64:]
	SUBQ $64, CX               // n -= 64
	JGE  four                  // if n >= 0 { goto four }

rest:                          // 0 to 63 elements are left
	ADDQ $48, CX               // n += 64 - 16
	JLT  tail                  // if n < 0 { goto tail }

one:                           // 16 elements a round
	VMOVUPS (SI), Z4           // d0 = a[:16]
	VSUBPS (BX), Z4, Z4        // d0 -= b[:16]
	VFMADD231PS Z4, Z4, Z0     // s0 += d0 * d0
	ADDQ $64, SI               // a = a[16:]
	ADDQ $64, BX               // b = b[16:]
	SUBQ $16, CX               // n -= 16
	JGE  one                   // if n >= 0 { goto one }

tail:                          // 0 to 15 elements are left
	ADDQ $16, CX               // n += 16
	JZ   done                  // if n == 0 { goto done }
	TAILMASK                   // mask = 1<<n - 1
	VMOVUPS.Z (SI), K1, Z4     // d0 = a[:n], 0 in the other lanes
	VSUBPS.Z (BX), Z4, K1, Z4  // d0 -= b[:n], 0 in the other lanes
	VFMADD231PS Z4, Z4, Z0     // s0 += d0 * d0

done:
	VADDPS Z1, Z0, Z0          // s0 += s1
	VADDPS Z3, Z2, Z2          // s2 += s3
	VADDPS Z2, Z0, Z0          // s0 += s2
	HSUM(Z0, Y0, X0, Y1, X1)   // sum = s0[0] + … + s0[15]
	VMOVSS X0, ret+24(FP)      // return sum
	VZEROUPPER                 // upper halves left behind would slow down SSE code
	RET

// func sumSquaresAVX512Asm(x *float32, n int, shift float32) (sum, squares float32)
//	for i := range n {
//		d := x[i] - shift
//		sum += d
//		squares += d * d
//	}
//	SI  x    CX  n    Z0–Z3  s0 to s3, sums    Z4–Z7  q0 to q3, squares    Z8–Z11  d0 to d3    Z12  shift in all lanes
// With the mean of x as shift the squares give the variance without cancellation; a shift of 0 gives a plain sum. Outside the
// mask d is set to 0, as it would be -shift there.
TEXT ·sumSquaresAVX512Asm(SB), NOSPLIT, $0-32
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VBROADCASTSS shift+16(FP), Z12  // shift in all lanes
	VXORPS Z0, Z0, Z0               // s0 = 0
	VXORPS Z1, Z1, Z1               // s1 = 0
	VXORPS Z2, Z2, Z2               // s2 = 0
	VXORPS Z3, Z3, Z3               // s3 = 0
	VXORPS Z4, Z4, Z4               // q0 = 0
	VXORPS Z5, Z5, Z5               // q1 = 0
	VXORPS Z6, Z6, Z6               // q2 = 0
	VXORPS Z7, Z7, Z7               // q3 = 0
	SUBQ $64, CX                    // n -= 64
	JLT  rest                       // if n < 0 { goto rest }

four:                               // 64 elements a round
	VMOVUPS (SI), Z8                // d0 = x[:16]
	VMOVUPS 64(SI), Z9              // d1 = x[16:32]
	VMOVUPS 128(SI), Z10            // d2 = x[32:48]
	VMOVUPS 192(SI), Z11            // d3 = x[48:64]
	VSUBPS Z12, Z8, Z8              // d0 -= shift
	VSUBPS Z12, Z9, Z9              // d1 -= shift
	VSUBPS Z12, Z10, Z10            // d2 -= shift
	VSUBPS Z12, Z11, Z11            // d3 -= shift
	VADDPS Z8, Z0, Z0               // s0 += d0
	VADDPS Z9, Z1, Z1               // s1 += d1
	VADDPS Z10, Z2, Z2              // s2 += d2
	VADDPS Z11, Z3, Z3              // s3 += d3
	VFMADD231PS Z8, Z8, Z4          // q0 += d0 * d0
	VFMADD231PS Z9, Z9, Z5          // q1 += d1 * d1
	VFMADD231PS Z10, Z10, Z6        // q2 += d2 * d2
	VFMADD231PS Z11, Z11, Z7        // q3 += d3 * d3
	ADDQ $256, SI                   // x = x[64:]
	SUBQ $64, CX                    // n -= 64
	JGE  four                       // if n >= 0 { goto four }

rest:                               // 0 to 63 elements are left
	ADDQ $48, CX                    // n += 64 - 16
	JLT  tail                       // if n < 0 { goto tail }

one:                                // 16 elements a round
	VMOVUPS (SI), Z8                // d0 = x[:16]
	VSUBPS Z12, Z8, Z8              // d0 -= shift
	VADDPS Z8, Z0, Z0               // s0 += d0
	VFMADD231PS Z8, Z8, Z4          // q0 += d0 * d0
	ADDQ $64, SI                    // x = x[16:]
	SUBQ $16, CX                    // n -= 16
	JGE  one                        // if n >= 0 { goto one }

tail:                               // 0 to 15 elements are left
	ADDQ $16, CX                    // n += 16
	JZ   done                       // if n == 0 { goto done }
	TAILMASK                        // mask = 1<<n - 1
	VMOVUPS.Z (SI), K1, Z8          // d0 = x[:n], 0 in the other lanes
	VSUBPS.Z Z12, Z8, K1, Z8        // d0 -= shift, 0 in the other lanes
	VADDPS Z8, Z0, Z0               // s0 += d0
	VFMADD231PS Z8, Z8, Z4          // q0 += d0 * d0

done:
	VADDPS Z1, Z0, Z0               // s0 += s1
	VADDPS Z3, Z2, Z2               // s2 += s3
	VADDPS Z2, Z0, Z0               // s0 += s2
	VADDPS Z5, Z4, Z4               // q0 += q1
	VADDPS Z7, Z6, Z6               // q2 += q3
	VADDPS Z6, Z4, Z4               // q0 += q2
	HSUM(Z0, Y0, X0, Y1, X1)        // sum = s0[0] + … + s0[15]
	HSUM(Z4, Y4, X4, Y1, X1)        // squares = q0[0] + … + q0[15]
	VMOVSS X0, sum+24(FP)           // return sum, squares
	VMOVSS X4, squares+28(FP)
	VZEROUPPER                      // upper halves left behind would slow down SSE code
	RET

// func maxAVX512Asm(x *float32, n int) float32
//	top := x[0]; for i := range n { top = max(top, x[i]) }
//	SI  x    CX  n, at least 1    Z0–Z3  m0 to m3
// VMAXPS returns its first operand, as Go writes them, if either is NaN: a NaN is forgotten with the next element of its lane.
// Softmax finds it all the same, as exp of it is NaN.
TEXT ·maxAVX512Asm(SB), NOSPLIT, $0-20
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VBROADCASTSS (SI), Z0     // m0 = x[0] in all lanes
	VMOVAPS Z0, Z1            // m1 = m0
	VMOVAPS Z0, Z2            // m2 = m0
	VMOVAPS Z0, Z3            // m3 = m0
	SUBQ $64, CX              // n -= 64
	JLT  rest                 // if n < 0 { goto rest }

four:                         // 64 elements a round
	VMAXPS (SI), Z0, Z0       // m0 = max(m0, x[:16])
	VMAXPS 64(SI), Z1, Z1     // m1 = max(m1, x[16:32])
	VMAXPS 128(SI), Z2, Z2    // m2 = max(m2, x[32:48])
	VMAXPS 192(SI), Z3, Z3    // m3 = max(m3, x[48:64])
	ADDQ $256, SI             // x = x[64:]
	SUBQ $64, CX              // n -= 64
	JGE  four                 // if n >= 0 { goto four }

rest:                         // 0 to 63 elements are left
	ADDQ $48, CX              // n += 64 - 16
	JLT  tail                 // if n < 0 { goto tail }

one:                          // 16 elements a round
	VMAXPS (SI), Z0, Z0       // m0 = max(m0, x[:16])
	ADDQ $64, SI              // x = x[16:]
	SUBQ $16, CX              // n -= 16
	JGE  one                  // if n >= 0 { goto one }

tail:                         // 0 to 15 elements are left
	ADDQ $16, CX              // n += 16
	JZ   done                 // if n == 0 { goto done }
	TAILMASK                  // mask = 1<<n - 1
	VMAXPS (SI), Z0, K1, Z0   // m0[:n] = max(m0[:n], x[:n])

done:
	VMAXPS Z1, Z0, Z0         // m0 = max(m0, m1)
	VMAXPS Z3, Z2, Z2         // m2 = max(m2, m3)
	VMAXPS Z2, Z0, Z0         // m0 = max(m0, m2)
	VEXTRACTF64X4 $1, Z0, Y1  // t = m0[8:16]
	VMAXPS Y1, Y0, Y0         // m0[:8] = max(m0[:8], t)
	VEXTRACTF128 $1, Y0, X1   // t = m0[4:8]
	VMAXPS X1, X0, X0         // m0[:4] = max(m0[:4], t)
	VMOVHLPS X0, X0, X1       // t = m0[2:4]
	VMAXPS X1, X0, X0         // m0[:2] = max(m0[:2], t)
	VMOVSHDUP X0, X1          // t = m0[1]
	VMAXSS X1, X0, X0         // m0[0] = max(m0[0], t)
	VMOVSS X0, ret+16(FP)     // return m0[0]
	VZEROUPPER                // upper halves left behind would slow down SSE code
	RET
