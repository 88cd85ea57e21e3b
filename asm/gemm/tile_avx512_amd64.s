//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// Registers of the tile
//	Z0–Z23   sums, Z(4r) to Z(4r+3) for row r        Z24–Z27  up to 64 columns of B
//	Z28–Z31  one element of A, broadcast             K1       which columns of the last vector of C there are
//	R8  A, rows 0–2    R9  A, rows 3–5    R15  bytes to the next row of A    BX  panel of B    CX  steps left
//	DX  C    DI  bytes to the next row of C    AX  rows left
//	SI  bytes from the first panel's columns to this one's
//	R12  addends, R13 of them left    R10  a row of one    R11  bytes to its next row

// The file has one kernel for each width of a panel, one to four vectors, made from macros named for the width.

// LOADv reads a row of a panel.
#define LOAD1(b) \
	VMOVUPS b(BX), Z24

#define LOAD2(b) LOAD1(b) \
	VMOVUPS (b+64)(BX), Z25

#define LOAD3(b) LOAD2(b) \
	VMOVUPS (b+128)(BX), Z26

#define LOAD4(b) LOAD3(b) \
	VMOVUPS (b+192)(BX), Z27

// ROWv adds one element of A times a row of the panel to the sums of a row:  t = *a;  s0 += t·b[0:16];  s1 += t·b[16:32]; …
#define ROW1(a, t, s0, s1, s2, s3) \
	VFMADD231PS.BCST a, Z24, s0

#define ROW2(a, t, s0, s1, s2, s3) \
	VBROADCASTSS a, t        \
	VFMADD231PS  Z24, t, s0  \
	VFMADD231PS  Z25, t, s1

#define ROW3(a, t, s0, s1, s2, s3) ROW2(a, t, s0, s1, s2, s3) \
	VFMADD231PS  Z26, t, s2

#define ROW4(a, t, s0, s1, s2, s3) ROW3(a, t, s0, s1, s2, s3) \
	VFMADD231PS  Z27, t, s3

// STEPr is one step of the sum over k for r rows: a LOAD, and a ROW for each row. b and a are the offsets of the step in the
// panel and in the rows of A.
#define STEP1(LOAD, ROW, b, a) LOAD(b) \
	ROW(a(R8), Z28, Z0, Z1, Z2, Z3)

#define STEP2(LOAD, ROW, b, a) STEP1(LOAD, ROW, b, a) \
	ROW(a(R8)(R15*1), Z29, Z4, Z5, Z6, Z7)

#define STEP3(LOAD, ROW, b, a) STEP2(LOAD, ROW, b, a) \
	ROW(a(R8)(R15*2), Z30, Z8, Z9, Z10, Z11)

#define STEP4(LOAD, ROW, b, a) STEP3(LOAD, ROW, b, a) \
	ROW(a(R9), Z31, Z12, Z13, Z14, Z15)

#define STEP5(LOAD, ROW, b, a) STEP4(LOAD, ROW, b, a) \
	ROW(a(R9)(R15*1), Z28, Z16, Z17, Z18, Z19)

#define STEP6(LOAD, ROW, b, a) STEP5(LOAD, ROW, b, a) \
	ROW(a(R9)(R15*2), Z29, Z20, Z21, Z22, Z23)

// SUM runs all steps: for k ≥ 4 { four of them }; for k > 0 { one }. A row of the panel has width bytes.
#define SUM(STEP, LOAD, ROW, width, four, rest, one) \
	SUBQ $4, CX                     \
	JLT  rest                       \
four:                               \
	STEP(LOAD, ROW, 0, 0)           \
	STEP(LOAD, ROW, width, 4)       \
	STEP(LOAD, ROW, 2*width, 8)     \
	STEP(LOAD, ROW, 3*width, 12)    \
	ADDQ $(4*width), BX             \
	ADDQ $16, R8                    \
	ADDQ $16, R9                    \
	SUBQ $4, CX                     \
	JGE  four                       \
rest:                               \
	ADDQ $4, CX                     \
	JZ   write                      \
one:                                \
	STEP(LOAD, ROW, 0, 0)           \
	ADDQ $width, BX                 \
	ADDQ $4, R8                     \
	ADDQ $4, R9                     \
	DECQ CX                         \
	JNZ  one                        \
	JMP  write

// ADDv adds a row of a matrix to the sums of a row, and goes on to the next addend after the last row.
#define ADD1(s0, s1, s2, s3) \
	VADDPS (R10), s0, K1, s0    \
	NEXTADD

#define ADD2(s0, s1, s2, s3) \
	VADDPS (R10), s0, s0        \
	VADDPS 64(R10), s1, K1, s1  \
	NEXTADD

#define ADD3(s0, s1, s2, s3) \
	VADDPS (R10), s0, s0        \
	VADDPS 64(R10), s1, s1      \
	VADDPS 128(R10), s2, K1, s2 \
	NEXTADD

#define ADD4(s0, s1, s2, s3) \
	VADDPS (R10), s0, s0        \
	VADDPS 64(R10), s1, s1      \
	VADDPS 128(R10), s2, s2     \
	VADDPS 192(R10), s3, K1, s3 \
	NEXTADD

#define NEXTADD \
	ADDQ R11, R10       \
	DECQ CX             \
	JZ   next

// STOREv writes a row of C and leaves when it was the last.
#define STORE1(s0, s1, s2, s3) \
	VMOVUPS s0, K1, (DX)     \
	NEXTROW

#define STORE2(s0, s1, s2, s3) \
	VMOVUPS s0, (DX)         \
	VMOVUPS s1, K1, 64(DX)   \
	NEXTROW

#define STORE3(s0, s1, s2, s3) \
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

#define NEXTROW \
	ADDQ DI, DX         \
	DECQ AX             \
	JZ   done

// EACH does OP to the sums of each row.
#define EACH(OP) \
	OP(Z0, Z1, Z2, Z3)        \
	OP(Z4, Z5, Z6, Z7)        \
	OP(Z8, Z9, Z10, Z11)      \
	OP(Z12, Z13, Z14, Z15)    \
	OP(Z16, Z17, Z18, Z19)    \
	OP(Z20, Z21, Z22, Z23)

// FETCH brings rows of 64 numbers from R10 on, R11 bytes apart, towards the cache.
#define FETCH(again) \
	MOVQ  AX, CX             \
again:                       \
	PREFETCHT0 (R10)         \
	PREFETCHT0 64(R10)       \
	PREFETCHT0 128(R10)      \
	PREFETCHT0 192(R10)      \
	ADDQ  R11, R10           \
	DECQ  CX                 \
	JNZ   again

// BEGIN loads what all panels share.
#define BEGIN                                           \
	MOVQ  b+40(FP), BX                                  \
	MOVQ  lda+32(FP), R15                               \
	MOVQ  ldc+56(FP), DI                                \
	KMOVW mask+72(FP), K1                               \
	SHLQ  $2, R15                                       \
	SHLQ  $2, DI                                        \
	XORQ  SI, SI

// START loads the other arguments, fetches the tiles of C and of the residual towards the cache, and clears the sums.
#define START                                           \
	MOVQ  rows+0(FP), AX                                \
	MOVQ  a+24(FP), R8                                  \
	MOVQ  c+48(FP), DX                                  \
	LEAQ  (R8)(R15*2), R9                               \
	ADDQ  R15, R9                                       \
	ADDQ  SI, DX                                        \
	MOVQ  DX, R10                                       \
	MOVQ  DI, R11                                       \
	FETCH(fetchC)                                       \
	MOVQ  add+64(FP), R12                               \
	MOVQ  (tileAddend__size*2+tileAddend_x)(R12), R10   \
	TESTQ R10, R10                                      \
	JZ    clear                                         \
	ADDQ  SI, R10                                       \
	MOVQ  (tileAddend__size*2+tileAddend_ld)(R12), R11  \
	SHLQ  $2, R11                                       \
	FETCH(fetchResidual)                                \
clear:                                                  \
	MOVQ  k+16(FP), CX                                  \
	VPXORD Z0, Z0, Z0                                   \
	VPXORD Z1, Z1, Z1                                   \
	VPXORD Z2, Z2, Z2                                   \
	VPXORD Z3, Z3, Z3                                   \
	VPXORD Z4, Z4, Z4                                   \
	VPXORD Z5, Z5, Z5                                   \
	VPXORD Z6, Z6, Z6                                   \
	VPXORD Z7, Z7, Z7                                   \
	VPXORD Z8, Z8, Z8                                   \
	VPXORD Z9, Z9, Z9                                   \
	VPXORD Z10, Z10, Z10                                \
	VPXORD Z11, Z11, Z11                                \
	VPXORD Z12, Z12, Z12                                \
	VPXORD Z13, Z13, Z13                                \
	VPXORD Z14, Z14, Z14                                \
	VPXORD Z15, Z15, Z15                                \
	VPXORD Z16, Z16, Z16                                \
	VPXORD Z17, Z17, Z17                                \
	VPXORD Z18, Z18, Z18                                \
	VPXORD Z19, Z19, Z19                                \
	VPXORD Z20, Z20, Z20                                \
	VPXORD Z21, Z21, Z21                                \
	VPXORD Z22, Z22, Z22                                \
	VPXORD Z23, Z23, Z23

// SWEEP is a whole kernel: panels that follow one another, a tile for each. Balanced strips mostly have six rows, which are
// asked for first.
#define SWEEP(LOAD, ROW, STORE, ADD, width) \
	BEGIN                                               \
panel:                                                  \
	START                                               \
	CMPQ AX, $6                                         \
	JEQ  rows6                                          \
	CMPQ AX, $5                                         \
	JEQ  rows5                                          \
	CMPQ AX, $4                                         \
	JEQ  rows4                                          \
	CMPQ AX, $3                                         \
	JEQ  rows3                                          \
	CMPQ AX, $2                                         \
	JEQ  rows2                                          \
	SUM(STEP1, LOAD, ROW, width, four1, rest1, one1)    \
rows2:                                                  \
	SUM(STEP2, LOAD, ROW, width, four2, rest2, one2)    \
rows3:                                                  \
	SUM(STEP3, LOAD, ROW, width, four3, rest3, one3)    \
rows4:                                                  \
	SUM(STEP4, LOAD, ROW, width, four4, rest4, one4)    \
rows5:                                                  \
	SUM(STEP5, LOAD, ROW, width, four5, rest5, one5)    \
rows6:                                                  \
	SUM(STEP6, LOAD, ROW, width, four6, rest6, one6)    \
write:                                                  \
	MOVQ $3, R13                                        \
addend:                                                 \
	MOVQ tileAddend_x(R12), R10                         \
	TESTQ R10, R10                                      \
	JZ   next                                           \
	ADDQ SI, R10                                        \
	MOVQ tileAddend_ld(R12), R11                        \
	SHLQ $2, R11                                        \
	MOVQ AX, CX                                         \
	EACH(ADD)                                           \
next:                                                   \
	ADDQ $tileAddend__size, R12                         \
	DECQ R13                                            \
	JNZ  addend                                         \
	EACH(STORE)                                         \
done:                                                   \
	ADDQ $width, SI                                     \
	DECQ panels+8(FP)                                   \
	JNZ  panel                                          \
	VZEROUPPER                                          \
	RET

// func gemmSweep1AVX512(rows, panels, k int, a *float32, lda int, b, c *float32, ldc int, add *tileAddends, mask uint16)
TEXT ·gemmSweep1AVX512(SB), NOSPLIT, $0-74
	SWEEP(LOAD1, ROW1, STORE1, ADD1, 64)

// func gemmSweep2AVX512(rows, panels, k int, a *float32, lda int, b, c *float32, ldc int, add *tileAddends, mask uint16)
TEXT ·gemmSweep2AVX512(SB), NOSPLIT, $0-74
	SWEEP(LOAD2, ROW2, STORE2, ADD2, 128)

// func gemmSweep3AVX512(rows, panels, k int, a *float32, lda int, b, c *float32, ldc int, add *tileAddends, mask uint16)
TEXT ·gemmSweep3AVX512(SB), NOSPLIT, $0-74
	SWEEP(LOAD3, ROW3, STORE3, ADD3, 192)

// func gemmSweep4AVX512(rows, panels, k int, a *float32, lda int, b, c *float32, ldc int, add *tileAddends, mask uint16)
TEXT ·gemmSweep4AVX512(SB), NOSPLIT, $0-74
	SWEEP(LOAD4, ROW4, STORE4, ADD4, 256)
