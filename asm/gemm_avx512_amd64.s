//go:build !purego

#include "textflag.h"

// Registers of the tile
//	Z0–Z23   sums, Z(4r) to Z(4r+3) for row r        Z24–Z27  up to 64 columns of B
//	Z28–Z31  one element of A, broadcast             K1       which columns of the last vector of C there are
//	R8  A, rows 0–2    R9  A, rows 3–5    R15  bytes to the next row of A    BX  panel of B    CX  steps left
//	DX  C    DI  bytes to the next row of C    AX  rows left

// LOADv reads a row of a panel that is v vectors wide.
#define LOAD1(b) VMOVUPS b(BX), Z24 \

#define LOAD2(b) LOAD1(b) \
	VMOVUPS (b+64)(BX), Z25 \

#define LOAD3(b) LOAD2(b) \
	VMOVUPS (b+128)(BX), Z26 \

#define LOAD4(b) LOAD3(b) \
	VMOVUPS (b+192)(BX), Z27 \

// ROWv adds one element of A times a row of the panel to the sums of a row:  t = *a;  s0 += t·b[0:16];  s1 += t·b[16:32]; …
#define ROW1(a, s0) \
	VFMADD231PS.BCST a, Z24, s0 \

#define ROW2(a, t, s0, s1) \
	VBROADCASTSS a, t           \
	VFMADD231PS  Z24, t, s0     \
	VFMADD231PS  Z25, t, s1     \

#define ROW3(a, t, s0, s1, s2) ROW2(a, t, s0, s1) \
	VFMADD231PS  Z26, t, s2     \

#define ROW4(a, t, s0, s1, s2, s3) ROW3(a, t, s0, s1, s2) \
	VFMADD231PS  Z27, t, s3     \

// STEPvxr is one step of the sum over k for r rows and v vectors: a LOAD, and a ROW for each row. b and a are the offsets of the
// step in the panel and in the rows of A.
#define STEP4x1(b, a) LOAD4(b) \
	ROW4(a(R8), Z28, Z0, Z1, Z2, Z3)
#define STEP4x2(b, a) STEP4x1(b, a) \
	ROW4(a(R8)(R15*1), Z29, Z4, Z5, Z6, Z7)
#define STEP4x3(b, a) STEP4x2(b, a) \
	ROW4(a(R8)(R15*2), Z30, Z8, Z9, Z10, Z11)
#define STEP4x4(b, a) STEP4x3(b, a) \
	ROW4(a(R9), Z31, Z12, Z13, Z14, Z15)
#define STEP4x5(b, a) STEP4x4(b, a) \
	ROW4(a(R9)(R15*1), Z28, Z16, Z17, Z18, Z19)
#define STEP4x6(b, a) STEP4x5(b, a) \
	ROW4(a(R9)(R15*2), Z29, Z20, Z21, Z22, Z23)

#define STEP3x1(b, a) LOAD3(b) \
	ROW3(a(R8), Z28, Z0, Z1, Z2)
#define STEP3x2(b, a) STEP3x1(b, a) \
	ROW3(a(R8)(R15*1), Z29, Z4, Z5, Z6)
#define STEP3x3(b, a) STEP3x2(b, a) \
	ROW3(a(R8)(R15*2), Z30, Z8, Z9, Z10)
#define STEP3x4(b, a) STEP3x3(b, a) \
	ROW3(a(R9), Z31, Z12, Z13, Z14)
#define STEP3x5(b, a) STEP3x4(b, a) \
	ROW3(a(R9)(R15*1), Z28, Z16, Z17, Z18)
#define STEP3x6(b, a) STEP3x5(b, a) \
	ROW3(a(R9)(R15*2), Z29, Z20, Z21, Z22)

#define STEP2x1(b, a) LOAD2(b) \
	ROW2(a(R8), Z28, Z0, Z1)
#define STEP2x2(b, a) STEP2x1(b, a) \
	ROW2(a(R8)(R15*1), Z29, Z4, Z5)
#define STEP2x3(b, a) STEP2x2(b, a) \
	ROW2(a(R8)(R15*2), Z30, Z8, Z9)
#define STEP2x4(b, a) STEP2x3(b, a) \
	ROW2(a(R9), Z31, Z12, Z13)
#define STEP2x5(b, a) STEP2x4(b, a) \
	ROW2(a(R9)(R15*1), Z28, Z16, Z17)
#define STEP2x6(b, a) STEP2x5(b, a) \
	ROW2(a(R9)(R15*2), Z29, Z20, Z21)

#define STEP1x1(b, a) LOAD1(b) \
	ROW1(a(R8), Z0)
#define STEP1x2(b, a) STEP1x1(b, a) \
	ROW1(a(R8)(R15*1), Z4)
#define STEP1x3(b, a) STEP1x2(b, a) \
	ROW1(a(R8)(R15*2), Z8)
#define STEP1x4(b, a) STEP1x3(b, a) \
	ROW1(a(R9), Z12)
#define STEP1x5(b, a) STEP1x4(b, a) \
	ROW1(a(R9)(R15*1), Z16)
#define STEP1x6(b, a) STEP1x5(b, a) \
	ROW1(a(R9)(R15*2), Z20)

// SUM runs all steps: for k ≥ 4 { four steps }; for k > 0 { one }. A row of the panel has width bytes.
#define SUM(step, width, four, rest, one) \
	SUBQ $4, CX           \
	JLT  rest             \
four:                     \
	step(0, 0)            \
	step(width, 4)        \
	step(2*width, 8)      \
	step(3*width, 12)     \
	ADDQ $(4*width), BX   \
	ADDQ $16, R8          \
	ADDQ $16, R9          \
	SUBQ $4, CX           \
	JGE  four             \
rest:                     \
	ADDQ $4, CX           \
	JZ   write            \
one:                      \
	step(0, 0)            \
	ADDQ $width, BX       \
	ADDQ $4, R8           \
	ADDQ $4, R9           \
	DECQ CX               \
	JNZ  one              \
	JMP  write

// SUMS chooses the steps for the number of rows. Balanced strips mostly have all six.
#define SUMS(s1, s2, s3, s4, s5, s6, width) \
	CMPQ AX, $6  \
	JEQ  six     \
	CMPQ AX, $5  \
	JEQ  five    \
	CMPQ AX, $4  \
	JEQ  four    \
	CMPQ AX, $3  \
	JEQ  three   \
	CMPQ AX, $2  \
	JEQ  two     \
	SUM(s1, width, loop1, rest1, last1)  \
two: \
	SUM(s2, width, loop2, rest2, last2)  \
three: \
	SUM(s3, width, loop3, rest3, last3)  \
four: \
	SUM(s4, width, loop4, rest4, last4)  \
five: \
	SUM(s5, width, loop5, rest5, last5)  \
six: \
	SUM(s6, width, loop6, rest6, last6)

// STOREv writes a row of C and leaves when it was the last; ADDv adds to it.
#define NEXTROW \
	ADDQ DI, DX         \
	DECQ AX             \
	JZ   done

#define STORE1(s0) \
	VMOVUPS s0, K1, (DX)     \
	NEXTROW

#define STORE2(s0, s1) \
	VMOVUPS s0, (DX)         \
	VMOVUPS s1, K1, 64(DX)   \
	NEXTROW

#define STORE3(s0, s1, s2) \
	VMOVUPS s0, (DX)         \
	VMOVUPS s1, 64(DX)       \
	VMOVUPS s2, K1, 128(DX)  \
	NEXTROW

#define STORE4(s0, s1, s2, s3) \
	VMOVUPS s0, (DX)         \
	VMOVUPS s1, 64(DX)       \
	VMOVUPS s2, 128(DX)      \
	VMOVUPS s3, K1, 192(DX)  \
	NEXTROW

#define ADD1(s0) \
	VADDPS (DX), s0, K1, s0     \
	STORE1(s0)

#define ADD2(s0, s1) \
	VADDPS (DX), s0, s0         \
	VADDPS 64(DX), s1, K1, s1   \
	STORE2(s0, s1)

#define ADD3(s0, s1, s2) \
	VADDPS (DX), s0, s0         \
	VADDPS 64(DX), s1, s1       \
	VADDPS 128(DX), s2, K1, s2  \
	STORE3(s0, s1, s2)

#define ADD4(s0, s1, s2, s3) \
	VADDPS (DX), s0, s0         \
	VADDPS 64(DX), s1, s1       \
	VADDPS 128(DX), s2, s2      \
	VADDPS 192(DX), s3, K1, s3  \
	STORE4(s0, s1, s2, s3)

// START loads the arguments, fetches the tile of C towards the cache, and clears the sums.
#define START \
	MOVQ  rows+0(FP), AX     \
	MOVQ  k+8(FP), CX        \
	MOVQ  a+16(FP), R8       \
	MOVQ  lda+24(FP), R15    \
	MOVQ  b+32(FP), BX       \
	MOVQ  c+40(FP), DX       \
	MOVQ  ldc+48(FP), DI     \
	KMOVW mask+56(FP), K1    \
	SHLQ  $2, R15            \
	SHLQ  $2, DI             \
	LEAQ  (R8)(R15*2), R9    \
	ADDQ  R15, R9            \
	MOVQ  DX, R10            \
	MOVQ  AX, R11            \
fetch:                       \
	PREFETCHT0 (R10)         \
	PREFETCHT0 64(R10)       \
	PREFETCHT0 128(R10)      \
	PREFETCHT0 192(R10)      \
	ADDQ  DI, R10            \
	DECQ  R11                \
	JNZ   fetch              \
	VPXORD Z0, Z0, Z0        \
	VPXORD Z1, Z1, Z1        \
	VPXORD Z2, Z2, Z2        \
	VPXORD Z3, Z3, Z3        \
	VPXORD Z4, Z4, Z4        \
	VPXORD Z5, Z5, Z5        \
	VPXORD Z6, Z6, Z6        \
	VPXORD Z7, Z7, Z7        \
	VPXORD Z8, Z8, Z8        \
	VPXORD Z9, Z9, Z9        \
	VPXORD Z10, Z10, Z10     \
	VPXORD Z11, Z11, Z11     \
	VPXORD Z12, Z12, Z12     \
	VPXORD Z13, Z13, Z13     \
	VPXORD Z14, Z14, Z14     \
	VPXORD Z15, Z15, Z15     \
	VPXORD Z16, Z16, Z16     \
	VPXORD Z17, Z17, Z17     \
	VPXORD Z18, Z18, Z18     \
	VPXORD Z19, Z19, Z19     \
	VPXORD Z20, Z20, Z20     \
	VPXORD Z21, Z21, Z21     \
	VPXORD Z22, Z22, Z22     \
	VPXORD Z23, Z23, Z23

// func gemmTile4AVX512(rows, k int, a *float32, lda int, b, c *float32, ldc int, mask uint16, accumulate bool)
TEXT ·gemmTile4AVX512(SB), NOSPLIT, $0-59
	START
	SUMS(STEP4x1, STEP4x2, STEP4x3, STEP4x4, STEP4x5, STEP4x6, 256)

write:
	CMPB accumulate+58(FP), $0
	JNE  add
	STORE4(Z0, Z1, Z2, Z3)
	STORE4(Z4, Z5, Z6, Z7)
	STORE4(Z8, Z9, Z10, Z11)
	STORE4(Z12, Z13, Z14, Z15)
	STORE4(Z16, Z17, Z18, Z19)
	STORE4(Z20, Z21, Z22, Z23)

add:
	ADD4(Z0, Z1, Z2, Z3)
	ADD4(Z4, Z5, Z6, Z7)
	ADD4(Z8, Z9, Z10, Z11)
	ADD4(Z12, Z13, Z14, Z15)
	ADD4(Z16, Z17, Z18, Z19)
	ADD4(Z20, Z21, Z22, Z23)

done:
	VZEROUPPER
	RET

// func gemmTile3AVX512(rows, k int, a *float32, lda int, b, c *float32, ldc int, mask uint16, accumulate bool)
TEXT ·gemmTile3AVX512(SB), NOSPLIT, $0-59
	START
	SUMS(STEP3x1, STEP3x2, STEP3x3, STEP3x4, STEP3x5, STEP3x6, 192)

write:
	CMPB accumulate+58(FP), $0
	JNE  add
	STORE3(Z0, Z1, Z2)
	STORE3(Z4, Z5, Z6)
	STORE3(Z8, Z9, Z10)
	STORE3(Z12, Z13, Z14)
	STORE3(Z16, Z17, Z18)
	STORE3(Z20, Z21, Z22)

add:
	ADD3(Z0, Z1, Z2)
	ADD3(Z4, Z5, Z6)
	ADD3(Z8, Z9, Z10)
	ADD3(Z12, Z13, Z14)
	ADD3(Z16, Z17, Z18)
	ADD3(Z20, Z21, Z22)

done:
	VZEROUPPER
	RET

// func gemmTile2AVX512(rows, k int, a *float32, lda int, b, c *float32, ldc int, mask uint16, accumulate bool)
TEXT ·gemmTile2AVX512(SB), NOSPLIT, $0-59
	START
	SUMS(STEP2x1, STEP2x2, STEP2x3, STEP2x4, STEP2x5, STEP2x6, 128)

write:
	CMPB accumulate+58(FP), $0
	JNE  add
	STORE2(Z0, Z1)
	STORE2(Z4, Z5)
	STORE2(Z8, Z9)
	STORE2(Z12, Z13)
	STORE2(Z16, Z17)
	STORE2(Z20, Z21)

add:
	ADD2(Z0, Z1)
	ADD2(Z4, Z5)
	ADD2(Z8, Z9)
	ADD2(Z12, Z13)
	ADD2(Z16, Z17)
	ADD2(Z20, Z21)

done:
	VZEROUPPER
	RET

// func gemmTile1AVX512(rows, k int, a *float32, lda int, b, c *float32, ldc int, mask uint16, accumulate bool)
TEXT ·gemmTile1AVX512(SB), NOSPLIT, $0-59
	START
	SUMS(STEP1x1, STEP1x2, STEP1x3, STEP1x4, STEP1x5, STEP1x6, 64)

write:
	CMPB accumulate+58(FP), $0
	JNE  add
	STORE1(Z0)
	STORE1(Z4)
	STORE1(Z8)
	STORE1(Z12)
	STORE1(Z16)
	STORE1(Z20)

add:
	ADD1(Z0)
	ADD1(Z4)
	ADD1(Z8)
	ADD1(Z12)
	ADD1(Z16)
	ADD1(Z20)

done:
	VZEROUPPER
	RET

