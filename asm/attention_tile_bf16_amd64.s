//go:build !purego

#include "textflag.h"

// The tile of attention_tile_avx512_amd64.s on pairs of bfloat16: an element of A or B is two consecutive terms of the sum in one
// word, and a step adds both products to a float32. Registers are the same.

// DPn is VDPBF16PS Z(28 + n/4%4), Z(24 + n%4), Zn, which the assembler lacks: Zn += the two products of each word.
#define DP0 LONG $0x403e9262; WORD $0xc452
#define DP1 LONG $0x40369262; WORD $0xcc52
#define DP2 LONG $0x402e9262; WORD $0xd452
#define DP3 LONG $0x40269262; WORD $0xdc52
#define DP4 LONG $0x403e9262; WORD $0xe552
#define DP5 LONG $0x40369262; WORD $0xed52
#define DP6 LONG $0x402e9262; WORD $0xf552
#define DP7 LONG $0x40269262; WORD $0xfd52
#define DP8 LONG $0x403e1262; WORD $0xc652
#define DP9 LONG $0x40361262; WORD $0xce52
#define DP10 LONG $0x402e1262; WORD $0xd652
#define DP11 LONG $0x40261262; WORD $0xde52
#define DP12 LONG $0x403e1262; WORD $0xe752
#define DP13 LONG $0x40361262; WORD $0xef52
#define DP14 LONG $0x402e1262; WORD $0xf752
#define DP15 LONG $0x40261262; WORD $0xff52
#define DP16 LONG $0x403e8262; WORD $0xc452
#define DP17 LONG $0x40368262; WORD $0xcc52
#define DP18 LONG $0x402e8262; WORD $0xd452
#define DP19 LONG $0x40268262; WORD $0xdc52
#define DP20 LONG $0x403e8262; WORD $0xe552
#define DP21 LONG $0x40368262; WORD $0xed52
#define DP22 LONG $0x402e8262; WORD $0xf552
#define DP23 LONG $0x40268262; WORD $0xfd52

// NEXTROW makes the next row of A the same as this one when there is none, so that six rows can always be computed:
//	next = this;  if rows > number { next += rs }
#define NEXTROW(this, next, number) \
	MOVQ  this, next      \
	CMPQ  AX, $number     \
	JLE   2(PC)           \
	ADDQ  R15, next

// BEGIN points at the rows of a strip and the first row of the panel; ZEROn clears n sums of each row.
#define BEGIN \
	NEXTROW(R8, R9, 1)    \
	NEXTROW(R9, R10, 2)   \
	NEXTROW(R10, R11, 3)  \
	NEXTROW(R11, R12, 4)  \
	NEXTROW(R12, R13, 5)  \
	XORQ SI, SI           \
	MOVQ b+48(FP), BX     \
	MOVQ k+16(FP), CX

#define ZERO6(s0, s1, s2, s3, s4, s5) \
	VPXORD s0, s0, s0 \
	VPXORD s1, s1, s1 \
	VPXORD s2, s2, s2 \
	VPXORD s3, s3, s3 \
	VPXORD s4, s4, s4 \
	VPXORD s5, s5, s5

#define ZERO1 ZERO6(Z0, Z4, Z8, Z12, Z16, Z20)
#define ZERO2 ZERO1; ZERO6(Z1, Z5, Z9, Z13, Z17, Z21)
#define ZERO3 ZERO2; ZERO6(Z2, Z6, Z10, Z14, Z18, Z22)
#define ZERO4 ZERO3; ZERO6(Z3, Z7, Z11, Z15, Z19, Z23)

// ROWn adds one word of A times n vectors of B to the sums of a row, by n of the DPs.
#define ROW1(a, tmp, d0) \
	VBROADCASTSS (a)(SI*1), tmp \
	d0

#define ROW2(a, tmp, d0, d1) \
	ROW1(a, tmp, d0) \
	d1

#define ROW3(a, tmp, d0, d1, d2) \
	ROW2(a, tmp, d0, d1) \
	d2

#define ROW4(a, tmp, d0, d1, d2, d3) \
	ROW3(a, tmp, d0, d1, d2) \
	d3

#define LOAD1 VMOVUPS (BX), Z24
#define LOAD2 LOAD1; VMOVUPS 64(BX), Z25
#define LOAD3 LOAD2; VMOVUPS 128(BX), Z26
#define LOAD4 LOAD3; VMOVUPS 192(BX), Z27

// NEXT goes to the next row of the panel.
#define NEXT \
	ADDQ R14, SI  \
	ADDQ $256, BX \
	DECQ CX

// STOREn writes a row of C and leaves when it was the last; ADDn adds to it. The last vector may be incomplete.
#define ROWDONE \
	ADDQ DI, DX  \
	DECQ AX      \
	JZ   done

#define STORE1(s0) \
	VMOVUPS s0, K1, (DX)    \
	ROWDONE

#define STORE2(s0, s1) \
	VMOVUPS s0, (DX)        \
	VMOVUPS s1, K1, 64(DX)  \
	ROWDONE

#define STORE3(s0, s1, s2) \
	VMOVUPS s0, (DX)        \
	VMOVUPS s1, 64(DX)      \
	VMOVUPS s2, K1, 128(DX) \
	ROWDONE

#define STORE4(s0, s1, s2, s3) \
	VMOVUPS s0, (DX)        \
	VMOVUPS s1, 64(DX)      \
	VMOVUPS s2, 128(DX)     \
	VMOVUPS s3, K1, 192(DX) \
	ROWDONE

#define ADD1(s0) \
	VADDPS (DX), s0, K1, s0 \
	STORE1(s0)

#define ADD2(s0, s1) \
	VADDPS (DX), s0, s0       \
	VADDPS 64(DX), s1, K1, s1 \
	STORE2(s0, s1)

#define ADD3(s0, s1, s2) \
	VADDPS (DX), s0, s0        \
	VADDPS 64(DX), s1, s1      \
	VADDPS 128(DX), s2, K1, s2 \
	STORE3(s0, s1, s2)

#define ADD4(s0, s1, s2, s3) \
	VADDPS (DX), s0, s0        \
	VADDPS 64(DX), s1, s1      \
	VADDPS 128(DX), s2, s2     \
	VADDPS 192(DX), s3, K1, s3 \
	STORE4(s0, s1, s2, s3)

// STRIP goes on with the next six rows of A.
#define STRIP \
	LEAQ (R15)(R15*2), R12 \
	LEAQ (R8)(R12*2), R8

// func attentionTileBF16Asm(m, n, k int, a *float32, rs, ps int, b, c *float32, ldc int, accumulate bool)
TEXT ·attentionTileBF16Asm(SB), NOSPLIT, $0-73
	MOVQ n+8(FP), BX
	DECQ BX
	MOVQ BX, CX
	ANDQ $15, CX
	MOVQ $2, AX
	SHLQ CX, AX
	DECQ AX
	KMOVW AX, K1                // the low (n-1)%16 + 1 bits
	SHRQ $4, BX                 // vectors − 1
	MOVQ m+0(FP), AX
	MOVQ a+24(FP), R8
	MOVQ rs+32(FP), R15
	MOVQ ps+40(FP), R14
	MOVQ c+56(FP), DX
	MOVQ ldc+64(FP), DI
	SHLQ $2, R15                // in bytes
	SHLQ $2, R14
	SHLQ $2, DI
	CMPQ BX, $1
	JLT  strip1
	JEQ  strip2
	CMPQ BX, $3
	JLT  strip3

strip4:                         // six rows, four vectors
	BEGIN
	ZERO4

loop4:
	LOAD4
	ROW4(R8, Z28, DP0, DP1, DP2, DP3)
	ROW4(R9, Z29, DP4, DP5, DP6, DP7)
	ROW4(R10, Z30, DP8, DP9, DP10, DP11)
	ROW4(R11, Z31, DP12, DP13, DP14, DP15)
	ROW4(R12, Z28, DP16, DP17, DP18, DP19)
	ROW4(R13, Z29, DP20, DP21, DP22, DP23)
	NEXT
	JNZ  loop4
	CMPB accumulate+72(FP), $0
	JNE  add4
	STORE4(Z0, Z1, Z2, Z3)
	STORE4(Z4, Z5, Z6, Z7)
	STORE4(Z8, Z9, Z10, Z11)
	STORE4(Z12, Z13, Z14, Z15)
	STORE4(Z16, Z17, Z18, Z19)
	STORE4(Z20, Z21, Z22, Z23)
	STRIP
	JMP  strip4

add4:
	ADD4(Z0, Z1, Z2, Z3)
	ADD4(Z4, Z5, Z6, Z7)
	ADD4(Z8, Z9, Z10, Z11)
	ADD4(Z12, Z13, Z14, Z15)
	ADD4(Z16, Z17, Z18, Z19)
	ADD4(Z20, Z21, Z22, Z23)
	STRIP
	JMP  strip4

strip3:                         // six rows, three vectors
	BEGIN
	ZERO3

loop3:
	LOAD3
	ROW3(R8, Z28, DP0, DP1, DP2)
	ROW3(R9, Z29, DP4, DP5, DP6)
	ROW3(R10, Z30, DP8, DP9, DP10)
	ROW3(R11, Z31, DP12, DP13, DP14)
	ROW3(R12, Z28, DP16, DP17, DP18)
	ROW3(R13, Z29, DP20, DP21, DP22)
	NEXT
	JNZ  loop3
	CMPB accumulate+72(FP), $0
	JNE  add3
	STORE3(Z0, Z1, Z2)
	STORE3(Z4, Z5, Z6)
	STORE3(Z8, Z9, Z10)
	STORE3(Z12, Z13, Z14)
	STORE3(Z16, Z17, Z18)
	STORE3(Z20, Z21, Z22)
	STRIP
	JMP  strip3

add3:
	ADD3(Z0, Z1, Z2)
	ADD3(Z4, Z5, Z6)
	ADD3(Z8, Z9, Z10)
	ADD3(Z12, Z13, Z14)
	ADD3(Z16, Z17, Z18)
	ADD3(Z20, Z21, Z22)
	STRIP
	JMP  strip3

strip2:                         // six rows, two vectors
	BEGIN
	ZERO2

loop2:
	LOAD2
	ROW2(R8, Z28, DP0, DP1)
	ROW2(R9, Z29, DP4, DP5)
	ROW2(R10, Z30, DP8, DP9)
	ROW2(R11, Z31, DP12, DP13)
	ROW2(R12, Z28, DP16, DP17)
	ROW2(R13, Z29, DP20, DP21)
	NEXT
	JNZ  loop2
	CMPB accumulate+72(FP), $0
	JNE  add2
	STORE2(Z0, Z1)
	STORE2(Z4, Z5)
	STORE2(Z8, Z9)
	STORE2(Z12, Z13)
	STORE2(Z16, Z17)
	STORE2(Z20, Z21)
	STRIP
	JMP  strip2

add2:
	ADD2(Z0, Z1)
	ADD2(Z4, Z5)
	ADD2(Z8, Z9)
	ADD2(Z12, Z13)
	ADD2(Z16, Z17)
	ADD2(Z20, Z21)
	STRIP
	JMP  strip2

strip1:                         // six rows, one vector
	BEGIN
	ZERO1

loop1:
	LOAD1
	ROW1(R8, Z28, DP0)
	ROW1(R9, Z29, DP4)
	ROW1(R10, Z30, DP8)
	ROW1(R11, Z31, DP12)
	ROW1(R12, Z28, DP16)
	ROW1(R13, Z29, DP20)
	NEXT
	JNZ  loop1
	CMPB accumulate+72(FP), $0
	JNE  add1
	STORE1(Z0)
	STORE1(Z4)
	STORE1(Z8)
	STORE1(Z12)
	STORE1(Z16)
	STORE1(Z20)
	STRIP
	JMP  strip1

add1:
	ADD1(Z0)
	ADD1(Z4)
	ADD1(Z8)
	ADD1(Z12)
	ADD1(Z16)
	ADD1(Z20)
	STRIP
	JMP  strip1

done:
	VZEROUPPER
	RET
