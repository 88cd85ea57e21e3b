// The tile of 6×16 that bf16 and int8 share on NEON, half a panel wide. Both multiply words, of two bf16 or four bytes.
//
// Registers of the tile
//	V0–V23  s, the sums, four vectors to a row    V24–V27  b[p], 16 words of the panel    V28–V30  one word of A, in all lanes
//	V31     for the file    R0–R5  rows of A from word p on    R6  the panel from row p on    R7  steps left
//	R8  row of C    R9, R11  bytes from a row of C, of A, to the next    R10  rows left

// NEXTROW makes the next row of A the same as this one when there is none, so that six rows can always be computed without a
// branch; what is computed twice is never written.
#define NEXTROW(this, next, number) \
	MOVD this, next      \ // next = this
	CMP  $number, R10    \ // if rows > number { next += lda }
	BLE  2(PC)           \ // 2(PC) is two instructions on
	ADD  R11, next, next

// ARGUMENTS loads what both tiles have in common.
#define ARGUMENTS \
	MOVD rows+0(FP), R10 \ // rows left
	MOVD steps+8(FP), R7 \ // steps left
	MOVD a+16(FP), R0    \ // a[0]
	MOVD lda+24(FP), R11 \
	MOVD b+32(FP), R6    \ // b[0]
	MOVD c+40(FP), R8    \ // c[0]
	MOVD ldc+48(FP), R9  \
	LSL  $2, R11, R11    \ // lda in bytes
	LSL  $2, R9, R9      \ // ldc in bytes
	NEXTROW(R0, R1, 1)   \ // a[1], or the last row again when rows ≤ 1
	NEXTROW(R1, R2, 2)   \ // a[2], or the last row again when rows ≤ 2
	NEXTROW(R2, R3, 3)   \ // a[3], or the last row again when rows ≤ 3
	NEXTROW(R3, R4, 4)   \ // a[4], or the last row again when rows ≤ 4
	NEXTROW(R4, R5, 5)     // a[5], or the last row again when rows ≤ 5

// START starts the sums of every row with those of the first, V0–V3.
#define START \
	VMOV V0.B16, V4.B16  \ // s[1][0:4] = s[0][0:4]
	VMOV V1.B16, V5.B16  \ // s[1][4:8] = s[0][4:8]
	VMOV V2.B16, V6.B16  \ // s[1][8:12] = s[0][8:12]
	VMOV V3.B16, V7.B16  \ // s[1][12:16] = s[0][12:16]
	VMOV V0.B16, V8.B16  \ // s[2][0:4] = s[0][0:4]
	VMOV V1.B16, V9.B16  \ // s[2][4:8] = s[0][4:8]
	VMOV V2.B16, V10.B16 \ // s[2][8:12] = s[0][8:12]
	VMOV V3.B16, V11.B16 \ // s[2][12:16] = s[0][12:16]
	VMOV V0.B16, V12.B16 \ // s[3][0:4] = s[0][0:4]
	VMOV V1.B16, V13.B16 \ // s[3][4:8] = s[0][4:8]
	VMOV V2.B16, V14.B16 \ // s[3][8:12] = s[0][8:12]
	VMOV V3.B16, V15.B16 \ // s[3][12:16] = s[0][12:16]
	VMOV V0.B16, V16.B16 \ // s[4][0:4] = s[0][0:4]
	VMOV V1.B16, V17.B16 \ // s[4][4:8] = s[0][4:8]
	VMOV V2.B16, V18.B16 \ // s[4][8:12] = s[0][8:12]
	VMOV V3.B16, V19.B16 \ // s[4][12:16] = s[0][12:16]
	VMOV V0.B16, V20.B16 \ // s[5][0:4] = s[0][0:4]
	VMOV V1.B16, V21.B16 \ // s[5][4:8] = s[0][4:8]
	VMOV V2.B16, V22.B16 \ // s[5][8:12] = s[0][8:12]
	VMOV V3.B16, V23.B16   // s[5][12:16] = s[0][12:16]
