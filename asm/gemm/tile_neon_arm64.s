//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// The assembler lacks it; arguments are register numbers.
#define FADD(m, n, d) WORD $(0x4E20D400 | (m)<<16 | (n)<<5 | (d)) // d = n + m, four floats

// Registers of the tile
//	V0–V23  sums, four to a row        V24–V27  16 columns of B        V28–V31  elements of A, broadcast
//	R0–R5  rows of A    R6  panel of B    R7  steps left    R8  C    R9  bytes to the next row of C    R10  rows left
//	R0  addends, R1 of them left    R2  a row of one    R3  bytes to its next row    R4  its rows left

// ROW adds one element of a row of A, and moves on to the next, times 16 columns of B to the four sums of the row:
//	t = *a++;  s0 += t * b[0:4];  s1 += t * b[4:8];  s2 += t * b[8:12];  s3 += t * b[12:16]
#define ROW(a, t, s0, s1, s2, s3) \
	VLD1R.P 4(a), [t.S4]         \
	VFMLA   V24.S4, t.S4, s0.S4  \
	VFMLA   V25.S4, t.S4, s1.S4  \
	VFMLA   V26.S4, t.S4, s2.S4  \
	VFMLA   V27.S4, t.S4, s3.S4

// NEXTROW makes the next row of A the same as this one when there is none:  next = this;  if rows > number { next += lda }
#define NEXTROW(this, next, number) \
	MOVD this, next           \
	CMP  $number, R10         \
	BLE  2(PC)                \
	ADD  R11, next, next

// ADDROW adds a row of a matrix to the sums of a row, whose numbers are a to d, and goes on to the next addend after the last row.
#define ADDROW(a, b, c, d, s0, s1, s2, s3) \
	VLD1 (R2), [V24.S4, V25.S4, V26.S4, V27.S4] \
	FADD(24, a, a)            \
	FADD(25, b, b)            \
	FADD(26, c, c)            \
	FADD(27, d, d)            \
	ADD  R3, R2, R2           \
	SUBS $1, R4, R4           \
	BEQ  next

// STORE writes a row of C and leaves when it was the last.
#define STORE(a, b, c, d, s0, s1, s2, s3) \
	VST1 [s0.S4, s1.S4, s2.S4, s3.S4], (R8) \
	ADD  R9, R8, R8           \
	SUBS $1, R10, R10         \
	BEQ  done

// EACH does OP to the sums of each row.
#define EACH(OP) \
	OP(0, 1, 2, 3, V0, V1, V2, V3)         \
	OP(4, 5, 6, 7, V4, V5, V6, V7)         \
	OP(8, 9, 10, 11, V8, V9, V10, V11)     \
	OP(12, 13, 14, 15, V12, V13, V14, V15) \
	OP(16, 17, 18, 19, V16, V17, V18, V19) \
	OP(20, 21, 22, 23, V20, V21, V22, V23)

// func gemmTileAsm(rows, k int, a *float32, lda int, b, c *float32, ldc int, add *tileAddends)
TEXT ·gemmTileAsm(SB), NOSPLIT, $0-64
	MOVD rows+0(FP), R10
	MOVD k+8(FP), R7
	MOVD a+16(FP), R0
	MOVD lda+24(FP), R11
	MOVD b+32(FP), R6
	MOVD c+40(FP), R8
	MOVD ldc+48(FP), R9
	LSL  $2, R11, R11               // in bytes
	LSL  $2, R9, R9
	NEXTROW(R0, R1, 1)
	NEXTROW(R1, R2, 2)
	NEXTROW(R2, R3, 3)
	NEXTROW(R3, R4, 4)
	NEXTROW(R4, R5, 5)
	VEOR V0.B16, V0.B16, V0.B16
	VEOR V1.B16, V1.B16, V1.B16
	VEOR V2.B16, V2.B16, V2.B16
	VEOR V3.B16, V3.B16, V3.B16
	VEOR V4.B16, V4.B16, V4.B16
	VEOR V5.B16, V5.B16, V5.B16
	VEOR V6.B16, V6.B16, V6.B16
	VEOR V7.B16, V7.B16, V7.B16
	VEOR V8.B16, V8.B16, V8.B16
	VEOR V9.B16, V9.B16, V9.B16
	VEOR V10.B16, V10.B16, V10.B16
	VEOR V11.B16, V11.B16, V11.B16
	VEOR V12.B16, V12.B16, V12.B16
	VEOR V13.B16, V13.B16, V13.B16
	VEOR V14.B16, V14.B16, V14.B16
	VEOR V15.B16, V15.B16, V15.B16
	VEOR V16.B16, V16.B16, V16.B16
	VEOR V17.B16, V17.B16, V17.B16
	VEOR V18.B16, V18.B16, V18.B16
	VEOR V19.B16, V19.B16, V19.B16
	VEOR V20.B16, V20.B16, V20.B16
	VEOR V21.B16, V21.B16, V21.B16
	VEOR V22.B16, V22.B16, V22.B16
	VEOR V23.B16, V23.B16, V23.B16

loop:                                   // for k > 0: one step of the sum
	VLD1.P 64(R6), [V24.S4, V25.S4, V26.S4, V27.S4]
	ROW(R0, V28, V0, V1, V2, V3)
	ROW(R1, V29, V4, V5, V6, V7)
	ROW(R2, V30, V8, V9, V10, V11)
	ROW(R3, V31, V12, V13, V14, V15)
	ROW(R4, V28, V16, V17, V18, V19)
	ROW(R5, V29, V20, V21, V22, V23)
	SUBS $1, R7, R7
	BNE  loop

	MOVD add+56(FP), R0
	MOVD $3, R1

addend:                                 // for each matrix to add
	MOVD tileAddend_x(R0), R2
	CBZ  R2, next
	MOVD tileAddend_ld(R0), R3
	LSL  $2, R3, R3
	MOVD R10, R4
	EACH(ADDROW)

next:
	ADD  $tileAddend__size, R0, R0
	SUBS $1, R1, R1
	BNE  addend
	EACH(STORE)

done:
	RET

// func fmaLoopAsm(n int)
TEXT ·fmaLoopAsm(SB), NOSPLIT, $0-8
	MOVD n+0(FP), R7
	VEOR V24.B16, V24.B16, V24.B16
	VEOR V25.B16, V25.B16, V25.B16

round:                                  // twelve independent sums
	VFMLA V24.S4, V25.S4, V0.S4
	VFMLA V24.S4, V25.S4, V1.S4
	VFMLA V24.S4, V25.S4, V2.S4
	VFMLA V24.S4, V25.S4, V3.S4
	VFMLA V24.S4, V25.S4, V4.S4
	VFMLA V24.S4, V25.S4, V5.S4
	VFMLA V24.S4, V25.S4, V6.S4
	VFMLA V24.S4, V25.S4, V7.S4
	VFMLA V24.S4, V25.S4, V8.S4
	VFMLA V24.S4, V25.S4, V9.S4
	VFMLA V24.S4, V25.S4, V10.S4
	VFMLA V24.S4, V25.S4, V11.S4
	SUBS $1, R7, R7
	BNE  round
	RET
