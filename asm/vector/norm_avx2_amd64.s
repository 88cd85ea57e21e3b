//go:build !purego

#include "textflag.h"
#include "sum_avx2_amd64.h"

// n is a multiple of 8, and positive. CX counts the elements left, less what a round of the loop takes while it is in it.
//
// Sums are kept in one vector, lane by lane, so that the order of addition depends on n alone.

// func normalizeSIMDAsm(dst, x, gamma, beta *float32, n int, mean, rstd float32)
//	for i := range n {
//		xhat := (x[i] - mean) * rstd
//		dst[i] = fma(xhat, gamma[i], beta[i])
//	}
//	DI  dst    SI  x    R8  gamma    R9  beta    CX  n    Y0  xhat    Y1  yi    Y4  mean    Y5  rstd
// x - mean comes first: fma(x, rstd, -mean·rstd) would lose digits where the mean is large.
TEXT ·normalizeSIMDAsm(SB), NOSPLIT, $0-48
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

// func normGradSumsSIMDAsm(dgamma, dbeta, x, gamma, dy *float32, n int, mean, rstd float32) (sumG, sumGX float32)
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
TEXT ·normGradSumsSIMDAsm(SB), NOSPLIT, $0-64
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

// func normGradSIMDAsm(dx, x, gamma, dy *float32, n int, mean, rstd, meanG, meanGX float32)
//	for i := range n {
//		xhat := (x[i] - mean) * rstd
//		dx[i] += rstd * (dy[i]*gamma[i] - meanG - xhat*meanGX)
//	}
//	DI  dx    SI  x    R8  gamma    R9  dy    CX  n
//	Y0  xhat    Y1  di, 8 elements of dy    Y2  dxi, of dx    Y4  mean    Y5  rstd    Y6  meanG    Y7  meanGX
// dy·gamma is rounded before meanG is taken from it; xhat·meanGX is fused with its difference.
TEXT ·normGradSIMDAsm(SB), NOSPLIT, $0-56
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
	VMOVUPS (DI), Y2                // dxi = dx[:8]
	VFMADD231PS Y5, Y1, Y2          // dxi += di * rstd
	VMOVUPS Y2, (DI)                // dx[:8] = dxi
	ADDQ $32, DI                    // dx = dx[8:]
	ADDQ $32, SI                    // x = x[8:]
	ADDQ $32, R8                    // gamma = gamma[8:]
	ADDQ $32, R9                    // dy = dy[8:]
	SUBQ $8, CX                     // n -= 8
	JG   grad                       // if n > 0 { goto grad }
	VZEROUPPER                      // upper halves left behind would slow down SSE code
	RET
