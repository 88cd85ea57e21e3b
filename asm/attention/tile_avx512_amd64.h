// The body of attention's tiles, C (+)= A·B for one panel of B with rows of 64 words. A file that includes it defines MACn, which adds to
// Zn the product of Z(28 + n/4%4), a word of A in all lanes, and Z(24 + n%4), a vector of B.
//
// Registers of the tile
//	Z0–Z23   sums, four to a row         Z24–Z27  up to 64 columns of B
//	Z28–Z31  one element of A, broadcast
//	R8–R13   rows of A    SI  bytes to this step's column of A    BX  row of the panel    CX  steps left
//	DX  C    DI  bytes to its next row    AX  rows left    R14, R15  bytes to the next column and row of A
//	K1  the columns of the last vector

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

// ROWn adds one element of A times n vectors of B to the sums of a row.
#define ROW1(a, tmp, m0) \
	VBROADCASTSS (a)(SI*1), tmp \
	m0

#define ROW2(a, tmp, m0, m1) \
	ROW1(a, tmp, m0) \
	m1

#define ROW3(a, tmp, m0, m1, m2) \
	ROW2(a, tmp, m0, m1) \
	m2

#define ROW4(a, tmp, m0, m1, m2, m3) \
	ROW3(a, tmp, m0, m1, m2) \
	m3

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
	ROW4(R8, Z28, MAC0, MAC1, MAC2, MAC3)
	ROW4(R9, Z29, MAC4, MAC5, MAC6, MAC7)
	ROW4(R10, Z30, MAC8, MAC9, MAC10, MAC11)
	ROW4(R11, Z31, MAC12, MAC13, MAC14, MAC15)
	ROW4(R12, Z28, MAC16, MAC17, MAC18, MAC19)
	ROW4(R13, Z29, MAC20, MAC21, MAC22, MAC23)
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
	ROW3(R8, Z28, MAC0, MAC1, MAC2)
	ROW3(R9, Z29, MAC4, MAC5, MAC6)
	ROW3(R10, Z30, MAC8, MAC9, MAC10)
	ROW3(R11, Z31, MAC12, MAC13, MAC14)
	ROW3(R12, Z28, MAC16, MAC17, MAC18)
	ROW3(R13, Z29, MAC20, MAC21, MAC22)
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
	ROW2(R8, Z28, MAC0, MAC1)
	ROW2(R9, Z29, MAC4, MAC5)
	ROW2(R10, Z30, MAC8, MAC9)
	ROW2(R11, Z31, MAC12, MAC13)
	ROW2(R12, Z28, MAC16, MAC17)
	ROW2(R13, Z29, MAC20, MAC21)
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
	ROW1(R8, Z28, MAC0)
	ROW1(R9, Z29, MAC4)
	ROW1(R10, Z30, MAC8)
	ROW1(R11, Z31, MAC12)
	ROW1(R12, Z28, MAC16)
	ROW1(R13, Z29, MAC20)
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
