// The tile of 14×32 that bf16 and int8 share on AVX-512: both multiply 32-bit words, of two bf16 or of four bytes, and add to
// 32-bit sums. A file that includes this defines DOT(b, a, s), which takes register numbers:  s[0:16] += b[0:16] · a
//
// Registers of the tile
//	Z0–Z27   sums, Z(2r) and Z(2r+1) for row r    Z28, Z29  a row of the panel, 32 words    Z30, Z31  one word of A, broadcast
//	R8, R9, R10, R11, R12  rows 0, 3, 6, 9, 12 of A    R15  bytes to the next row of A    BX  panel of B    CX  steps left
//	DX  C    DI  bytes to the next row of C    AX  rows left    R14  what to fetch    SI  bytes of it for four steps

// EVEX512 is an instruction d = op(d, v, m) on ZMM registers, given by number, of the opcode map 0F38:
// prefix 62, the register numbers' high bits inverted, pp (1 for 66, 2 for F3), vector length 512, opcode, ModRM.
#define EVEX512(pp, opcode, m, v, d) \
	LONG $(0x40040262 | (pp)<<16 | (((31^(d))>>3)&1)<<15 | (((31^(m))>>4)&1)<<14 | (((31^(m))>>3)&1)<<13 | (((31^(d))>>4)&1)<<12 | ((31^(v))&15)<<19 | (((31^(v))>>4)&1)<<27) \
	WORD $((opcode) | (0xC0 | (((d)&7)<<3) | ((m)&7))<<8)

// ROWA and ROWB add one word of A times a row of the panel to the sums of a row; they take turns with the register of A.
#define ROWA(a, s0, s1) \
	VPBROADCASTD a, Z30 \
	DOT(28, 30, s0)     \
	DOT(29, 30, s1)

#define ROWB(a, s0, s1) \
	VPBROADCASTD a, Z31 \
	DOT(28, 31, s0)     \
	DOT(29, 31, s1)

// STEPr is one step of the sum for r rows: a row of the panel from offset b, and the words of A at offset a.
#define STEP1(b, a) \
	VMOVDQU32 b(BX), Z28      \
	VMOVDQU32 (b+64)(BX), Z29 \
	ROWA(a(R8), 0, 1)
#define STEP2(b, a) STEP1(b, a) \
	ROWB(a(R8)(R15*1), 2, 3)
#define STEP3(b, a) STEP2(b, a) \
	ROWA(a(R8)(R15*2), 4, 5)
#define STEP4(b, a) STEP3(b, a) \
	ROWB(a(R9), 6, 7)
#define STEP5(b, a) STEP4(b, a) \
	ROWA(a(R9)(R15*1), 8, 9)
#define STEP6(b, a) STEP5(b, a) \
	ROWB(a(R9)(R15*2), 10, 11)
#define STEP7(b, a) STEP6(b, a) \
	ROWA(a(R10), 12, 13)
#define STEP8(b, a) STEP7(b, a) \
	ROWB(a(R10)(R15*1), 14, 15)
#define STEP9(b, a) STEP8(b, a) \
	ROWA(a(R10)(R15*2), 16, 17)
#define STEP10(b, a) STEP9(b, a) \
	ROWB(a(R11), 18, 19)
#define STEP11(b, a) STEP10(b, a) \
	ROWA(a(R11)(R15*1), 20, 21)
#define STEP12(b, a) STEP11(b, a) \
	ROWB(a(R11)(R15*2), 22, 23)
#define STEP13(b, a) STEP12(b, a) \
	ROWA(a(R12), 24, 25)
#define STEP14(b, a) STEP13(b, a) \
	ROWB(a(R12)(R15*1), 26, 27)

// NEXT moves on by a number of steps.
#define NEXT(steps) \
	ADDQ $(128*steps), BX \
	ADDQ $(4*steps), R8   \
	ADDQ $(4*steps), R9   \
	ADDQ $(4*steps), R10  \
	ADDQ $(4*steps), R11  \
	ADDQ $(4*steps), R12

// SUM runs all steps: for CX ≥ 4 { four steps }; for CX > 0 { one }
#define SUM(step, four, rest, one) \
	SUBQ $4, CX    \
	JLT  rest      \
four:              \
	PREFETCHT0 (R14) \
	ADDQ SI, R14   \
	step(0, 0)     \
	step(128, 4)   \
	step(256, 8)   \
	step(384, 12)  \
	NEXT(4)        \
	SUBQ $4, CX    \
	JGE  four      \
rest:              \
	ADDQ $4, CX    \
	JZ   write     \
one:               \
	step(0, 0)     \
	NEXT(1)        \
	DECQ CX        \
	JNZ  one       \
	JMP  write

// SUMS runs the steps for the number of rows in AX: only the rows that there are are read and paid for.
#define SUMS \
	LEAQ (R15)(R15*2), R13 \
	LEAQ (R8)(R13*1), R9   \
	LEAQ (R9)(R13*1), R10  \
	LEAQ (R10)(R13*1), R11 \
	LEAQ (R11)(R13*1), R12 \
	CMPQ AX, $14 \
	JEQ  rows14  \
	CMPQ AX, $13 \
	JEQ  rows13  \
	CMPQ AX, $12 \
	JEQ  rows12  \
	CMPQ AX, $11 \
	JEQ  rows11  \
	CMPQ AX, $10 \
	JEQ  rows10  \
	CMPQ AX, $9  \
	JEQ  rows9   \
	CMPQ AX, $8  \
	JEQ  rows8   \
	CMPQ AX, $7  \
	JEQ  rows7   \
	CMPQ AX, $6  \
	JEQ  rows6   \
	CMPQ AX, $5  \
	JEQ  rows5   \
	CMPQ AX, $4  \
	JEQ  rows4   \
	CMPQ AX, $3  \
	JEQ  rows3   \
	CMPQ AX, $2  \
	JEQ  rows2   \
	SUM(STEP1, four1, rest1, one1)      \
rows2:                                  \
	SUM(STEP2, four2, rest2, one2)      \
rows3:                                  \
	SUM(STEP3, four3, rest3, one3)      \
rows4:                                  \
	SUM(STEP4, four4, rest4, one4)      \
rows5:                                  \
	SUM(STEP5, four5, rest5, one5)      \
rows6:                                  \
	SUM(STEP6, four6, rest6, one6)      \
rows7:                                  \
	SUM(STEP7, four7, rest7, one7)      \
rows8:                                  \
	SUM(STEP8, four8, rest8, one8)      \
rows9:                                  \
	SUM(STEP9, four9, rest9, one9)      \
rows10:                                 \
	SUM(STEP10, four10, rest10, one10)  \
rows11:                                 \
	SUM(STEP11, four11, rest11, one11)  \
rows12:                                 \
	SUM(STEP12, four12, rest12, one12)  \
rows13:                                 \
	SUM(STEP13, four13, rest13, one13)  \
rows14:                                 \
	SUM(STEP14, four14, rest14, one14)

// FETCH fetches the tile of C towards the cache while the sums are made; it leaves R13 and R14 behind.
#define FETCH(next) \
	MOVQ DX, R13          \
	MOVQ AX, R14          \
next:                     \
	PREFETCHT0 (R13)      \
	PREFETCHT0 64(R13)    \
	PREFETCHT0 127(R13)   \
	ADDQ DI, R13          \
	DECQ R14              \
	JNZ  next

// START starts the sums of every row with the words at SI.
#define START \
	VMOVDQU32 (SI), Z0    \
	VMOVDQU32 64(SI), Z1  \
	VMOVDQU32 (SI), Z2    \
	VMOVDQU32 64(SI), Z3  \
	VMOVDQU32 (SI), Z4    \
	VMOVDQU32 64(SI), Z5  \
	VMOVDQU32 (SI), Z6    \
	VMOVDQU32 64(SI), Z7  \
	VMOVDQU32 (SI), Z8    \
	VMOVDQU32 64(SI), Z9  \
	VMOVDQU32 (SI), Z10   \
	VMOVDQU32 64(SI), Z11 \
	VMOVDQU32 (SI), Z12   \
	VMOVDQU32 64(SI), Z13 \
	VMOVDQU32 (SI), Z14   \
	VMOVDQU32 64(SI), Z15 \
	VMOVDQU32 (SI), Z16   \
	VMOVDQU32 64(SI), Z17 \
	VMOVDQU32 (SI), Z18   \
	VMOVDQU32 64(SI), Z19 \
	VMOVDQU32 (SI), Z20   \
	VMOVDQU32 64(SI), Z21 \
	VMOVDQU32 (SI), Z22   \
	VMOVDQU32 64(SI), Z23 \
	VMOVDQU32 (SI), Z24   \
	VMOVDQU32 64(SI), Z25 \
	VMOVDQU32 (SI), Z26   \
	VMOVDQU32 64(SI), Z27

// STORES writes the sums of the tile row by row, with the STORE of the file that includes this, which leaves after the last of AX rows.
#define STORES \
	STORE(Z0, Z1)   \
	STORE(Z2, Z3)   \
	STORE(Z4, Z5)   \
	STORE(Z6, Z7)   \
	STORE(Z8, Z9)   \
	STORE(Z10, Z11) \
	STORE(Z12, Z13) \
	STORE(Z14, Z15) \
	STORE(Z16, Z17) \
	STORE(Z18, Z19) \
	STORE(Z20, Z21) \
	STORE(Z22, Z23) \
	STORE(Z24, Z25) \
	STORE(Z26, Z27)

// PEAK runs DOT n times on twelve independent sums, which hide its latency.
#define PEAK(round) \
	MOVQ n+0(FP), CX       \
	VPXORD Z28, Z28, Z28   \
	VPXORD Z30, Z30, Z30   \
round:                     \
	DOT(28, 30, 0)         \
	DOT(28, 30, 1)         \
	DOT(28, 30, 2)         \
	DOT(28, 30, 3)         \
	DOT(28, 30, 4)         \
	DOT(28, 30, 5)         \
	DOT(28, 30, 6)         \
	DOT(28, 30, 7)         \
	DOT(28, 30, 8)         \
	DOT(28, 30, 9)         \
	DOT(28, 30, 10)        \
	DOT(28, 30, 11)        \
	DECQ CX                \
	JNZ  round
