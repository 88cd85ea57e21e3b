//go:build !purego

#include "textflag.h"
#include "exp_avx512_amd64.h"
#include "words_avx512_amd64.h"

// The order of the words of two rows: element i of the one and then of the other, of the vector that has one behind the other.
DATA inTurn<>+0(SB)/8, $0x0011000100100000
DATA inTurn<>+8(SB)/8, $0x0013000300120002
DATA inTurn<>+16(SB)/8, $0x0015000500140004
DATA inTurn<>+24(SB)/8, $0x0017000700160006
DATA inTurn<>+32(SB)/8, $0x0019000900180008
DATA inTurn<>+40(SB)/8, $0x001b000b001a000a
DATA inTurn<>+48(SB)/8, $0x001d000d001c000c
DATA inTurn<>+56(SB)/8, $0x001f000f001e000e
GLOBL inTurn<>(SB), RODATA|NOPTR, $64

// PROBABILITY replaces s by exp(scale·s − lse), 0 in lanes outside the mask; r and p are scratch. The difference comes before log₂ e: it is
// small where exp is not, and then nearly exact.
#define PROBABILITY(s, lse, mask, r, p) \
	VFMSUB213PS lse, Z23, s     \ // x = scale*s - lse
	VMULPS      Z22, s, s       \ // x *= log2e
	FRACTION(s, r)              \ // r = x - floor(x)
	POLYNOMIAL(r, p)            \ // p = 2^r
	VSCALEFPS.Z s, p, mask, s     // 2^x

// GRADIENT replaces dp by scale·p·(dp − delta), 0 in lanes outside the mask; t is scratch.
#define GRADIENT(dp, p, delta, mask, t) \
	VMULPS   Z23, p, t          \ // t = scale*p
	VSUBPS   delta, dp, dp      \ // dp -= delta
	VMULPS.Z t, dp, mask, dp      // dp *= t

// gradWordsAVX512Asm takes two rows at a time, a and b, whose words lie one above the other:
//
//	for r := 0; r < rows; r += 2 {
//		for j := range n {
//			P[:2] = exp(scale*s[r*ld+j] - lse[r]), exp(scale*s[(r+1)*ld+j] - lse[r+1]) // or 0 where there is no row r+1
//			D[:2] = scale*P[0]*(dp[r*ld+j] - delta[r]), scale*P[1]*(dp[(r+1)*ld+j] - delta[r+1])
//			p[r/2*ldw+j], ds[r/2*ldw+j] = word(bf16(P[0]), bf16(P[1])), word(bf16(D[0]), bf16(D[1]))
//			half j%2 of across[r*lda+j/2], across[(r+1)*lda+j/2] = bf16(D[0]), bf16(D[1])
//		}
//	}
//
//	DI, SI  rows a and b of s    DX, BX  of dp    R8, R9  rows of p, ds    R10, R11  rows a, b of across    R12, R13  lse, delta of row a
//	R14  rows left    AX  4·j, bytes into a row    R15  half of that    CX  vectors left
//	K1  columns of a vector that count, in row a    K3  in row b    K2  all if there is a row b, else none    K4  columns of the last vector
//	Z0, Z1  s, then P of a and b    Z2, Z3  dp, then D    Z4, Z6  lse of a, b    Z5, Z7  delta
//	Z16–Z22  for EXP2    Z23  scale    Z24  inTurn    Z8, Z9  scratch
//
// Without a row b, its words are those of a: they are stored first.
//
// func gradWordsAVX512Asm(p, ds *float32, ldw int, across *float32, lda int, s, dp *float32, ld, rows, n int, scale float32, lse, delta *float32)
TEXT ·gradWordsAVX512Asm(SB), NOSPLIT, $0-104
	MOVQ p+0(FP), R8
	MOVQ ds+8(FP), R9
	MOVQ across+24(FP), R10
	MOVQ s+40(FP), DI
	MOVQ dp+48(FP), DX
	MOVQ rows+64(FP), R14
	MOVQ n+72(FP), CX
	VBROADCASTSS scale+80(FP), Z23
	MOVQ lse+88(FP), R12
	MOVQ delta+96(FP), R13
	POWERS
	VMOVDQU64 inTurn<>(SB), Z24
	DECQ CX
	ANDQ $15, CX                   // (n-1) % 16
	MOVQ $2, AX
	SHLQ CX, AX                    // 2 << ((n-1)%16)
	DECQ AX                        // the low (n-1)%16 + 1 bits
	KMOVW AX, K4                   // columns of the last vector

pair:                                  // for r := 0; r < rows; r += 2 {
	MOVQ DI, SI
	MOVQ DX, BX
	MOVQ R10, R11
	KXORW K2, K2, K2               // no row b
	VBROADCASTSS (R12), Z4         // lse[r]
	VBROADCASTSS (R13), Z5         // delta[r]
	VMOVAPS Z4, Z6
	VMOVAPS Z5, Z7
	CMPQ R14, $2
	JLT  columns                   // if rows left ≥ 2 {
	KXNORW K2, K2, K2              // a row b
	MOVQ ld+56(FP), AX
	LEAQ (DI)(AX*4), SI            // s[(r+1)*ld:]
	LEAQ (DX)(AX*4), BX            // dp[(r+1)*ld:]
	MOVQ lda+32(FP), AX
	LEAQ (R10)(AX*4), R11          // across[(r+1)*lda:]
	VBROADCASTSS 4(R12), Z6        // lse[r+1]
	VBROADCASTSS 4(R13), Z7        // delta[r+1]

columns:                               // }
	MOVQ n+72(FP), CX
	ADDQ $15, CX
	SHRQ $4, CX                    // vectors of a row
	XORQ AX, AX                    // j = 0
	XORQ R15, R15
	KXNORW K1, K1, K1              // all columns count
	KMOVW K2, K3

vector:                                // for ; j < n; j += 16 {
	DECQ CX
	JNZ  whole                     // if the last {
	KMOVW K4, K1                   // columns that there are
	KANDW K4, K2, K3

whole:                                 // }
	VMOVUPS.Z (DI)(AX*1), K1, Z0   // s of row a
	VMOVUPS.Z (SI)(AX*1), K3, Z1   // and of b
	PROBABILITY(Z0, Z4, K1, Z8, Z9)
	PROBABILITY(Z1, Z6, K3, Z8, Z9)
	VMOVUPS.Z (DX)(AX*1), K1, Z2   // dp of row a
	VMOVUPS.Z (BX)(AX*1), K3, Z3   // and of b
	GRADIENT(Z2, Z0, Z5, K1, Z8)
	GRADIENT(Z3, Z1, Z7, K3, Z9)
	ROUND_Z0_Z1                    // P of row a, P of row b
	VPERMW Z0, Z24, Z0             // in turn
	VMOVDQU64 Z0, (R8)(AX*1)       // p[r/2*ldw+j:][:16] = words of P
	ROUND_Z2_Z3                    // D of row a, D of row b
	VEXTRACTI64X4 $1, Z2, (R11)(R15*1) // across[(r+1)*lda+j/2:][:8] = D of b
	VMOVDQU Y2, (R10)(R15*1)       // across[r*lda+j/2:][:8] = D of a
	VPERMW Z2, Z24, Z2             // in turn
	VMOVDQU64 Z2, (R9)(AX*1)       // ds[r/2*ldw+j:][:16] = words of D
	ADDQ $64, AX                   // j += 16
	ADDQ $32, R15
	TESTQ CX, CX
	JNZ  vector                    // }
	MOVQ ld+56(FP), AX
	LEAQ (DI)(AX*8), DI            // s += two rows
	LEAQ (DX)(AX*8), DX            // dp += two rows
	MOVQ lda+32(FP), AX
	LEAQ (R10)(AX*8), R10          // across += two rows
	MOVQ ldw+16(FP), AX
	LEAQ (R8)(AX*4), R8            // p += a row of words
	LEAQ (R9)(AX*4), R9            // ds += a row of words
	ADDQ $8, R12                   // lse += 2
	ADDQ $8, R13                   // delta += 2
	SUBQ $2, R14
	JG   pair                      // }
	VZEROUPPER
	RET
