//go:build !purego

#include "textflag.h"
#include "block_avx512_amd64.h"
#include "exp_avx512_amd64.h"
#include "fold_avx512_amd64.h"

DATA minusInf<>+0(SB)/4, $0xff800000 // −∞, the maximum of no logits
GLOBL minusInf<>(SB), RODATA|NOPTR, $4

// onlineSoftmaxAVX512Asm is a step of the online softmax, which meets the logits s of each row after those that top and sum tell of:
//
//	for r := range rows {
//		m, total := top[r], 0
//		for j := range n {
//			m = max(m, s[r*lds+j])
//		}
//		for j := range n {
//			s[r*lds+j] = exp(s[r*lds+j] - m)
//			total += s[r*lds+j]
//		}
//		alpha[r] = exp(top[r] - m)
//		sum[r] = alpha[r]*sum[r] + total
//		top[r] = m
//	}
//
// It passes over all rows twice, with every alpha in between: they fill vectors of their own, and alpha needs room for a multiple
// of sixteen rows. total is kept in sixteen sums, one a lane, which FOLD adds. A NaN in s may pass m by, as VMAXPS returns its
// first operand where one is NaN, and the next logit then is that operand; but it makes total NaN, and with it sum.
//
//	DI  row of s    R8  bytes to the next    R9  rows left    R11  top    R12  sum    R13  alpha of the row
//	SI  4·j, bytes into a row    R15  those of the whole vectors    R10  n    K1  columns of the last, incomplete vector
//	Z4  m    Z5  total    Z0–Z2  a vector and scratch    Z16–Z22  for EXP2    Z25  −∞
//
// func onlineSoftmaxAVX512Asm(s *float32, lds, rows, n int, top, sum, alpha *float32)
TEXT ·onlineSoftmaxAVX512Asm(SB), NOSPLIT, $0-56
	MOVQ s+0(FP), DI
	MOVQ lds+8(FP), R8
	MOVQ rows+16(FP), R9
	MOVQ n+24(FP), R10
	MOVQ top+32(FP), R11
	MOVQ alpha+48(FP), R13
	SHLQ $2, R8                  // lds in bytes
	POWERS
	VBROADCASTSS minusInf<>(SB), Z25
	TAIL                         // whole, mask = n&^15, 1<<(n%16) - 1

largest:                             // for r := range rows {
	VMOVAPS Z25, Z0              // m = −∞, in all lanes
	VMOVAPS Z25, Z1              // x = −∞
	XORQ SI, SI                  // j = 0
	CMPQ SI, R15
	JEQ  largestTail             // if whole == 0 { goto largestTail }

largestLoop:                         // for ; j < whole; j += 16 {
	VMAXPS (DI)(SI*1), Z0, Z0    // m = max(m, s[j:][:16])
	ADDQ $64, SI                 // j += 16
	CMPQ SI, R15
	JLT  largestLoop             // }

largestTail:
	VMOVUPS (DI)(SI*1), K1, Z1   // x = s[j:][:n%16], then −∞
	VMAXPS Z1, Z0, Z0            // m = max(m, x)
	FOLD(VMAXPS, VMAXSS)         // m = max of the lanes
	VMOVSS (R11), X1             // top[r]
	VMAXSS X1, X0, X0            // m = max(m, top[r])
	VSUBSS X0, X1, X1
	VMOVSS X1, (R13)             // alpha[r] = top[r] - m, for now
	VMOVSS X0, (R11)             // top[r] = m
	ADDQ R8, DI                  // s += a row
	ADDQ $4, R11                 // top++
	ADDQ $4, R13                 // alpha++
	DECQ R9
	JNZ  largest                 // }

	MOVQ alpha+48(FP), R13
	MOVQ rows+16(FP), R9         // rows left

shrink:                              // for r := 0; r < rows; r += 16 {
	VMOVUPS (R13), Z0            // x = alpha[r:][:16]
	VMULPS Z22, Z0, Z0           // x *= log2e
	EXP2(Z0, Z1, Z2)             // x = 2^x
	VMOVUPS Z0, (R13)            // alpha[r:][:16] = x
	ADDQ $64, R13                // alpha += 16
	SUBQ $16, R9
	JG   shrink                  // }

	MOVQ s+0(FP), DI
	MOVQ rows+16(FP), R9         // rows left
	MOVQ top+32(FP), R11
	MOVQ sum+40(FP), R12
	MOVQ alpha+48(FP), R13

power:                               // for r := range rows {
	VBROADCASTSS (R11), Z4       // m = top[r]
	VPXORD Z5, Z5, Z5            // total = 0
	XORQ SI, SI                  // j = 0
	CMPQ SI, R15
	JEQ  powerTail               // if whole == 0 { goto powerTail }

powerLoop:                           // for ; j < whole; j += 16 {
	VMOVUPS (DI)(SI*1), Z0       // x = s[j:][:16]
	VSUBPS Z4, Z0, Z0            // x -= m
	VMULPS Z22, Z0, Z0           // x *= log2e
	EXP2(Z0, Z1, Z2)             // x = 2^x
	VMOVUPS Z0, (DI)(SI*1)       // s[j:][:16] = x
	VADDPS Z0, Z5, Z5            // total += x
	ADDQ $64, SI                 // j += 16
	CMPQ SI, R15
	JLT  powerLoop               // }

powerTail:
	TESTQ $15, R10
	JZ   powerSum                // if n%16 == 0 { goto powerSum }
	VMOVUPS.Z (DI)(SI*1), K1, Z0 // x = s[j:][:n%16], then zeros
	VSUBPS Z4, Z0, Z0            // x -= m
	VMULPS Z22, Z0, Z0           // x *= log2e
	EXP2(Z0, Z1, Z2)             // x = 2^x
	VMOVUPS Z0, K1, (DI)(SI*1)   // s[j:][:n%16] = x
	VADDPS Z0, Z5, K1, Z5        // total += x, lanes past the row left out

powerSum:
	VMOVAPS Z5, Z0
	FOLD(VADDPS, VADDSS)         // total = sum of the lanes
	VMOVSS (R12), X1             // sum[r]
	VMULSS (R13), X1, X1         // alpha[r] * sum[r]
	VADDSS X1, X0, X0            // total + alpha[r]*sum[r]
	VMOVSS X0, (R12)             // sum[r] = alpha[r]*sum[r] + total
	ADDQ R8, DI                  // s += a row
	ADDQ $4, R11                 // top++
	ADDQ $4, R12                 // sum++
	ADDQ $4, R13                 // alpha++
	DECQ R9
	JNZ  power                   // }
	VZEROUPPER
	RET
