//go:build !purego

#include "textflag.h"

// Reductions and the rows of layer norm and softmax; n is a multiple of 8, and positive. CX counts the elements left, less what a
// round of the loop takes while it is in it.
//
// A sum is kept in vectors side by side, lane by lane: four in dotAsm, two in squaredDistanceAsm and sumSquaresAsm, and one in
// normGradSumsAsm. What is left after the last whole round goes to the first vector, so that the order of addition depends on n
// alone.

// HSUM adds the eight lanes of y into lane 0 of x, y's low half; t is scratch of 128 bits:
//	((y[0]+y[4]) + (y[2]+y[6])) + ((y[1]+y[5]) + (y[3]+y[7]))
#define HSUM(y, x, t) \
	VEXTRACTF128 $1, y, t \ // t = y[4:8]
	VADDPS       t, x, x  \ // x += t
	VMOVHLPS     x, x, t  \ // t[:2] = x[2:4]
	VADDPS       t, x, x  \ // x[:2] += t[:2]
	VMOVSHDUP    x, t     \ // t[0] = x[1]
	VADDSS       t, x, x    // x[0] += t[0]

// func dotAsm(a, b *float32, n int) float32
//	for i := range n { s += a[i] * b[i] }
//	SI  a    BX  b    CX  n    Y0–Y3  s0 to s3, sums    Y4–Y7  a0 to a3, 8 elements of a each
// Four sums, since an fma waits about four cycles for the one it adds to. Products are not rounded before they are added. The
// reference sums in float64.
TEXT ·dotAsm(SB), NOSPLIT, $0-28
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

// func squaredDistanceAsm(a, b *float32, n int) float32
//	for i := range n {
//		d := a[i] - b[i]
//		s += d * d
//	}
//	SI  a    BX  b    CX  n    Y0, Y1  s0 and s1, sums    Y4, Y5  d0 and d1, differences of eight elements each
TEXT ·squaredDistanceAsm(SB), NOSPLIT, $0-28
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

// func sumSquaresAsm(x *float32, n int, shift float32) (sum, squares float32)
//	for i := range n {
//		d := x[i] - shift
//		sum += d
//		squares += d * d
//	}
//	SI  x    CX  n    Y0, Y1  s0 and s1, sums    Y2, Y3  q0 and q1, squares    Y4, Y5  d0 and d1    Y8  shift in all lanes
// With the mean of x as shift the squares give the variance without cancellation; a shift of 0 gives a plain sum.
TEXT ·sumSquaresAsm(SB), NOSPLIT, $0-32
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

// func maxAsm(x *float32, n int) float32
//	top := x[0]; for i := range n { top = max(top, x[i]) }
//	SI  x    CX  n, elements left    Y0  m
// VMAXPS returns its first operand, as Go writes them, if either is NaN: a NaN is forgotten with the next element of its lane.
// Softmax finds it all the same, as exp of it is NaN.
TEXT ·maxAsm(SB), NOSPLIT, $0-20
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

// func normalizeAsm(dst, x, gamma, beta *float32, n int, mean, rstd float32)
//	for i := range n {
//		xhat := (x[i] - mean) * rstd
//		dst[i] = fma(xhat, gamma[i], beta[i])
//	}
//	DI  dst    SI  x    R8  gamma    R9  beta    CX  n    Y0  xhat    Y1  yi    Y4  mean    Y5  rstd
// x - mean comes first: fma(x, rstd, -mean·rstd) would lose digits where the mean is large.
TEXT ·normalizeAsm(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ gamma+16(FP), R8
	MOVQ beta+24(FP), R9
	MOVQ n+32(FP), CX
	VBROADCASTSS mean+40(FP), Y4  // mean in all lanes
	VBROADCASTSS rstd+44(FP), Y5  // rstd in all lanes

norm:                             // eight elements a round
	VMOVUPS (SI), Y0              // xhat = x[:8]
	VSUBPS Y4, Y0, Y0             // xhat -= mean
	VMULPS Y5, Y0, Y0             // xhat *= rstd
	VMOVUPS (R9), Y1              // yi = beta[:8]
	VFMADD231PS (R8), Y0, Y1      // yi += xhat * gamma[:8]
	VMOVUPS Y1, (DI)              // dst[:8] = yi
	ADDQ $32, DI                  // dst = dst[8:]
	ADDQ $32, SI                  // x = x[8:]
	ADDQ $32, R8                  // gamma = gamma[8:]
	ADDQ $32, R9                  // beta = beta[8:]
	SUBQ $8, CX                   // n -= 8
	JG   norm                     // if n > 0 { goto norm }
	VZEROUPPER                    // upper halves left behind would slow down SSE code
	RET

// func normGradSumsAsm(dgamma, dbeta, x, gamma, dy *float32, n int, mean, rstd float32) (sumG, sumGX float32)
//	for i := range n {
//		xhat := (x[i] - mean) * rstd
//		g := dy[i] * gamma[i]
//		sumG += g
//		sumGX += g * xhat
//		dgamma[i] += dy[i] * xhat
//		dbeta[i] += dy[i]
//	}
//	R10  dgamma    R11  dbeta    SI  x    R8  gamma    R9  dy    CX  n    Y6  mean    Y7  rstd
//	Y0  sg, sums of g    Y1  sgx, sums of g·xhat    Y2  xhat    Y3  di, 8 elements of dy    Y4  g    Y5  8 elements of dgamma
// Element i goes to lane i%8 of both sums. The reference sums in float64.
TEXT ·normGradSumsAsm(SB), NOSPLIT, $0-64
	MOVQ dgamma+0(FP), R10
	MOVQ dbeta+8(FP), R11
	MOVQ x+16(FP), SI
	MOVQ gamma+24(FP), R8
	MOVQ dy+32(FP), R9
	MOVQ n+40(FP), CX
	VBROADCASTSS mean+48(FP), Y6  // mean in all lanes
	VBROADCASTSS rstd+52(FP), Y7  // rstd in all lanes
	VXORPS Y0, Y0, Y0             // sg = 0
	VXORPS Y1, Y1, Y1             // sgx = 0

sums:                             // eight elements a round
	VMOVUPS (SI), Y2              // xhat = x[:8]
	VSUBPS Y6, Y2, Y2             // xhat -= mean
	VMULPS Y7, Y2, Y2             // xhat *= rstd
	VMOVUPS (R9), Y3              // di = dy[:8]
	VMULPS (R8), Y3, Y4           // g = di * gamma[:8]
	VADDPS Y4, Y0, Y0             // sg += g
	VFMADD231PS Y2, Y4, Y1        // sgx += g * xhat
	VMOVUPS (R10), Y5             // dgi = dgamma[:8]
	VFMADD231PS Y2, Y3, Y5        // dgi += di * xhat
	VMOVUPS Y5, (R10)             // dgamma[:8] = dgi
	VADDPS (R11), Y3, Y3          // dbi = dbeta[:8] + di
	VMOVUPS Y3, (R11)             // dbeta[:8] = dbi
	ADDQ $32, SI                  // x = x[8:]
	ADDQ $32, R8                  // gamma = gamma[8:]
	ADDQ $32, R9                  // dy = dy[8:]
	ADDQ $32, R10                 // dgamma = dgamma[8:]
	ADDQ $32, R11                 // dbeta = dbeta[8:]
	SUBQ $8, CX                   // n -= 8
	JG   sums                     // if n > 0 { goto sums }
	HSUM(Y0, X0, X2)              // sumG = sg[0] + … + sg[7]
	HSUM(Y1, X1, X2)              // sumGX = sgx[0] + … + sgx[7]
	VMOVSS X0, sumG+56(FP)        // return sumG, sumGX
	VMOVSS X1, sumGX+60(FP)
	VZEROUPPER                    // upper halves left behind would slow down SSE code
	RET

// func normGradAsm(dx, x, gamma, dy *float32, n int, mean, rstd, meanG, meanGX float32)
//	for i := range n {
//		xhat := (x[i] - mean) * rstd
//		dx[i] = rstd * (dy[i]*gamma[i] - meanG - xhat*meanGX)
//	}
//	DI  dx    SI  x    R8  gamma    R9  dy    CX  n
//	Y0  xhat    Y1  di, which becomes 8 elements of dx    Y4  mean    Y5  rstd    Y6  meanG    Y7  meanGX
// dy·gamma is rounded before meanG is taken from it; xhat·meanGX is fused with its difference.
TEXT ·normGradAsm(SB), NOSPLIT, $0-56
	MOVQ dx+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ gamma+16(FP), R8
	MOVQ dy+24(FP), R9
	MOVQ n+32(FP), CX
	VBROADCASTSS mean+40(FP), Y4    // mean in all lanes
	VBROADCASTSS rstd+44(FP), Y5    // rstd in all lanes
	VBROADCASTSS meanG+48(FP), Y6   // meanG in all lanes
	VBROADCASTSS meanGX+52(FP), Y7  // meanGX in all lanes

grad:                               // eight elements a round
	VMOVUPS (SI), Y0                // xhat = x[:8]
	VSUBPS Y4, Y0, Y0               // xhat -= mean
	VMULPS Y5, Y0, Y0               // xhat *= rstd
	VMOVUPS (R9), Y1                // di = dy[:8]
	VMULPS (R8), Y1, Y1             // di *= gamma[:8]
	VSUBPS Y6, Y1, Y1               // di -= meanG
	VFNMADD231PS Y7, Y0, Y1         // di -= xhat * meanGX
	VMULPS Y5, Y1, Y1               // di *= rstd
	VMOVUPS Y1, (DI)                // dx[:8] = di
	ADDQ $32, DI                    // dx = dx[8:]
	ADDQ $32, SI                    // x = x[8:]
	ADDQ $32, R8                    // gamma = gamma[8:]
	ADDQ $32, R9                    // dy = dy[8:]
	SUBQ $8, CX                     // n -= 8
	JG   grad                       // if n > 0 { goto grad }
	VZEROUPPER                      // upper halves left behind would slow down SSE code
	RET

// func softmaxGradAsm(dx, y, dy *float32, n int, sum float32)
//	for i := range n { dx[i] = y[i] * (dy[i] - sum) }
//	DI  dx    SI  y    BX  dy    CX  n, elements left    Y0  v    Y4  sum in all lanes
// It is the gradient of a row of softmax, y; sum is Σ y·dy, the reference's delta. Difference and product are rounded one by
// one, as in the reference.
TEXT ·softmaxGradAsm(SB), NOSPLIT, $0-36
	MOVQ dx+0(FP), DI
	MOVQ y+8(FP), SI
	MOVQ dy+16(FP), BX
	MOVQ n+24(FP), CX
	VBROADCASTSS sum+32(FP), Y4  // sum in all lanes

softgrad:                        // eight elements a round
	VMOVUPS (BX), Y0             // v = dy[:8]
	VSUBPS Y4, Y0, Y0            // v -= sum
	VMULPS (SI), Y0, Y0          // v *= y[:8]
	VMOVUPS Y0, (DI)             // dx[:8] = v
	ADDQ $32, DI                 // dx = dx[8:]
	ADDQ $32, SI                 // y = y[8:]
	ADDQ $32, BX                 // dy = dy[8:]
	SUBQ $8, CX                  // n -= 8
	JG   softgrad                // if n > 0 { goto softgrad }
	VZEROUPPER                   // upper halves left behind would slow down SSE code
	RET
