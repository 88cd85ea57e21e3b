//go:build !purego

#include "textflag.h"
#include "block_avx512_amd64.h"
#include "exp_avx512_amd64.h"

// GRAD computes one vector of a row.
#define GRAD \
	VSUBPS Z4, Z0, Z0  \ // s - lse
	VSUBPS Z5, Z3, Z3  \ // dp - delta
	VMULPS Z22, Z0, Z0 \ // in powers of two
	EXP2(Z0, Z1, Z2)   \ // s = exp(s - lse)
	VMULPS Z0, Z3, Z3    // dp = s * (dp - delta)

// logitGradAVX512Asm turns logits s into probabilities and gradients dp of probabilities into gradients of logits:
//
//	for r := range rows {
//		for j := range n {
//			s[r*ld+j] = exp(s[r*ld+j] - lse[r])
//			dp[r*ld+j] = s[r*ld+j] * (dp[r*ld+j] - delta[r])
//		}
//	}
//
//	DI  row of s    DX  row of dp    R8  bytes to the next row    R9  rows left    R11  lse of the row    R12  delta of the row
//	SI  4·j, bytes into a row    R15  those of the whole vectors    R10  n    K1  columns of the last, incomplete vector
//	Z0, Z3  a vector of s, of dp    Z4, Z5  lse, delta    Z1, Z2, Z16–Z22  for EXP2
//
// func logitGradAVX512Asm(s, dp *float32, ld, rows, n int, lse, delta *float32)
TEXT ·logitGradAVX512Asm(SB), NOSPLIT, $0-56
	MOVQ s+0(FP), DI
	MOVQ dp+8(FP), DX
	MOVQ ld+16(FP), R8
	MOVQ rows+24(FP), R9
	MOVQ n+32(FP), R10
	MOVQ lse+40(FP), R11
	MOVQ delta+48(FP), R12
	SHLQ $2, R8                  // ld in bytes
	POWERS
	TAIL                         // whole, mask = n&^15, 1<<(n%16) - 1

grad:                                // for r := range rows {
	VBROADCASTSS (R11), Z4       // lse[r]
	VBROADCASTSS (R12), Z5       // delta[r]
	XORQ SI, SI                  // j = 0
	CMPQ SI, R15
	JEQ  gradTail                // if whole == 0 { goto gradTail }

gradLoop:                            // for ; j < whole; j += 16 {
	VMOVUPS (DI)(SI*1), Z0       // s[r*ld+j:][:16]
	VMOVUPS (DX)(SI*1), Z3       // dp[r*ld+j:][:16]
	GRAD                         // s, dp = exp(s - lse), s*(dp - delta)
	VMOVUPS Z0, (DI)(SI*1)       // s[r*ld+j:][:16] = probabilities
	VMOVUPS Z3, (DX)(SI*1)       // dp[r*ld+j:][:16] = gradients of logits
	ADDQ $64, SI                 // j += 16
	CMPQ SI, R15
	JLT  gradLoop                // }

gradTail:
	TESTQ $15, R10
	JZ   gradNext                // if n%16 == 0 { goto gradNext }
	VMOVUPS.Z (DI)(SI*1), K1, Z0 // s[r*ld+j:][:n%16], then zeros
	VMOVUPS.Z (DX)(SI*1), K1, Z3 // dp[r*ld+j:][:n%16], then zeros
	GRAD                         // the same for the rest of the row
	VMOVUPS Z0, K1, (DI)(SI*1)   // lanes past the row are not written
	VMOVUPS Z3, K1, (DX)(SI*1)

gradNext:
	ADDQ R8, DI                  // s += a row
	ADDQ R8, DX                  // dp += a row
	ADDQ $4, R11                 // lse++
	ADDQ $4, R12                 // delta++
	DECQ R9
	JNZ  grad                    // }
	VZEROUPPER
	RET
