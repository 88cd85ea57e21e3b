//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// Registers of the tile (AVX-512, 6 rows by up to 64 columns)
//	Z0–Z23   s, the sums, Z(4r) to Z(4r+3) for row r    Z24–Z27  b[p], a row of the panel
//	Z28–Z31  one element of A, in all lanes             K1       the columns that the last vector of C has
//	R8  A from column p on, rows 0–2    R9  the same, rows 3–5    R15  bytes to the next row of A
//	BX  the panel from row p on    CX  steps left    DX  row of C    DI  bytes to its next row    AX  rows left
//	SI  bytes from the first panel's columns to this one's    R14  what to fetch
//	R10  bytes from a row of A to that of the next strip    R11  a row of that
//	R12  a row that is fetched for when the sums are complete    R13  such rows left, those of C and then those of an addend
// on the stack
//	left  panels left of the strip    apart  bytes from R12 to the next row    addend  the first of the other rows
// and once the sums are complete
//	R12  addends, R13 of them left    R10  a row of one    R11  bytes to its next row    CX  its rows left

// The file has one kernel for each width of a panel, one to four vectors, made from macros named for the width. Macros for
// more begin with the macro for one less.

// LOADv reads a row of a panel.
#define LOAD1(b) \
	VMOVUPS b(BX), Z24 // b[p][0:16]

#define LOAD2(b) LOAD1(b) \
	VMOVUPS (b+64)(BX), Z25 // b[p][16:32]

#define LOAD3(b) LOAD2(b) \
	VMOVUPS (b+128)(BX), Z26 // b[p][32:48]

#define LOAD4(b) LOAD3(b) \
	VMOVUPS (b+192)(BX), Z27 // b[p][48:64]

// ROWv adds one element of A times a row of the panel to the sums of a row. One vector needs its element once, which the fma
// itself then broadcasts. An fma rounds once, so a sum of k terms is rounded k times, in the order of p.
#define ROW1(a, t, s0, s1, s2, s3) \
	VFMADD231PS.BCST a, Z24, s0 // s0 += a[i][p] * b[p][0:16]

#define ROW2(a, t, s0, s1, s2, s3) \
	VBROADCASTSS a, t       \ // t = a[i][p]
	VFMADD231PS  Z24, t, s0 \ // s0 += t * b[p][0:16]
	VFMADD231PS  Z25, t, s1   // s1 += t * b[p][16:32]

#define ROW3(a, t, s0, s1, s2, s3) ROW2(a, t, s0, s1, s2, s3) \
	VFMADD231PS  Z26, t, s2 // s2 += t * b[p][32:48]

#define ROW4(a, t, s0, s1, s2, s3) ROW3(a, t, s0, s1, s2, s3) \
	VFMADD231PS  Z27, t, s3 // s3 += t * b[p][48:64]

// STEPr is one step of the sum over k for r rows: a LOAD, and a ROW for each row. b and a are the bytes of the step in the
// panel and in the rows of A.
#define STEP1(LOAD, ROW, b, a) LOAD(b) \
	ROW(a(R8), Z28, Z0, Z1, Z2, Z3) // s[0] += a[0][p] * b[p]

#define STEP2(LOAD, ROW, b, a) STEP1(LOAD, ROW, b, a) \
	ROW(a(R8)(R15*1), Z29, Z4, Z5, Z6, Z7) // s[1] += a[1][p] * b[p]

#define STEP3(LOAD, ROW, b, a) STEP2(LOAD, ROW, b, a) \
	ROW(a(R8)(R15*2), Z30, Z8, Z9, Z10, Z11) // s[2] += a[2][p] * b[p]

#define STEP4(LOAD, ROW, b, a) STEP3(LOAD, ROW, b, a) \
	ROW(a(R9), Z31, Z12, Z13, Z14, Z15) // s[3] += a[3][p] * b[p]

#define STEP5(LOAD, ROW, b, a) STEP4(LOAD, ROW, b, a) \
	ROW(a(R9)(R15*1), Z28, Z16, Z17, Z18, Z19) // s[4] += a[4][p] * b[p]

#define STEP6(LOAD, ROW, b, a) STEP5(LOAD, ROW, b, a) \
	ROW(a(R9)(R15*2), Z29, Z20, Z21, Z22, Z23) // s[5] += a[5][p] * b[p]

// AHEAD fetches, once in 16 steps, what the next strip reads of A in steps p to p+16, for which its first panel would wait, and the
// next four lines of what is ahead. A fetch beyond the end of memory does not fault.
#define AHEAD(skip) \
	TESTQ $12, CX              \ // if k%16 < 4 {
	JNZ   skip                 \
	LEAQ  (R8)(R10*1), R11     \ // a[rows]
	PREFETCHT1 (R11)           \ // fetch(a[rows][p])
	PREFETCHT1 (R11)(R15*1)    \ // fetch(a[rows+1][p])
	PREFETCHT1 (R11)(R15*2)    \ // fetch(a[rows+2][p])
	LEAQ  (R9)(R10*1), R11     \ // a[rows+3]
	PREFETCHT1 (R11)           \ // fetch(a[rows+3][p])
	PREFETCHT1 (R11)(R15*1)    \ // fetch(a[rows+4][p])
	PREFETCHT1 (R11)(R15*2)    \ // fetch(a[rows+5][p])
	PREFETCHT1 (R14)           \ // fetch(ahead[0:16])
	PREFETCHT1 64(R14)         \ // fetch(ahead[16:32])
	PREFETCHT1 128(R14)        \ // fetch(ahead[32:48])
	PREFETCHT1 192(R14)        \ // fetch(ahead[48:64])
	ADDQ aheadStep+88(FP), R14 \ // ahead = ahead[64:], if there is something
	LATER(skip)

// NOTAHEAD is AHEAD of a strip's last panel, which may be narrow.
#define NOTAHEAD(skip) \
	TESTQ $12, CX \ // if k%16 < 4 {
	JNZ   skip    \
	LATER(skip)

// LATER ends AHEAD: it fetches a row of C, where it arrives while the sums are computed, or later one of the addend that is fetched. With
// all rows at once, as many lines as a core can wait for, the panel would wait behind them.
#define LATER(skip) \
	DECQ R13                                          \
	JLT  skip                                         \ // if i < rows, or twice as many {
	FETCHROW(R12)                                     \ // fetch(x[i%rows])
	ADDQ apart-16(SP), R12                            \
	CMPQ R13, AX                                      \
	JNE  skip                                         \ // if i == rows-1 {
	MOVQ addend-24(SP), R12                           \ // x = add[3].x
	MOVQ add+64(FP), R11                              \
	MOVQ (tileAddend__size*3+tileAddend_ld)(R11), R11 \
	SHLQ $2, R11                                      \
	MOVQ R11, apart-16(SP)                            \ // }
skip:                                                       // i++ }}

// SUM runs all steps. A row of the panel has width bytes.
#define SUM(STEP, LOAD, ROW, FETCHA, width, four, skip, rest, one) \
	SUBQ $4, CX                  \ // k -= 4: below 0 when fewer than 4 are left
	JLT  rest                    \ // if k < 0 { goto rest }
four:                                \ // for ; k >= 0; k -= 4 {
	FETCHA(skip)                 \
	STEP(LOAD, ROW, 0, 0)        \ // s += a[:][p] * b[p]
	STEP(LOAD, ROW, width, 4)    \ // s += a[:][p+1] * b[p+1]
	STEP(LOAD, ROW, 2*width, 8)  \ // s += a[:][p+2] * b[p+2]
	STEP(LOAD, ROW, 3*width, 12) \ // s += a[:][p+3] * b[p+3]
	ADDQ $(4*width), BX          \ // b += 4 rows
	ADDQ $16, R8                 \ // p += 4
	ADDQ $16, R9                 \
	SUBQ $4, CX                  \ // k -= 4
	JGE  four                    \ // }
rest:                                \
	ADDQ $4, CX                  \ // k += 4: 0 to 3 are left
	JZ   write                   \ // if k == 0 { goto write }
one:                                 \ // for ; k > 0; k-- {
	STEP(LOAD, ROW, 0, 0)        \ // s += a[:][p] * b[p]
	ADDQ $width, BX              \ // b += a row
	ADDQ $4, R8                  \ // p++
	ADDQ $4, R9                  \
	DECQ CX                      \ // k--
	JNZ  one                     \ // }
	JMP  write

// ADDv adds a row of a matrix to the sums of a row, and goes on to the next addend after the last row. Lanes outside K1 are not
// read.
#define ADD1(s0, s1, s2, s3) \
	VADDPS (R10), s0, K1, s0 \ // s0 += x[i][0:], as many as there are
	NEXTADD                    // if i++; i == rows { goto next }

#define ADD2(s0, s1, s2, s3) \
	VADDPS (R10), s0, s0       \ // s0 += x[i][0:16]
	VADDPS 64(R10), s1, K1, s1 \ // s1 += x[i][16:], as many as there are
	NEXTADD                      // if i++; i == rows { goto next }

#define ADD3(s0, s1, s2, s3) \
	VADDPS (R10), s0, s0        \ // s0 += x[i][0:16]
	VADDPS 64(R10), s1, s1      \ // s1 += x[i][16:32]
	VADDPS 128(R10), s2, K1, s2 \ // s2 += x[i][32:], as many as there are
	NEXTADD                       // if i++; i == rows { goto next }

#define ADD4(s0, s1, s2, s3) \
	VADDPS (R10), s0, s0        \ // s0 += x[i][0:16]
	VADDPS 64(R10), s1, s1      \ // s1 += x[i][16:32]
	VADDPS 128(R10), s2, s2     \ // s2 += x[i][32:48]
	VADDPS 192(R10), s3, K1, s3 \ // s3 += x[i][48:], as many as there are
	NEXTADD                       // if i++; i == rows { goto next }

#define NEXTADD \
	ADDQ R11, R10 \ // x += a row
	DECQ CX       \
	JZ   next       // if i++; i == rows { goto next }

// STOREv writes a row of C and leaves when it was the last. Lanes outside K1 are not written.
#define STORE1(s0, s1, s2, s3) \
	VMOVUPS s0, K1, (DX) \ // c[i][0:] = s0, as many as there are
	NEXTROW                // if i++; i == rows { goto done }

#define STORE2(s0, s1, s2, s3) \
	VMOVUPS s0, (DX)       \ // c[i][0:16] = s0
	VMOVUPS s1, K1, 64(DX) \ // c[i][16:] = s1, as many as there are
	NEXTROW                  // if i++; i == rows { goto done }

#define STORE3(s0, s1, s2, s3) \
	VMOVUPS s0, (DX)        \ // c[i][0:16] = s0
	VMOVUPS s1, 64(DX)      \ // c[i][16:32] = s1
	VMOVUPS s2, K1, 128(DX) \ // c[i][32:] = s2, as many as there are
	NEXTROW                   // if i++; i == rows { goto done }

#define STORE4(s0, s1, s2, s3) \
	VMOVUPS s0, (DX)        \ // c[i][0:16] = s0
	VMOVUPS s1, 64(DX)      \ // c[i][16:32] = s1
	VMOVUPS s2, 128(DX)     \ // c[i][32:48] = s2
	VMOVUPS s3, K1, 192(DX) \ // c[i][48:] = s3, as many as there are
	NEXTROW                   // if i++; i == rows { goto done }

#define NEXTROW \
	ADDQ DI, DX \ // c += a row
	DECQ AX     \
	JZ   done     // if i++; i == rows { goto done }

// EACH does OP to the sums of each row.
#define EACH(OP) \
	OP(Z0, Z1, Z2, Z3)     \ // row 0
	OP(Z4, Z5, Z6, Z7)     \ // row 1
	OP(Z8, Z9, Z10, Z11)   \ // row 2
	OP(Z12, Z13, Z14, Z15) \ // row 3
	OP(Z16, Z17, Z18, Z19) \ // row 4
	OP(Z20, Z21, Z22, Z23)   // row 5

// FETCHROW brings 64 numbers, four cache lines, towards the cache.
#define FETCHROW(x) \
	PREFETCHT0 (x)    \ // x[0:16]
	PREFETCHT0 64(x)  \ // x[16:32]
	PREFETCHT0 128(x) \ // x[32:48]
	PREFETCHT0 192(x)   // x[48:64]

// BEGIN loads what all strips share.
#define BEGIN \
	MOVQ  lda+32(FP), R15   \
	MOVQ  ldc+56(FP), DI    \
	KMOVW mask+72(FP), K1   \ // columns of the last vector
	MOVQ  ahead+80(FP), R14 \
	SHLQ  $2, R15           \ // lda in bytes
	SHLQ  $2, DI              // ldc in bytes

// FIRST goes to the first panel of a strip.
#define FIRST \
	MOVQ b+40(FP), BX     \ // the others follow it
	XORQ SI, SI           \ // q = 0
	MOVQ panels+8(FP), AX \
	MOVQ AX, left-8(SP)     // panels left

// NEXTSTRIP goes on to the next rows of A, of C and of the addends; of those without x, ld is 0.
#define NEXTSTRIP \
	MOVQ  rows+0(FP), AX           \
	MOVQ  R15, R10                 \
	IMULQ AX, R10                  \
	ADDQ  R10, a+24(FP)            \ // a = a[rows*lda:]
	MOVQ  DI, R10                  \
	IMULQ AX, R10                  \
	ADDQ  R10, c+48(FP)            \ // c = c[rows*ldc:]
	SHLQ  $2, AX                   \
	MOVQ  add+64(FP), R12          \
	MOVQ  $4, R13                  \
advance:                               \ // for i := range add {
	MOVQ  tileAddend_ld(R12), R11  \
	IMULQ AX, R11                  \
	ADDQ  R11, tileAddend_x(R12)   \ // add[i].x = add[i].x[rows*add[i].ld:]
	ADDQ  $tileAddend__size, R12   \
	DECQ  R13                      \
	JNZ   advance                    // }

// START loads the other arguments, says what LATER fetches, and clears the sums.
#define START \
	MOVQ  rows+0(FP), AX                              \ // rows left
	MOVQ  a+24(FP), R8                                \ // a[0]
	MOVQ  c+48(FP), DX                                \
	LEAQ  (R8)(R15*2), R9                             \
	ADDQ  R15, R9                                     \ // a[3]
	ADDQ  SI, DX                                      \ // c[0][q:]
	MOVQ  DX, R12                                     \ // x = c
	MOVQ  DI, apart-16(SP)                            \
	MOVQ  add+64(FP), R10                             \
	MOVQ  (tileAddend__size*3+tileAddend_x)(R10), R10 \ // add[3].x, the residual or what the epilogue needs
	XORQ  R13, R13                                    \
	TESTQ R10, R10                                    \
	CMOVQNE AX, R13                                   \ // its rows if it is not nil
	ADDQ  AX, R13                                     \ // and those of C are to be fetched
	ADDQ  SI, R10                                     \
	MOVQ  R10, addend-24(SP)                          \ // add[3].x[0][q:]
	MOVQ  k+16(FP), R11                               \
	ADDQ  $12, R11                                    \
	SHRQ  $4, R11                                     \ // as often LATER fetches
	MOVQ  AX, CX                                      \
	SUBQ  R11, CX                                     \ // rows of C for which a short sum has no time
	JLE   fetched                                     \
fetchC:                                                   \ // for i := range rows - (k+12)/16 {
	FETCHROW(R12)                                     \ // fetch(c[i])
	ADDQ  DI, R12                                     \
	DECQ  R13                                         \
	DECQ  CX                                          \
	JNZ   fetchC                                      \ // }
fetched:                                                  \
	MOVQ  AX, R10                                     \
	IMULQ R15, R10                                    \ // rows * lda
	MOVQ  k+16(FP), CX                                \ // steps left
	VPXORD Z0, Z0, Z0                                 \ // s[0][0:16] = 0
	VPXORD Z1, Z1, Z1                                 \ // s[0][16:32] = 0
	VPXORD Z2, Z2, Z2                                 \ // s[0][32:48] = 0
	VPXORD Z3, Z3, Z3                                 \ // s[0][48:64] = 0
	VPXORD Z4, Z4, Z4                                 \ // s[1][0:16] = 0
	VPXORD Z5, Z5, Z5                                 \ // s[1][16:32] = 0
	VPXORD Z6, Z6, Z6                                 \ // s[1][32:48] = 0
	VPXORD Z7, Z7, Z7                                 \ // s[1][48:64] = 0
	VPXORD Z8, Z8, Z8                                 \ // s[2][0:16] = 0
	VPXORD Z9, Z9, Z9                                 \ // s[2][16:32] = 0
	VPXORD Z10, Z10, Z10                              \ // s[2][32:48] = 0
	VPXORD Z11, Z11, Z11                              \ // s[2][48:64] = 0
	VPXORD Z12, Z12, Z12                              \ // s[3][0:16] = 0
	VPXORD Z13, Z13, Z13                              \ // s[3][16:32] = 0
	VPXORD Z14, Z14, Z14                              \ // s[3][32:48] = 0
	VPXORD Z15, Z15, Z15                              \ // s[3][48:64] = 0
	VPXORD Z16, Z16, Z16                              \ // s[4][0:16] = 0
	VPXORD Z17, Z17, Z17                              \ // s[4][16:32] = 0
	VPXORD Z18, Z18, Z18                              \ // s[4][32:48] = 0
	VPXORD Z19, Z19, Z19                              \ // s[4][48:64] = 0
	VPXORD Z20, Z20, Z20                              \ // s[5][0:16] = 0
	VPXORD Z21, Z21, Z21                              \ // s[5][16:32] = 0
	VPXORD Z22, Z22, Z22                              \ // s[5][32:48] = 0
	VPXORD Z23, Z23, Z23                                // s[5][48:64] = 0

// SWEEP is a whole kernel: strips, for each of them panels that follow one another, a tile for each, and a loop for each number of rows,
// so that no row is computed in vain. Balanced strips mostly have six rows, which are asked for first.
#define SWEEP(LOAD, ROW, STORE, ADD, FETCHA, width) \
	BEGIN                                            \
strip:                                                   \ // for range strips {
	FIRST                                            \
panel:                                                   \ // for range panels {
	START                                            \
	CMPQ AX, $6                                      \
	JEQ  rows6                                       \ // if rows == 6 { goto rows6 }
	CMPQ AX, $5                                      \
	JEQ  rows5                                       \ // if rows == 5 { goto rows5 }
	CMPQ AX, $4                                      \
	JEQ  rows4                                       \ // if rows == 4 { goto rows4 }
	CMPQ AX, $3                                      \
	JEQ  rows3                                       \ // if rows == 3 { goto rows3 }
	CMPQ AX, $2                                      \
	JEQ  rows2                                       \ // if rows == 2 { goto rows2 }
	SUM(STEP1, LOAD, ROW, FETCHA, width, four1, skip1, rest1, one1) \ // s[0] = a[0] · B
rows2:                                                   \
	SUM(STEP2, LOAD, ROW, FETCHA, width, four2, skip2, rest2, one2) \ // s[0:2] = a[0:2] · B
rows3:                                                   \
	SUM(STEP3, LOAD, ROW, FETCHA, width, four3, skip3, rest3, one3) \ // s[0:3] = a[0:3] · B
rows4:                                                   \
	SUM(STEP4, LOAD, ROW, FETCHA, width, four4, skip4, rest4, one4) \ // s[0:4] = a[0:4] · B
rows5:                                                   \
	SUM(STEP5, LOAD, ROW, FETCHA, width, four5, skip5, rest5, one5) \ // s[0:5] = a[0:5] · B
rows6:                                                   \
	SUM(STEP6, LOAD, ROW, FETCHA, width, four6, skip6, rest6, one6) \ // s[0:6] = a[0:6] · B
write:                                                   \
	MOVQ add+64(FP), R12                             \
	MOVQ $3, R13                                     \ // addends left
addend:                                                  \ // for _, m := range add {
	MOVQ tileAddend_x(R12), R10                      \ // x = m.x
	TESTQ R10, R10                                   \
	JZ   next                                        \ // if x == nil { goto next }
	ADDQ SI, R10                                     \ // x[0][q:]
	MOVQ tileAddend_ld(R12), R11                     \
	SHLQ $2, R11                                     \ // m.ld in bytes
	MOVQ AX, CX                                      \ // i = 0
	EACH(ADD)                                        \ // for i := range rows { s[i] += x[i] }
next:                                                    \
	ADDQ $tileAddend__size, R12                      \
	DECQ R13                                         \
	JNZ  addend                                      \ // }
	EACH(STORE)                                      \ // for i := range rows { c[i] = s[i] }
done:                                                    \
	ADDQ $width, SI                                  \ // q += the width of a panel
	DECQ left-8(SP)                                  \
	JNZ  panel                                       \ // }
	DECQ strips+96(FP)                               \ // the argument counts
	JZ   return                                      \
	NEXTSTRIP                                        \
	JMP  strip                                       \ // }
return:                                                  \
	VZEROUPPER                                       \
	RET

// gemmSweepvAVX512 computes strips of up to six rows of C, rows × (panels·16v) without the columns beyond mask:
//
//	for range strips {
//		for q := 0; q < panels*16*v; q += 16 * v {
//			for i := range rows {
//				var s [16 * v]float32
//				for p := range k {
//					for j := range s {
//						s[j] = fma(a[i*lda+p], b[q*k+p*16*v+j], s[j])
//					}
//				}
//				for _, m := range add { // what C held, a bias, a residual
//					for j := 0; m.x != nil && j < len(s); j++ {
//						s[j] += m.x[i*m.ld+q+j]
//					}
//				}
//				copy(c[i*ldc+q:], s[:])
//			}
//		}
//		a, c, add = a[rows*lda:], c[rows*ldc:], … // and so each addend
//	}
//
// k ≥ 1, and mask is all ones where panels > 1. Each element is one chain of fmas, so its bits do not depend on the tile. Gemm cuts
// long sums: all parts but the first find what C held among the addends. The chains of the registers, up to 24, are independent,
// which hides the latency of an fma.

// func sweep1AVX512Asm(rows, panels, k int, a *float32, lda int, b, c *float32, ldc int, add *tileAddends, mask uint16, ahead *float32, aheadStep, strips int)
TEXT ·sweep1AVX512Asm(SB), NOSPLIT, $24-104
	SWEEP(LOAD1, ROW1, STORE1, ADD1, NOTAHEAD, 64) // panels of 16 columns, 64 bytes

// func sweep2AVX512Asm(rows, panels, k int, a *float32, lda int, b, c *float32, ldc int, add *tileAddends, mask uint16, ahead *float32, aheadStep, strips int)
TEXT ·sweep2AVX512Asm(SB), NOSPLIT, $24-104
	SWEEP(LOAD2, ROW2, STORE2, ADD2, NOTAHEAD, 128) // panels of 32 columns

// func sweep3AVX512Asm(rows, panels, k int, a *float32, lda int, b, c *float32, ldc int, add *tileAddends, mask uint16, ahead *float32, aheadStep, strips int)
TEXT ·sweep3AVX512Asm(SB), NOSPLIT, $24-104
	SWEEP(LOAD3, ROW3, STORE3, ADD3, NOTAHEAD, 192) // panels of 48 columns

// func sweep4AVX512Asm(rows, panels, k int, a *float32, lda int, b, c *float32, ldc int, add *tileAddends, mask uint16, ahead *float32, aheadStep, strips int)
TEXT ·sweep4AVX512Asm(SB), NOSPLIT, $24-104
	SWEEP(LOAD4, ROW4, STORE4, ADD4, AHEAD, 256) // panels of 64 columns
