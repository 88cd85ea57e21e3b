// What the softmax of words and that of bytes share: passes over rows by pairs of vectors.

#include "exp_avx512_amd64.h"

DATA minusInf<>+0(SB)/4, $0xff800000 // −∞, the maximum of no logits
GLOBL minusInf<>(SB), RODATA|NOPTR, $4

// PAIRS makes, of the n elements of a row in R10, the number of its pairs, and the columns of the last one's vectors in K3 and K4.
#define PAIRS \
	LEAQ -1(R10), CX \
	ANDQ $31, CX     \ // (n-1) % 32
	MOVQ $2, AX      \
	SHLQ CX, AX      \ // 2 << ((n-1)%32)
	DECQ AX          \ // the low (n-1)%32 + 1 bits
	KMOVW AX, K3     \ // columns of the last pair's first vector
	SHRQ $16, AX     \
	KMOVW AX, K4     \ // and of its second
	ADDQ $31, R10    \
	SHRQ $5, R10       // pairs of vectors of a row

// FRACTIONS is y = x·scale·log₂ e − m·scale·log₂ e in place of x, in Z0 and Z1, and in Z2 and Z8 what y is above its floor. Z3 and Z9 begin with
// the coefficient in Z16.
#define FRACTIONS \
	VFMSUB213PS Z4, Z22, Z0 \ // y, here and below first of Z0 and then of Z1
	VFMSUB213PS Z4, Z22, Z1 \
	FRACTION(Z0, Z2)        \ // r = y - floor(y)
	FRACTION(Z1, Z8)        \
	VMOVAPS     Z16, Z3     \ // p = the first coefficient
	VMOVAPS     Z16, Z9

// LARGEST is the pass over all rows for m = max(top[r], s[r*lds:][:n]): top[r] becomes m, and alpha[r] what it was less m. The files that
// include this name the registers.
#define LARGEST \
largest:                          \ // for r := range rows {
	VMOVAPS Z25, Z0           \ // m = −∞, in all lanes of two vectors
	VMOVAPS Z25, Z1           \
	MOVQ DI, SI               \
	MOVQ R10, CX              \
	DECQ CX                   \
	JZ   largestTail          \ // if one pair of vectors { goto largestTail }
largestLoop:                      \ // for all pairs but the last {
	VMAXPS (SI), Z0, Z0       \ // m = max(m, s[j:][:32])
	VMAXPS 64(SI), Z1, Z1     \
	ADDQ $128, SI             \ // j += 32
	DECQ CX                   \
	JNZ  largestLoop          \ // }
largestTail:                      \
	VMAXPS (SI), Z0, K3, Z0   \ // m = max(m, the rest of s)
	VMAXPS 64(SI), Z1, K4, Z1 \
	VMAXPS Z1, Z0, Z0         \
	FOLD(VMAXPS, VMAXSS)      \ // m = max of the lanes
	VMOVSS (R11), X1          \ // top[r]
	VMAXSS X1, X0, X0         \ // m = max(m, top[r])
	VSUBSS X0, X1, X1         \
	VMOVSS X1, (R13)          \ // alpha[r] = top[r] - m, for now
	VMOVSS X0, (R11)          \ // top[r] = m
	ADDQ R8, DI               \ // s += a row
	ADDQ $4, R11              \ // top++
	ADDQ $4, R13              \ // alpha++
	DECQ R9                   \
	JNZ  largest                // }
