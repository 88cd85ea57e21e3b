//go:build !purego

#include "textflag.h"
#include "words_neon_arm64.h"

// func normalizeSIMDAsm(dst, x, gamma, beta *float32, n int, mean, rstd float32)
//	for i := range n {
//		xhat := (x[i] - mean) * rstd
//		dst[i] = fma(xhat, gamma[i], beta[i])
//	}
//	R0  dst    R1  x    R2  gamma    R5  beta    R3  n, elements left    R4  &mean
//	V0, V1  xhat0 and xhat1    V2, V3  gamma0 and gamma1    V4, V5  y0 and y1    V6  mean    V7  rstd
// x - mean comes first: fma(x, rstd, -mean·rstd) would lose digits where the mean is large.
TEXT ·normalizeSIMDAsm(SB), NOSPLIT, $0-48
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD gamma+16(FP), R2
	MOVD beta+24(FP), R5
	MOVD n+32(FP), R3
	MOVD $mean+40(FP), R4          // R4 = &mean; rstd follows it
	VLD1R.P 4(R4), [V6.S4]         // mean in all lanes
	VLD1R (R4), [V7.S4]            // rstd in all lanes

loop:                              // eight elements a round
	VLD1.P 32(R1), [V0.S4, V1.S4]  // xhat0, xhat1 = x[:4], x[4:8]; x = x[8:]
	VLD1.P 32(R2), [V2.S4, V3.S4]  // gamma0, gamma1 = gamma[:4], gamma[4:8]; gamma = gamma[8:]
	VLD1.P 32(R5), [V4.S4, V5.S4]  // y0, y1 = beta[:4], beta[4:8]; beta = beta[8:]
	FSUB(6, 0, 0)                  // xhat0 -= mean
	FSUB(6, 1, 1)                  // xhat1 -= mean
	FMUL(7, 0, 0)                  // xhat0 *= rstd
	FMUL(7, 1, 1)                  // xhat1 *= rstd
	VFMLA V2.S4, V0.S4, V4.S4      // y0 += xhat0 * gamma0
	VFMLA V3.S4, V1.S4, V5.S4      // y1 += xhat1 * gamma1
	VST1.P [V4.S4, V5.S4], 32(R0)  // dst[:4], dst[4:8] = y0, y1; dst = dst[8:]
	SUBS $8, R3, R3                // n -= 8
	BGT  loop                      // if n > 0 { goto loop }
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
//	R5  dgamma    R6  dbeta    R1  x    R2  gamma    R7  dy    R3  n, elements left    R4  &mean    V6  mean    V7  rstd
//	V0  xhat    V1  g    V2  di, four elements of dy    V3  dgi, of dgamma    V4  dbi, of dbeta    V16  sg, sums of g
//	V17  sgx, sums of g·xhat
// Element i goes to lane i%4 of both sums. The reference sums in float64.
TEXT ·normGradSumsSIMDAsm(SB), NOSPLIT, $0-64
	MOVD dgamma+0(FP), R5
	MOVD dbeta+8(FP), R6
	MOVD x+16(FP), R1
	MOVD gamma+24(FP), R2
	MOVD dy+32(FP), R7
	MOVD n+40(FP), R3
	MOVD $mean+48(FP), R4           // R4 = &mean; rstd follows it
	VLD1R.P 4(R4), [V6.S4]          // mean in all lanes
	VLD1R (R4), [V7.S4]             // rstd in all lanes
	VEOR V16.B16, V16.B16, V16.B16  // sg = 0
	VEOR V17.B16, V17.B16, V17.B16  // sgx = 0

loop:                               // four elements a round
	VLD1.P 16(R1), [V0.S4]          // xhat = x[:4]; x = x[4:]
	VLD1.P 16(R2), [V1.S4]          // g = gamma[:4]; gamma = gamma[4:]
	VLD1.P 16(R7), [V2.S4]          // di = dy[:4]; dy = dy[4:]
	FSUB(6, 0, 0)                   // xhat -= mean
	FMUL(7, 0, 0)                   // xhat *= rstd
	FMUL(2, 1, 1)                   // g *= di
	FADD(1, 16, 16)                 // sg += g
	VFMLA V0.S4, V1.S4, V17.S4      // sgx += g * xhat
	VLD1 (R5), [V3.S4]              // dgi = dgamma[:4]
	VLD1 (R6), [V4.S4]              // dbi = dbeta[:4]
	VFMLA V0.S4, V2.S4, V3.S4       // dgi += di * xhat
	FADD(2, 4, 4)                   // dbi += di
	VST1.P [V3.S4], 16(R5)          // dgamma[:4] = dgi; dgamma = dgamma[4:]
	VST1.P [V4.S4], 16(R6)          // dbeta[:4] = dbi; dbeta = dbeta[4:]
	SUBS $4, R3, R3                 // n -= 4
	BGT  loop                       // if n > 0 { goto loop }
	FADDP(16, 16, 16)               // sg[0], sg[1] = sg[0]+sg[1], sg[2]+sg[3]
	FADDP(16, 16, 16)               // sg[0] = sg[0] + sg[1]
	FADDP(17, 17, 17)               // sgx[0], sgx[1] = sgx[0]+sgx[1], sgx[2]+sgx[3]
	FADDP(17, 17, 17)               // sgx[0] = sgx[0] + sgx[1]
	FMOVS F16, sumG+56(FP)          // return sg[0], sgx[0]
	FMOVS F17, sumGX+60(FP)
	RET

// func normGradSIMDAsm(dx, x, gamma, dy *float32, n int, mean, rstd, meanG, meanGX float32)
//	for i := range n {
//		xhat := (x[i] - mean) * rstd
//		dx[i] += rstd * (dy[i]*gamma[i] - meanG - xhat*meanGX)
//	}
//	R0  dx    R1  x    R2  gamma    R5  dy    R3  n, elements left    R4  &mean
//	V0  xhat    V1  gi, four elements of gamma    V2  di, of dy    V3  dxi, of dx
//	V6  mean    V7  rstd    V16  meanG    V17  meanGX
// dy·gamma is rounded before meanG is taken from it; xhat·meanGX is fused with its difference.
TEXT ·normGradSIMDAsm(SB), NOSPLIT, $0-56
	MOVD dx+0(FP), R0
	MOVD x+8(FP), R1
	MOVD gamma+16(FP), R2
	MOVD dy+24(FP), R5
	MOVD n+32(FP), R3
	MOVD $mean+40(FP), R4       // R4 = &mean; the other three follow it
	VLD1R.P 4(R4), [V6.S4]      // mean in all lanes
	VLD1R.P 4(R4), [V7.S4]      // rstd in all lanes
	VLD1R.P 4(R4), [V16.S4]     // meanG in all lanes
	VLD1R (R4), [V17.S4]        // meanGX in all lanes

loop:                           // four elements a round
	VLD1.P 16(R1), [V0.S4]      // xhat = x[:4]; x = x[4:]
	VLD1.P 16(R2), [V1.S4]      // gi = gamma[:4]; gamma = gamma[4:]
	VLD1.P 16(R5), [V2.S4]      // di = dy[:4]; dy = dy[4:]
	FSUB(6, 0, 0)               // xhat -= mean
	FMUL(7, 0, 0)               // xhat *= rstd
	FMUL(1, 2, 2)               // di *= gi
	FSUB(16, 2, 2)              // di -= meanG
	VFMLS V17.S4, V0.S4, V2.S4  // di -= xhat * meanGX
	VLD1 (R0), [V3.S4]          // dxi = dx[:4]
	VFMLA V7.S4, V2.S4, V3.S4   // dxi += di * rstd
	VST1.P [V3.S4], 16(R0)      // dx[:4] = dxi; dx = dx[4:]
	SUBS $4, R3, R3             // n -= 4
	BGT  loop                   // if n > 0 { goto loop }
	RET
