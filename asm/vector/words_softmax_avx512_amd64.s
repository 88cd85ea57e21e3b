//go:build !purego

#include "textflag.h"
#include "softmax_pairs_avx512_amd64.h"
#include "fold_avx512_amd64.h"
#include "words_avx512_amd64.h"

// EXPPAIR replaces x in Z0 and Z1 by exp(scale·(x − m)). Both go along side by side, and the polynomial is added up by halves, so that
// instructions wait less for each other. Clobbers Z2, Z3, Z8–Z13.
#define EXPPAIR \
	FRACTIONS                \ // y, r, p = power5
	VMULPS      Z2, Z2, Z10  \ // q = r*r
	VMULPS      Z8, Z8, Z11  \
	VFMADD213PS Z17, Z2, Z3  \ // p = p*r + power4
	VFMADD213PS Z17, Z8, Z9  \
	VMOVAPS     Z18, Z12     \ // t = power3
	VMOVAPS     Z18, Z13     \
	VFMADD213PS Z19, Z2, Z12 \ // t = t*r + power2
	VFMADD213PS Z19, Z8, Z13 \
	VFMADD213PS Z21, Z20, Z2 \ // r = power1*r + 1
	VFMADD213PS Z21, Z20, Z8 \
	VFMADD213PS Z12, Z10, Z3 \ // p = p*q + t
	VFMADD213PS Z13, Z11, Z9 \
	VFMADD213PS Z2, Z10, Z3  \ // p = p*q + r, 2^r
	VFMADD213PS Z8, Z11, Z9  \
	VSCALEFPS   Z0, Z3, Z0   \ // x = p * 2^floor(y)
	VSCALEFPS   Z1, Z9, Z1

// softmaxWordsAVX512Asm is a step of the online softmax that leaves words of bfloat16:
//
//	for r := range rows {
//		m, total := top[r], 0
//		for j := range n {
//			m = max(m, s[r*lds+j])
//		}
//		for j := range n {
//			e := exp(scale * (s[r*lds+j] - m))
//			half j%2 of dst[r*ldd+j/2] = bf16(e)
//			total += e
//		}
//		alpha[r] = exp(scale * (top[r] - m))
//		sum[r] = alpha[r]*sum[r] + total
//		top[r] = m
//	}
//
// It passes over all rows twice, with every alpha in between: they fill vectors of their own, and alpha needs room for a multiple
// of sixteen rows. total is kept in 32 sums, element j in that of j%32. NaN is as in onlineSoftmaxAVX512Asm. The exponent is one multiply-add
// of s: m·scale·log₂ e rounds by as much as the log-sum-exp does, and must not overflow.
//
//	DI  row of s    R8  bytes to the next    DX  row of dst    BX  bytes to the next    R9  rows left    R11  top    R12  sum    R13  alpha
//	SI, R15  place in a row of s, dst    R10  pairs of vectors of a row    CX  those left    K3, K4  columns of the last pair
//	Z4  m, then m·scale·log₂ e    Z5, Z6  total    Z0, Z1  a pair of vectors    Z2, Z3, Z8–Z13  scratch
//	Z16–Z21  for powers of two    Z22  scale·log₂ e    Z25  −∞
//
// func softmaxWordsAVX512Asm(dst *float32, ldd int, s *float32, lds, rows, n int, scale float32, top, sum, alpha *float32)
TEXT ·softmaxWordsAVX512Asm(SB), NOSPLIT, $0-80
	MOVQ s+16(FP), DI
	MOVQ lds+24(FP), R8
	MOVQ rows+32(FP), R9
	MOVQ n+40(FP), R10
	MOVQ top+56(FP), R11
	MOVQ alpha+72(FP), R13
	SHLQ $2, R8                    // lds in bytes
	POWERS
	VBROADCASTSS scale+48(FP), Z0
	VMULPS Z22, Z0, Z22            // scale * log2e
	VBROADCASTSS minusInf<>(SB), Z25
	PAIRS                          // masks of the last pair, and how many pairs
	LARGEST                        // top[r] and, for now, alpha[r] of all rows
	MOVQ alpha+72(FP), R13
	MOVQ rows+32(FP), R9           // rows left

shrink:                                // for r := 0; r < rows; r += 16 {
	VMULPS (R13), Z22, Z0          // x = alpha[r:][:16] * scale * log2e
	EXP2(Z0, Z1, Z2)               // x = 2^x
	VMOVUPS Z0, (R13)              // alpha[r:][:16] = x
	ADDQ $64, R13                  // alpha += 16
	SUBQ $16, R9
	JG   shrink                    // }

	MOVQ dst+0(FP), DX
	MOVQ ldd+8(FP), BX
	MOVQ s+16(FP), DI
	MOVQ rows+32(FP), R9           // rows left
	MOVQ top+56(FP), R11
	MOVQ sum+64(FP), R12
	MOVQ alpha+72(FP), R13
	SHLQ $2, BX                    // ldd in bytes

power:                                 // for r := range rows {
	VBROADCASTSS (R11), Z4         // m = top[r]
	VMULPS Z22, Z4, Z4             // m *= scale * log2e
	VPXORD Z5, Z5, Z5              // total = 0
	VPXORD Z6, Z6, Z6
	MOVQ DI, SI
	MOVQ DX, R15
	MOVQ R10, CX
	DECQ CX
	JZ   powerTail                 // if one pair of vectors { goto powerTail }

powerLoop:                             // for all pairs but the last {
	VMOVUPS (SI), Z0               // x = s[j:][:32]
	VMOVUPS 64(SI), Z1
	EXPPAIR                        // x = exp(scale * (x - m))
	VADDPS Z0, Z5, Z5              // total += x
	VADDPS Z1, Z6, Z6
	ROUND_Z0_Z1                    // bf16(x)
	VMOVDQU64 Z0, (R15)            // dst[j/2:][:16] = sixteen words
	ADDQ $128, SI                  // j += 32
	ADDQ $64, R15
	DECQ CX
	JNZ  powerLoop                 // }

powerTail:
	VMOVUPS.Z (SI), K3, Z0         // x = the rest of s
	VMOVUPS.Z 64(SI), K4, Z1
	EXPPAIR                        // x = exp(scale * (x - m))
	VMOVAPS.Z Z0, K3, Z0           // then zeros
	VMOVAPS.Z Z1, K4, Z1
	VADDPS Z0, Z5, Z5              // total += x
	VADDPS Z1, Z6, Z6
	ROUND_Z0_Z1                    // bf16(x)
	VMOVDQU64 Z0, (R15)            // dst[j/2:][:16] = sixteen words

	VADDPS Z6, Z5, Z0
	FOLD(VADDPS, VADDSS)           // total = sum of the lanes
	VMOVSS (R12), X1               // sum[r]
	VMULSS (R13), X1, X1           // alpha[r] * sum[r]
	VADDSS X1, X0, X0              // total + alpha[r]*sum[r]
	VMOVSS X0, (R12)               // sum[r] = alpha[r]*sum[r] + total
	ADDQ R8, DI                    // s += a row
	ADDQ BX, DX                    // dst += a row
	ADDQ $4, R11                   // top++
	ADDQ $4, R12                   // sum++
	ADDQ $4, R13                   // alpha++
	DECQ R9
	JNZ  power                     // }
	VZEROUPPER
	RET
