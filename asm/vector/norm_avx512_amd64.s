//go:build !purego

#include "textflag.h"
#include "tail_avx512_amd64.h"

// func normalizeAVX512Asm(dst, x, gamma, beta *float32, n int, mean, rstd float32)
//	for i := range n {
//		xhat := (x[i] - mean) * rstd
//		dst[i] = fma(xhat, gamma[i], beta[i])
//	}
//	DI  dst    SI  x    R8  gamma    R9  beta    CX  n    Z0  xhat    Z1  yi    Z4  mean    Z5  rstd
// x - mean comes first: fma(x, rstd, -mean·rstd) would lose digits where the mean is large.
TEXT ·normalizeAVX512Asm(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ gamma+16(FP), R8
	MOVQ beta+24(FP), R9
	MOVQ n+32(FP), CX
	VBROADCASTSS mean+40(FP), Z4  // mean in all lanes
	VBROADCASTSS rstd+44(FP), Z5  // rstd in all lanes
	SUBQ $16, CX                  // n -= 16
	JLT  tail                     // if n < 0 { goto tail }

loop:                             // 16 elements a round
	VMOVUPS (SI), Z0              // xhat = x[:16]
	VMOVUPS (R9), Z1              // yi = beta[:16]
	VSUBPS Z4, Z0, Z0             // xhat -= mean
	VMULPS Z5, Z0, Z0             // xhat *= rstd
	VFMADD231PS (R8), Z0, Z1      // yi += xhat * gamma[:16]
	VMOVUPS Z1, (DI)              // dst[:16] = yi
	ADDQ $64, DI                  // dst = dst[16:]
	ADDQ $64, SI                  // x = x[16:]
	ADDQ $64, R8                  // gamma = gamma[16:]
	ADDQ $64, R9                  // beta = beta[16:]
	SUBQ $16, CX                  // n -= 16
	JGE  loop                     // if n >= 0 { goto loop }

tail:                             // 0 to 15 elements are left
	ADDQ $16, CX                  // n += 16
	JZ   done                     // if n == 0 { goto done }
	TAILMASK                      // mask = 1<<n - 1
	VMOVUPS.Z (SI), K1, Z0        // xhat = x[:n], 0 in the other lanes
	VMOVUPS.Z (R9), K1, Z1        // yi = beta[:n], 0 in the other lanes
	VSUBPS Z4, Z0, Z0             // xhat -= mean
	VMULPS Z5, Z0, Z0             // xhat *= rstd
	VFMADD231PS (R8), Z0, K1, Z1  // yi[:n] += xhat * gamma[:n]
	VMOVUPS Z1, K1, (DI)          // dst[:n] = yi

done:
	VZEROUPPER                    // upper halves left behind would slow down SSE code
	RET

// func normGradSumsAVX512Asm(dgamma, dbeta, x, gamma, dy *float32, n int, mean, rstd float32) (sumG, sumGX float32)
//	for i := range n {
//		xhat := (x[i] - mean) * rstd
//		g := dy[i] * gamma[i]
//		sumG += g
//		sumGX += g * xhat
//		dgamma[i] += dy[i] * xhat
//		dbeta[i] += dy[i]
//	}
//	R10  dgamma    R11  dbeta    SI  x    R8  gamma    R9  dy    CX  n    Z6  mean    Z7  rstd
//	Z0  sg, sums of g    Z1  sgx, sums of g·xhat    Z2  xhat    Z3  di, 16 elements of dy    Z4  g    Z5  16 elements of dgamma
// Element i goes to lane i%16 of both sums. The reference sums in float64.
TEXT ·normGradSumsAVX512Asm(SB), NOSPLIT, $0-64
	MOVQ dgamma+0(FP), R10
	MOVQ dbeta+8(FP), R11
	MOVQ x+16(FP), SI
	MOVQ gamma+24(FP), R8
	MOVQ dy+32(FP), R9
	MOVQ n+40(FP), CX
	VBROADCASTSS mean+48(FP), Z6  // mean in all lanes
	VBROADCASTSS rstd+52(FP), Z7  // rstd in all lanes
	VXORPS Z0, Z0, Z0             // sg = 0
	VXORPS Z1, Z1, Z1             // sgx = 0
	SUBQ $16, CX                  // n -= 16
	JLT  tail                     // if n < 0 { goto tail }

loop:                             // 16 elements a round
	VMOVUPS (SI), Z2              // xhat = x[:16]
	VMOVUPS (R9), Z3              // di = dy[:16]
	VSUBPS Z6, Z2, Z2             // xhat -= mean
	VMULPS Z7, Z2, Z2             // xhat *= rstd
	VMULPS (R8), Z3, Z4           // g = di * gamma[:16]
	VADDPS Z4, Z0, Z0             // sg += g
	VFMADD231PS Z2, Z4, Z1        // sgx += g * xhat
	VMOVUPS (R10), Z5             // dgi = dgamma[:16]
	VFMADD231PS Z2, Z3, Z5        // dgi += di * xhat
	VMOVUPS Z5, (R10)             // dgamma[:16] = dgi
	VADDPS (R11), Z3, Z3          // dbi = dbeta[:16] + di
	VMOVUPS Z3, (R11)             // dbeta[:16] = dbi
	ADDQ $64, SI                  // x = x[16:]
	ADDQ $64, R8                  // gamma = gamma[16:]
	ADDQ $64, R9                  // dy = dy[16:]
	ADDQ $64, R10                 // dgamma = dgamma[16:]
	ADDQ $64, R11                 // dbeta = dbeta[16:]
	SUBQ $16, CX                  // n -= 16
	JGE  loop                     // if n >= 0 { goto loop }

tail:                             // 0 to 15 elements are left
	ADDQ $16, CX                  // n += 16
	JZ   done                     // if n == 0 { goto done }
	TAILMASK                      // mask = 1<<n - 1
	VMOVUPS.Z (SI), K1, Z2        // xhat = x[:n], 0 in the other lanes
	VMOVUPS.Z (R9), K1, Z3        // di = dy[:n], 0 in the other lanes
	VSUBPS Z6, Z2, Z2             // xhat -= mean
	VMULPS.Z Z7, Z2, K1, Z2       // xhat *= rstd, 0 in the other lanes: they add nothing to the sums
	VMULPS.Z (R8), Z3, K1, Z4     // g = di * gamma[:n], 0 in the other lanes
	VADDPS Z4, Z0, Z0             // sg += g
	VFMADD231PS Z2, Z4, Z1        // sgx += g * xhat
	VMOVUPS.Z (R10), K1, Z5       // dgi = dgamma[:n], 0 in the other lanes
	VFMADD231PS Z2, Z3, Z5        // dgi += di * xhat
	VMOVUPS Z5, K1, (R10)         // dgamma[:n] = dgi
	VADDPS.Z (R11), Z3, K1, Z3    // dbi = dbeta[:n] + di, 0 in the other lanes
	VMOVUPS Z3, K1, (R11)         // dbeta[:n] = dbi

done:
	HSUM(Z0, Y0, X0, Y2, X2)      // sumG = sg[0] + … + sg[15]
	HSUM(Z1, Y1, X1, Y2, X2)      // sumGX = sgx[0] + … + sgx[15]
	VMOVSS X0, sumG+56(FP)        // return sumG, sumGX
	VMOVSS X1, sumGX+60(FP)
	VZEROUPPER                    // upper halves left behind would slow down SSE code
	RET

// func normGradAVX512Asm(dx, x, gamma, dy *float32, n int, mean, rstd, meanG, meanGX float32)
//	for i := range n {
//		xhat := (x[i] - mean) * rstd
//		dx[i] += rstd * (dy[i]*gamma[i] - meanG - xhat*meanGX)
//	}
//	DI  dx    SI  x    R8  gamma    R9  dy    CX  n
//	Z0  xhat    Z1  di, 16 elements of dy    Z2  dxi, of dx    Z4  mean    Z5  rstd    Z6  meanG    Z7  meanGX
// Both differences are fused with their products: dy·gamma is not rounded before meanG is taken from it.
TEXT ·normGradAVX512Asm(SB), NOSPLIT, $0-56
	MOVQ dx+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ gamma+16(FP), R8
	MOVQ dy+24(FP), R9
	MOVQ n+32(FP), CX
	VBROADCASTSS mean+40(FP), Z4    // mean in all lanes
	VBROADCASTSS rstd+44(FP), Z5    // rstd in all lanes
	VBROADCASTSS meanG+48(FP), Z6   // meanG in all lanes
	VBROADCASTSS meanGX+52(FP), Z7  // meanGX in all lanes
	SUBQ $16, CX                    // n -= 16
	JLT  tail                       // if n < 0 { goto tail }

loop:                               // 16 elements a round
	VMOVUPS (SI), Z0                // xhat = x[:16]
	VMOVUPS (R9), Z1                // di = dy[:16]
	VSUBPS Z4, Z0, Z0               // xhat -= mean
	VMULPS Z5, Z0, Z0               // xhat *= rstd
	VFMSUB132PS (R8), Z6, Z1        // di = di*gamma[:16] - meanG
	VFNMADD231PS Z7, Z0, Z1         // di -= xhat * meanGX
	VMOVUPS (DI), Z2                // dxi = dx[:16]
	VFMADD231PS Z5, Z1, Z2          // dxi += di * rstd
	VMOVUPS Z2, (DI)                // dx[:16] = dxi
	ADDQ $64, DI                    // dx = dx[16:]
	ADDQ $64, SI                    // x = x[16:]
	ADDQ $64, R8                    // gamma = gamma[16:]
	ADDQ $64, R9                    // dy = dy[16:]
	SUBQ $16, CX                    // n -= 16
	JGE  loop                       // if n >= 0 { goto loop }

tail:                               // 0 to 15 elements are left
	ADDQ $16, CX                    // n += 16
	JZ   done                       // if n == 0 { goto done }
	TAILMASK                        // mask = 1<<n - 1
	VMOVUPS.Z (SI), K1, Z0          // xhat = x[:n], 0 in the other lanes
	VMOVUPS.Z (R9), K1, Z1          // di = dy[:n], 0 in the other lanes
	VSUBPS Z4, Z0, Z0               // xhat -= mean
	VMULPS Z5, Z0, Z0               // xhat *= rstd
	VFMSUB132PS (R8), Z6, K1, Z1    // di[:n] = di*gamma[:n] - meanG
	VFNMADD231PS Z7, Z0, Z1         // di -= xhat * meanGX
	VMOVUPS.Z (DI), K1, Z2          // dxi = dx[:n], 0 in the other lanes
	VFMADD231PS Z5, Z1, Z2          // dxi += di * rstd
	VMOVUPS Z2, K1, (DI)            // dx[:n] = dxi

done:
	VZEROUPPER                      // upper halves left behind would slow down SSE code
	RET
