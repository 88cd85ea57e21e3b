// The tile of 14×32 that bf16 and int8 share on AVX-512: both multiply 32-bit words, of two bf16 or of four bytes, and add to
// 32-bit sums. A file that includes this defines DOT(b, a, s), which takes register numbers: s[0:16] += b[0:16] · a, with · for the
// dot product of the parts of words.
//
// Registers of the tile
//	Z0–Z27   s, the sums, Z(2r) and Z(2r+1) for row r    Z28, Z29  b[p], a row of the panel    Z30, Z31  one word of A, in all lanes
//	R8, R9, R10, R11, R12  A from word p on: rows 0, 3, 6, 9, 12    R15  bytes to the next row of A    BX  the panel from row p on
//	CX  steps left    AX  rows left    DX  row of C    DI  bytes to the next    R14  what to fetch    SI  bytes of it for four steps
//	R13  the row of results to fetch

// EVEX512 is an instruction d = op(d, v, m) on ZMM registers, given by number, of the opcode map 0F38:
// prefix 62, the register numbers' high bits inverted, pp (1 for 66, 2 for F3, 3 for F2), vector length 512, opcode, ModRM.
#define EVEX512(pp, opcode, m, v, d) \
	LONG $(0x40040262 | (pp)<<16 | (((31^(d))>>3)&1)<<15 | (((31^(m))>>4)&1)<<14 | (((31^(m))>>3)&1)<<13 | (((31^(d))>>4)&1)<<12 | ((31^(v))&15)<<19 | (((31^(v))>>4)&1)<<27) \
	WORD $((opcode) | (0xC0 | (((d)&7)<<3) | ((m)&7))<<8)

// ROWA and ROWB add one word of A times a row of the panel to the sums of a row; they take turns with the register of A.
#define ROWA(a, s0, s1) \
	VPBROADCASTD a, Z30 \ // t = a[i][p]
	DOT(28, 30, s0)     \ // s0 += t · b[p][0:16]
	DOT(29, 30, s1)       // s1 += t · b[p][16:32]

#define ROWB(a, s0, s1) \
	VPBROADCASTD a, Z31 \ // t = a[i][p]
	DOT(28, 31, s0)     \ // s0 += t · b[p][0:16]
	DOT(29, 31, s1)       // s1 += t · b[p][16:32]

// STEPr is one step of the sum for r rows: a row of the panel from byte b on, and the words of A at byte a. Each begins with the
// one for a row less.
#define STEP1(b, a) \
	VMOVDQU32 b(BX), Z28        \ // b[p][0:16]
	VMOVDQU32 (b+64)(BX), Z29   \ // b[p][16:32]
	ROWA(a(R8), 0, 1)             // s[0] += a[0][p] · b[p]
#define STEP2(b, a) STEP1(b, a) \
	ROWB(a(R8)(R15*1), 2, 3)      // s[1] += a[1][p] · b[p]
#define STEP3(b, a) STEP2(b, a) \
	ROWA(a(R8)(R15*2), 4, 5)      // s[2] += a[2][p] · b[p]
#define STEP4(b, a) STEP3(b, a) \
	ROWB(a(R9), 6, 7)             // s[3] += a[3][p] · b[p]
#define STEP5(b, a) STEP4(b, a) \
	ROWA(a(R9)(R15*1), 8, 9)      // s[4] += a[4][p] · b[p]
#define STEP6(b, a) STEP5(b, a) \
	ROWB(a(R9)(R15*2), 10, 11)    // s[5] += a[5][p] · b[p]
#define STEP7(b, a) STEP6(b, a) \
	ROWA(a(R10), 12, 13)          // s[6] += a[6][p] · b[p]
#define STEP8(b, a) STEP7(b, a) \
	ROWB(a(R10)(R15*1), 14, 15)   // s[7] += a[7][p] · b[p]
#define STEP9(b, a) STEP8(b, a) \
	ROWA(a(R10)(R15*2), 16, 17)   // s[8] += a[8][p] · b[p]
#define STEP10(b, a) STEP9(b, a) \
	ROWB(a(R11), 18, 19)          // s[9] += a[9][p] · b[p]
#define STEP11(b, a) STEP10(b, a) \
	ROWA(a(R11)(R15*1), 20, 21)   // s[10] += a[10][p] · b[p]
#define STEP12(b, a) STEP11(b, a) \
	ROWB(a(R11)(R15*2), 22, 23)   // s[11] += a[11][p] · b[p]
#define STEP13(b, a) STEP12(b, a) \
	ROWA(a(R12), 24, 25)          // s[12] += a[12][p] · b[p]
#define STEP14(b, a) STEP13(b, a) \
	ROWB(a(R12)(R15*1), 26, 27)   // s[13] += a[13][p] · b[p]

// NEXT moves on by a number of steps.
#define NEXT(steps) \
	ADDQ $(128*steps), BX \ // b += steps rows
	ADDQ $(4*steps), R8   \ // p += steps
	ADDQ $(4*steps), R9   \
	ADDQ $(4*steps), R10  \
	ADDQ $(4*steps), R11  \
	ADDQ $(4*steps), R12

// LINES fetches 128 bytes, up to three lines, of a row of results.
#define LINES \
	PREFETCHT0 (R13)   \
	PREFETCHT0 64(R13) \
	PREFETCHT0 127(R13)

// FETCHROW fetches the next row of results, if there is one.
#define FETCHROW(fetched) \
	CMPQ R13, end-8(SP)    \ // if i < rows {
	JEQ  fetched           \
	LINES                  \ // fetch(results[i])
	ADDQ apart-16(SP), R13 \ // i++
fetched:                           // }

// SUM runs all steps.
#define SUM(step, four, fetched, rest, one) \
	SUBQ $4, CX      \ // left -= 4: below 0 when fewer than 4 are left
	JLT  rest        \ // if left < 0 { goto rest }
four:                    \ // for ; left >= 0; left -= 4 {
	PREFETCHT1 (R14) \ // fetch(ahead)
	ADDQ SI, R14     \ // ahead += aheadStep bytes
	FETCHROW(fetched) \ // fetch(results[i]), i++
	step(0, 0)       \ // s += a[:][p] · b[p]
	step(128, 4)     \ // s += a[:][p+1] · b[p+1]
	step(256, 8)     \ // s += a[:][p+2] · b[p+2]
	step(384, 12)    \ // s += a[:][p+3] · b[p+3]
	NEXT(4)          \ // p += 4
	SUBQ $4, CX      \ // left -= 4
	JGE  four        \ // }
rest:                    \
	ADDQ $4, CX      \ // left += 4: 0 to 3
	JZ   write       \ // if left == 0 { goto write }
one:                     \ // for ; left > 0; left-- {
	step(0, 0)       \ // s += a[:][p] · b[p]
	NEXT(1)          \ // p++
	DECQ CX          \ // left--
	JNZ  one         \ // }
	JMP  write

// SUMS runs the steps for the number of rows in AX: only the rows that there are are read and paid for. The largest number is asked
// for first.
#define SUMS \
	LEAQ (R15)(R15*2), R12             \ // three rows of A
	LEAQ (R8)(R12*1), R9               \ // a[3]
	LEAQ (R9)(R12*1), R10              \ // a[6]
	LEAQ (R10)(R12*1), R11             \ // a[9]
	LEAQ (R11)(R12*1), R12             \ // a[12]
	CMPQ AX, $14                       \
	JEQ  rows14                        \ // if rows == 14 { goto rows14 }
	CMPQ AX, $13                       \
	JEQ  rows13                        \ // if rows == 13 { goto rows13 }
	CMPQ AX, $12                       \
	JEQ  rows12                        \ // if rows == 12 { goto rows12 }
	CMPQ AX, $11                       \
	JEQ  rows11                        \ // if rows == 11 { goto rows11 }
	CMPQ AX, $10                       \
	JEQ  rows10                        \ // if rows == 10 { goto rows10 }
	CMPQ AX, $9                        \
	JEQ  rows9                         \ // if rows == 9 { goto rows9 }
	CMPQ AX, $8                        \
	JEQ  rows8                         \ // if rows == 8 { goto rows8 }
	CMPQ AX, $7                        \
	JEQ  rows7                         \ // if rows == 7 { goto rows7 }
	CMPQ AX, $6                        \
	JEQ  rows6                         \ // if rows == 6 { goto rows6 }
	CMPQ AX, $5                        \
	JEQ  rows5                         \ // if rows == 5 { goto rows5 }
	CMPQ AX, $4                        \
	JEQ  rows4                         \ // if rows == 4 { goto rows4 }
	CMPQ AX, $3                        \
	JEQ  rows3                         \ // if rows == 3 { goto rows3 }
	CMPQ AX, $2                        \
	JEQ  rows2                         \ // if rows == 2 { goto rows2 }
	SUM(STEP1, four1, fetched1, rest1, one1)     \ // s[0] += a[0] · B
rows2:                                     \
	SUM(STEP2, four2, fetched2, rest2, one2)     \ // s[0:2] += a[0:2] · B
rows3:                                     \
	SUM(STEP3, four3, fetched3, rest3, one3)     \ // s[0:3] += a[0:3] · B
rows4:                                     \
	SUM(STEP4, four4, fetched4, rest4, one4)     \ // s[0:4] += a[0:4] · B
rows5:                                     \
	SUM(STEP5, four5, fetched5, rest5, one5)     \ // s[0:5] += a[0:5] · B
rows6:                                     \
	SUM(STEP6, four6, fetched6, rest6, one6)     \ // s[0:6] += a[0:6] · B
rows7:                                     \
	SUM(STEP7, four7, fetched7, rest7, one7)     \ // s[0:7] += a[0:7] · B
rows8:                                     \
	SUM(STEP8, four8, fetched8, rest8, one8)     \ // s[0:8] += a[0:8] · B
rows9:                                     \
	SUM(STEP9, four9, fetched9, rest9, one9)     \ // s[0:9] += a[0:9] · B
rows10:                                    \
	SUM(STEP10, four10, fetched10, rest10, one10) \ // s[0:10] += a[0:10] · B
rows11:                                    \
	SUM(STEP11, four11, fetched11, rest11, one11) \ // s[0:11] += a[0:11] · B
rows12:                                    \
	SUM(STEP12, four12, fetched12, rest12, one12) \ // s[0:12] += a[0:12] · B
rows13:                                    \
	SUM(STEP13, four13, fetched13, rest13, one13) \ // s[0:13] += a[0:13] · B
rows14:                                    \
	SUM(STEP14, four14, fetched14, rest14, one14)   // s[0:14] += a[0:14] · B

// RESULTS has the CX steps of the sums fetch AX rows of results from R13 on, which are R12 bytes apart, towards the cache, one with every
// four steps: all at once are more lines than a core can wait for, and the panel would wait behind them. Those for which a short sum has
// no time come first. R13 is then the next row to fetch; clobbers R14, and needs a frame of 16 bytes.
#define RESULTS(next, begun) \
	MOVQ  R12, apart-16(SP)  \
	MOVQ  AX, R14            \
	IMULQ R12, R14           \
	ADDQ  R13, R14           \
	MOVQ  R14, end-8(SP)     \ // results[rows]
	MOVQ  CX, R14            \
	SHRQ  $2, R14            \
	SUBQ  AX, R14            \ // −n, for n = rows - steps/4
	JGE   begun              \
next:                            \ // for i := range n {
	LINES                    \ // fetch(results[i])
	ADDQ  R12, R13           \
	INCQ  R14                \
	JNZ   next               \ // }
begun:

// START starts the sums of every row with the words at SI, a bias or the integers that int8 starts with.
#define START \
	VMOVDQU32 (SI), Z0    \ // s[0][0:16] = start[0:16]
	VMOVDQU32 64(SI), Z1  \ // s[0][16:32] = start[16:32]
	VMOVDQU32 (SI), Z2    \ // s[1][0:16] = start[0:16]
	VMOVDQU32 64(SI), Z3  \ // s[1][16:32] = start[16:32]
	VMOVDQU32 (SI), Z4    \ // s[2][0:16] = start[0:16]
	VMOVDQU32 64(SI), Z5  \ // s[2][16:32] = start[16:32]
	VMOVDQU32 (SI), Z6    \ // s[3][0:16] = start[0:16]
	VMOVDQU32 64(SI), Z7  \ // s[3][16:32] = start[16:32]
	VMOVDQU32 (SI), Z8    \ // s[4][0:16] = start[0:16]
	VMOVDQU32 64(SI), Z9  \ // s[4][16:32] = start[16:32]
	VMOVDQU32 (SI), Z10   \ // s[5][0:16] = start[0:16]
	VMOVDQU32 64(SI), Z11 \ // s[5][16:32] = start[16:32]
	VMOVDQU32 (SI), Z12   \ // s[6][0:16] = start[0:16]
	VMOVDQU32 64(SI), Z13 \ // s[6][16:32] = start[16:32]
	VMOVDQU32 (SI), Z14   \ // s[7][0:16] = start[0:16]
	VMOVDQU32 64(SI), Z15 \ // s[7][16:32] = start[16:32]
	VMOVDQU32 (SI), Z16   \ // s[8][0:16] = start[0:16]
	VMOVDQU32 64(SI), Z17 \ // s[8][16:32] = start[16:32]
	VMOVDQU32 (SI), Z18   \ // s[9][0:16] = start[0:16]
	VMOVDQU32 64(SI), Z19 \ // s[9][16:32] = start[16:32]
	VMOVDQU32 (SI), Z20   \ // s[10][0:16] = start[0:16]
	VMOVDQU32 64(SI), Z21 \ // s[10][16:32] = start[16:32]
	VMOVDQU32 (SI), Z22   \ // s[11][0:16] = start[0:16]
	VMOVDQU32 64(SI), Z23 \ // s[11][16:32] = start[16:32]
	VMOVDQU32 (SI), Z24   \ // s[12][0:16] = start[0:16]
	VMOVDQU32 64(SI), Z25 \ // s[12][16:32] = start[16:32]
	VMOVDQU32 (SI), Z26   \ // s[13][0:16] = start[0:16]
	VMOVDQU32 64(SI), Z27   // s[13][16:32] = start[16:32]

// STORES writes the sums of the tile row by row, with the STORE of the file that includes this, which leaves after the last of AX rows.
#define STORES \
	STORE(Z0, Z1)   \ // c[0]
	STORE(Z2, Z3)   \ // c[1]
	STORE(Z4, Z5)   \ // c[2]
	STORE(Z6, Z7)   \ // c[3]
	STORE(Z8, Z9)   \ // c[4]
	STORE(Z10, Z11) \ // c[5]
	STORE(Z12, Z13) \ // c[6]
	STORE(Z14, Z15) \ // c[7]
	STORE(Z16, Z17) \ // c[8]
	STORE(Z18, Z19) \ // c[9]
	STORE(Z20, Z21) \ // c[10]
	STORE(Z22, Z23) \ // c[11]
	STORE(Z24, Z25) \ // c[12]
	STORE(Z26, Z27)   // c[13]

// PEAK runs DOT n times on twelve independent sums, which hide its latency.
#define PEAK(round) \
	MOVQ n+0(FP), CX     \ // rounds left
	VPXORD Z28, Z28, Z28 \ // x = 0
	VPXORD Z30, Z30, Z30 \ // y = 0
round:                       \ // for range n {
	DOT(28, 30, 0)       \ // s[0] += x · y
	DOT(28, 30, 1)       \ // s[1] += x · y
	DOT(28, 30, 2)       \ // s[2] += x · y
	DOT(28, 30, 3)       \ // s[3] += x · y
	DOT(28, 30, 4)       \ // s[4] += x · y
	DOT(28, 30, 5)       \ // s[5] += x · y
	DOT(28, 30, 6)       \ // s[6] += x · y
	DOT(28, 30, 7)       \ // s[7] += x · y
	DOT(28, 30, 8)       \ // s[8] += x · y
	DOT(28, 30, 9)       \ // s[9] += x · y
	DOT(28, 30, 10)      \ // s[10] += x · y
	DOT(28, 30, 11)      \ // s[11] += x · y
	DECQ CX              \
	JNZ  round             // }
