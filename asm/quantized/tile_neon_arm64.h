// The tile of 6×16 that bf16 and int8 share on NEON, half a panel wide.
//
// Registers of the tile
//	V0–V23  sums, four to a row        V24–V27  16 words of the panel        V28–V30  one word of A, broadcast    V31  for the file
//	R0–R5  rows of A    R6  panel of B    R7  steps left    R8  C    R9  bytes to the next row of C    R10  rows left

// NEXTROW makes the next row of A the same as this one when there is none:  next = this;  if rows > number { next += lda }
#define NEXTROW(this, next, number) \
	MOVD this, next           \
	CMP  $number, R10         \
	BLE  2(PC)                \
	ADD  R11, next, next

// ARGUMENTS loads what both tiles have in common.
#define ARGUMENTS \
	MOVD rows+0(FP), R10      \
	MOVD steps+8(FP), R7      \
	MOVD a+16(FP), R0         \
	MOVD lda+24(FP), R11      \
	MOVD b+32(FP), R6         \
	MOVD c+40(FP), R8         \
	MOVD ldc+48(FP), R9       \
	LSL  $2, R11, R11         \
	LSL  $2, R9, R9           \
	NEXTROW(R0, R1, 1)        \
	NEXTROW(R1, R2, 2)        \
	NEXTROW(R2, R3, 3)        \
	NEXTROW(R3, R4, 4)        \
	NEXTROW(R4, R5, 5)

// START starts the sums of every row with V0–V3.
#define START \
	VMOV V0.B16, V4.B16 \
	VMOV V1.B16, V5.B16 \
	VMOV V2.B16, V6.B16 \
	VMOV V3.B16, V7.B16 \
	VMOV V0.B16, V8.B16 \
	VMOV V1.B16, V9.B16 \
	VMOV V2.B16, V10.B16 \
	VMOV V3.B16, V11.B16 \
	VMOV V0.B16, V12.B16 \
	VMOV V1.B16, V13.B16 \
	VMOV V2.B16, V14.B16 \
	VMOV V3.B16, V15.B16 \
	VMOV V0.B16, V16.B16 \
	VMOV V1.B16, V17.B16 \
	VMOV V2.B16, V18.B16 \
	VMOV V3.B16, V19.B16 \
	VMOV V0.B16, V20.B16 \
	VMOV V1.B16, V21.B16 \
	VMOV V2.B16, V22.B16 \
	VMOV V3.B16, V23.B16
