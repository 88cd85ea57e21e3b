//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// The assembler lacks it; arguments are register numbers.
#define FADD(m, n, d) WORD $(0x4E20D400 | (m)<<16 | (n)<<5 | (d)) // d = n + m, four floats

// Registers of the tile (NEON, 6 rows by 16 columns)
//	V0–V23  s, the sums, four vectors to a row    V24–V27  b[p][0:16], a row of the panel    V28–V31  elements of A, in all lanes
//	R0–R5  rows of A from column p on    R6  the panel from row p on    R7  steps left
//	R8  row of C    R9, R11  bytes from a row of C, of A, to the next    R10  rows left
// and once the sums are complete
//	R0  addends, R1 of them left    R2  a row of one    R3  bytes to its next row    R4  its rows left

// ROW adds one element of a row of A, and moves on to the next, times 16 columns of B to the four sums of the row. An fma rounds
// once, so a sum of k terms is rounded k times, in the order of p.
#define ROW(a, t, s0, s1, s2, s3) \
	VLD1R.P 4(a), [t.S4]        \ // t = a[i][p]
	VFMLA   V24.S4, t.S4, s0.S4 \ // s0 += t * b[p][0:4]
	VFMLA   V25.S4, t.S4, s1.S4 \ // s1 += t * b[p][4:8]
	VFMLA   V26.S4, t.S4, s2.S4 \ // s2 += t * b[p][8:12]
	VFMLA   V27.S4, t.S4, s3.S4   // s3 += t * b[p][12:16]

// NEXTROW makes the next row of A the same as this one when there is none, so that six rows can always be computed without a
// branch; what is computed twice is never written.
#define NEXTROW(this, next, number) \
	MOVD this, next      \ // next = this
	CMP  $number, R10    \ // if rows > number { next += lda }
	BLE  2(PC)           \ // 2(PC) is two instructions on
	ADD  R11, next, next

// ADDROW adds a row of a matrix to the sums of a row, whose numbers are a to d (FADD takes numbers), and goes on to the next
// addend after the last row.
#define ADDROW(a, b, c, d, s0, s1, s2, s3) \
	VLD1 (R2), [V24.S4, V25.S4, V26.S4, V27.S4] \ // x[i][0:16]
	FADD(24, a, a)                              \ // s0 += x[i][0:4]
	FADD(25, b, b)                              \ // s1 += x[i][4:8]
	FADD(26, c, c)                              \ // s2 += x[i][8:12]
	FADD(27, d, d)                              \ // s3 += x[i][12:16]
	ADD  R3, R2, R2                             \ // x += a row
	SUBS $1, R4, R4                             \
	BEQ  next                                     // if i++; i == rows { goto next }

// STORE writes a row of C and leaves when it was the last.
#define STORE(a, b, c, d, s0, s1, s2, s3) \
	VST1 [s0.S4, s1.S4, s2.S4, s3.S4], (R8) \ // c[i] = s0, s1, s2, s3
	ADD  R9, R8, R8                         \ // c += a row
	SUBS $1, R10, R10                       \
	BEQ  done                                 // if i++; i == rows { goto done }

// EACH does OP to the sums of each row.
#define EACH(OP) \
	OP(0, 1, 2, 3, V0, V1, V2, V3)         \ // row 0
	OP(4, 5, 6, 7, V4, V5, V6, V7)         \ // row 1
	OP(8, 9, 10, 11, V8, V9, V10, V11)     \ // row 2
	OP(12, 13, 14, 15, V12, V13, V14, V15) \ // row 3
	OP(16, 17, 18, 19, V16, V17, V18, V19) \ // row 4
	OP(20, 21, 22, 23, V20, V21, V22, V23)   // row 5

// tileSIMDAsm computes up to six rows of C in one panel of B:
//
//	for i := range rows {
//		var s [16]float32
//		for p := range k {
//			for j := range s {
//				s[j] = fma(a[i*lda+p], b[p*16+j], s[j])
//			}
//		}
//		for _, m := range add { // what C held, a bias, a residual
//			for j := 0; m.x != nil && j < 16; j++ {
//				s[j] += m.x[i*m.ld+j]
//			}
//		}
//		copy(c[i*ldc:], s[:])
//	}
//
// k ≥ 1. Each element is one chain of fmas, so its bits do not depend on where the tile lies. Gemm cuts long sums: all parts but
// the first find what C held among the addends. The chains of the 24 registers are independent, which hides the latency of an
// fma.
//
// func tileSIMDAsm(rows, k int, a *float32, lda int, b, c *float32, ldc int, add *tileAddends)
TEXT ·tileSIMDAsm(SB), NOSPLIT, $0-64
	MOVD rows+0(FP), R10                            // rows left
	MOVD k+8(FP), R7                                // steps left
	MOVD a+16(FP), R0                               // a[0]
	MOVD lda+24(FP), R11
	MOVD b+32(FP), R6
	MOVD c+40(FP), R8
	MOVD ldc+48(FP), R9
	LSL  $2, R11, R11                               // lda in bytes
	LSL  $2, R9, R9                                 // ldc in bytes
	NEXTROW(R0, R1, 1)                              // a[1], or the last row again when rows ≤ 1
	NEXTROW(R1, R2, 2)                              // a[2], or the last row again when rows ≤ 2
	NEXTROW(R2, R3, 3)                              // a[3], or the last row again when rows ≤ 3
	NEXTROW(R3, R4, 4)                              // a[4], or the last row again when rows ≤ 4
	NEXTROW(R4, R5, 5)                              // a[5], or the last row again when rows ≤ 5
	VEOR V0.B16, V0.B16, V0.B16                     // s[0][0:4] = 0
	VEOR V1.B16, V1.B16, V1.B16                     // s[0][4:8] = 0
	VEOR V2.B16, V2.B16, V2.B16                     // s[0][8:12] = 0
	VEOR V3.B16, V3.B16, V3.B16                     // s[0][12:16] = 0
	VEOR V4.B16, V4.B16, V4.B16                     // s[1][0:4] = 0
	VEOR V5.B16, V5.B16, V5.B16                     // s[1][4:8] = 0
	VEOR V6.B16, V6.B16, V6.B16                     // s[1][8:12] = 0
	VEOR V7.B16, V7.B16, V7.B16                     // s[1][12:16] = 0
	VEOR V8.B16, V8.B16, V8.B16                     // s[2][0:4] = 0
	VEOR V9.B16, V9.B16, V9.B16                     // s[2][4:8] = 0
	VEOR V10.B16, V10.B16, V10.B16                  // s[2][8:12] = 0
	VEOR V11.B16, V11.B16, V11.B16                  // s[2][12:16] = 0
	VEOR V12.B16, V12.B16, V12.B16                  // s[3][0:4] = 0
	VEOR V13.B16, V13.B16, V13.B16                  // s[3][4:8] = 0
	VEOR V14.B16, V14.B16, V14.B16                  // s[3][8:12] = 0
	VEOR V15.B16, V15.B16, V15.B16                  // s[3][12:16] = 0
	VEOR V16.B16, V16.B16, V16.B16                  // s[4][0:4] = 0
	VEOR V17.B16, V17.B16, V17.B16                  // s[4][4:8] = 0
	VEOR V18.B16, V18.B16, V18.B16                  // s[4][8:12] = 0
	VEOR V19.B16, V19.B16, V19.B16                  // s[4][12:16] = 0
	VEOR V20.B16, V20.B16, V20.B16                  // s[5][0:4] = 0
	VEOR V21.B16, V21.B16, V21.B16                  // s[5][4:8] = 0
	VEOR V22.B16, V22.B16, V22.B16                  // s[5][8:12] = 0
	VEOR V23.B16, V23.B16, V23.B16                  // s[5][12:16] = 0

loop:                                                   // for range k {
	VLD1.P 64(R6), [V24.S4, V25.S4, V26.S4, V27.S4] // b[p][0:16], and b += a row
	ROW(R0, V28, V0, V1, V2, V3)                    // s[0] += a[0][p] * b[p]
	ROW(R1, V29, V4, V5, V6, V7)                    // s[1] += a[1][p] * b[p]
	ROW(R2, V30, V8, V9, V10, V11)                  // s[2] += a[2][p] * b[p]
	ROW(R3, V31, V12, V13, V14, V15)                // s[3] += a[3][p] * b[p]
	ROW(R4, V28, V16, V17, V18, V19)                // s[4] += a[4][p] * b[p]
	ROW(R5, V29, V20, V21, V22, V23)                // s[5] += a[5][p] * b[p]
	SUBS $1, R7, R7                                 // p++
	BNE  loop                                       // }

	MOVD add+56(FP), R0                             // m = &add[0]
	MOVD $3, R1                                     // addends left

addend:                                                 // for range 3 {
	MOVD tileAddend_x(R0), R2                       // x = m.x
	CBZ  R2, next                                   // if x == nil { goto next }
	MOVD tileAddend_ld(R0), R3
	LSL  $2, R3, R3                                 // m.ld in bytes
	MOVD R10, R4                                    // i = 0
	EACH(ADDROW)                                    // for i := range rows { s[i] += x[i] }

next:
	ADD  $tileAddend__size, R0, R0                  // m++
	SUBS $1, R1, R1
	BNE  addend                                     // }
	EACH(STORE)                                     // for i := range rows { c[i] = s[i] }

done:
	RET

// fmaLoopSIMDAsm keeps the multipliers busy with operands in registers, to measure their peak:
//
//	for range n { for r := range s { s[r] = fma(x, y, s[r]) } } // twelve s of four lanes, x = y = 0
//
// func fmaLoopSIMDAsm(n int)
TEXT ·fmaLoopSIMDAsm(SB), NOSPLIT, $0-8
	MOVD n+0(FP), R7               // rounds left
	VEOR V24.B16, V24.B16, V24.B16 // x = 0
	VEOR V25.B16, V25.B16, V25.B16 // y = 0

round:                                 // twelve independent sums hide the latency
	VFMLA V24.S4, V25.S4, V0.S4    // s[0] += x * y
	VFMLA V24.S4, V25.S4, V1.S4    // s[1] += x * y
	VFMLA V24.S4, V25.S4, V2.S4    // s[2] += x * y
	VFMLA V24.S4, V25.S4, V3.S4    // s[3] += x * y
	VFMLA V24.S4, V25.S4, V4.S4    // s[4] += x * y
	VFMLA V24.S4, V25.S4, V5.S4    // s[5] += x * y
	VFMLA V24.S4, V25.S4, V6.S4    // s[6] += x * y
	VFMLA V24.S4, V25.S4, V7.S4    // s[7] += x * y
	VFMLA V24.S4, V25.S4, V8.S4    // s[8] += x * y
	VFMLA V24.S4, V25.S4, V9.S4    // s[9] += x * y
	VFMLA V24.S4, V25.S4, V10.S4   // s[10] += x * y
	VFMLA V24.S4, V25.S4, V11.S4   // s[11] += x * y
	SUBS $1, R7, R7
	BNE  round                     // if n--; n > 0 { goto round }
	RET
