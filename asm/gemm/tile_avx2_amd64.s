//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// Registers of the tile
//	Y0–Y11  sums, two to a row          Y12, Y13  16 columns of B
//	Y14, Y15  one element of A, broadcast
//	R8–R13  rows of A    SI  bytes into a row    BX  panel of B    CX  steps left    DX  C    DI  bytes to the next row of C
//	R12  addends, R13 of them left    R10  a row of one    R11  bytes to its next row    CX  its rows left

// ROW adds one element of A times 16 columns of B to the two sums of a row:
//	tmp = a[i][p];  s0 += tmp * b[p][0:8];  s1 += tmp * b[p][8:16]
#define ROW(a, off, tmp, s0, s1) \
	VBROADCASTSS off(a)(SI*1), tmp \
	VFMADD231PS  Y12, tmp, s0      \
	VFMADD231PS  Y13, tmp, s1

// STEP is one p of the sum over k: Y12, Y13 = b[p][0:16], and then a ROW for each row.
#define STEP(boff, aoff) \
	VMOVUPS boff(BX), Y12           \
	VMOVUPS (boff+32)(BX), Y13      \
	ROW(R8, aoff, Y14, Y0, Y1)      \
	ROW(R9, aoff, Y15, Y2, Y3)      \
	ROW(R10, aoff, Y14, Y4, Y5)     \
	ROW(R11, aoff, Y15, Y6, Y7)     \
	ROW(R12, aoff, Y14, Y8, Y9)     \
	ROW(R13, aoff, Y15, Y10, Y11)

// NEXTROW makes the next row of A the same as this one when there is none, so that six rows can always be computed:
//	next = this;  if rows > number { next += lda }
#define NEXTROW(this, next, number) \
	MOVQ  this, next      \
	CMPQ  AX, $number     \
	JLE   2(PC)           \
	ADDQ  R15, next

// ADD adds a row of a matrix to the sums of a row, and goes on to the next addend after the last row.
#define ADD(s0, s1) \
	VADDPS (R10), s0, s0   \
	VADDPS 32(R10), s1, s1 \
	ADDQ   R11, R10        \
	DECQ   CX              \
	JZ     next

// STORE writes a row of C and leaves when it was the last.
#define STORE(s0, s1) \
	VMOVUPS s0, (DX)      \
	VMOVUPS s1, 32(DX)    \
	ADDQ    DI, DX        \
	DECQ    AX            \
	JZ      done

// EACH does OP to the sums of each row.
#define EACH(OP) \
	OP(Y0, Y1)    \
	OP(Y2, Y3)    \
	OP(Y4, Y5)    \
	OP(Y6, Y7)    \
	OP(Y8, Y9)    \
	OP(Y10, Y11)

// func gemmTileAsm(rows, k int, a *float32, lda int, b, c *float32, ldc int, add *tileAddends)
TEXT ·gemmTileAsm(SB), NOSPLIT, $0-64
	MOVQ rows+0(FP), AX
	MOVQ k+8(FP), CX
	MOVQ a+16(FP), R8
	MOVQ lda+24(FP), R15
	MOVQ b+32(FP), BX
	MOVQ c+40(FP), DX
	MOVQ ldc+48(FP), DI
	SHLQ $2, R15                // in bytes
	SHLQ $2, DI
	NEXTROW(R8, R9, 1)
	NEXTROW(R9, R10, 2)
	NEXTROW(R10, R11, 3)
	NEXTROW(R11, R12, 4)
	NEXTROW(R12, R13, 5)
	XORQ SI, SI
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	VXORPS Y8, Y8, Y8
	VXORPS Y9, Y9, Y9
	VXORPS Y10, Y10, Y10
	VXORPS Y11, Y11, Y11
	SUBQ $4, CX
	JLT  tail

loop4:                          // for k ≥ 4: four steps
	STEP(0, 0)
	STEP(64, 4)
	STEP(128, 8)
	STEP(192, 12)
	ADDQ $256, BX
	ADDQ $16, SI
	SUBQ $4, CX
	JGE  loop4

tail:
	ADDQ $4, CX
	JZ   write

loop1:                          // one step
	STEP(0, 0)
	ADDQ $64, BX
	ADDQ $4, SI
	DECQ CX
	JNZ  loop1

write:
	MOVQ add+56(FP), R12
	MOVQ $3, R13

addend:                         // for each matrix to add
	MOVQ tileAddend_x(R12), R10
	TESTQ R10, R10
	JZ   next
	MOVQ tileAddend_ld(R12), R11
	SHLQ $2, R11
	MOVQ AX, CX
	EACH(ADD)

next:
	ADDQ $tileAddend__size, R12
	DECQ R13
	JNZ  addend
	EACH(STORE)

done:
	VZEROUPPER
	RET

// func fmaLoopAsm(n int)
TEXT ·fmaLoopAsm(SB), NOSPLIT, $0-8
	MOVQ n+0(FP), CX
	VXORPS Y12, Y12, Y12
	VXORPS Y13, Y13, Y13

round:                          // twelve independent sums hide the latency of the two FMA units
	VFMADD231PS Y12, Y13, Y0
	VFMADD231PS Y12, Y13, Y1
	VFMADD231PS Y12, Y13, Y2
	VFMADD231PS Y12, Y13, Y3
	VFMADD231PS Y12, Y13, Y4
	VFMADD231PS Y12, Y13, Y5
	VFMADD231PS Y12, Y13, Y6
	VFMADD231PS Y12, Y13, Y7
	VFMADD231PS Y12, Y13, Y8
	VFMADD231PS Y12, Y13, Y9
	VFMADD231PS Y12, Y13, Y10
	VFMADD231PS Y12, Y13, Y11
	DECQ CX
	JNZ  round
	VZEROUPPER
	RET
