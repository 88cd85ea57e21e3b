// The tile of 6×16 that bf16 and int8 share on AVX2, half a panel wide. A word is multiplied in two halves: a file that
// includes this defines, for each, LEFTA and LEFTB or RIGHTA and RIGHTB, which take apart the words of A in a register and of
// the panel in memory, and MULTIPLY(s0, s1), which multiplies and adds to the sums of a row.
//
// Registers of the tile
//	Y0–Y11  sums, two to a row          Y12, Y13  half of 16 words of the panel
//	Y14  half of one word of A, broadcast    Y15  for the file
//	R8–R13  rows of A    SI  bytes into a row    BX  panel of B    CX  steps left    DX  C    DI  bytes to the next row of C

#define LEFT(a, s0, s1) \
	VPBROADCASTD (a)(SI*1), Y14 \
	LEFTA                       \
	MULTIPLY(s0, s1)

#define RIGHT(a, s0, s1) \
	VPBROADCASTD (a)(SI*1), Y14 \
	RIGHTA                      \
	MULTIPLY(s0, s1)

// STEP is one step of the sum for six rows.
#define STEP \
	LEFTB                 \
	LEFT(R8, Y0, Y1)      \
	LEFT(R9, Y2, Y3)      \
	LEFT(R10, Y4, Y5)     \
	LEFT(R11, Y6, Y7)     \
	LEFT(R12, Y8, Y9)     \
	LEFT(R13, Y10, Y11)   \
	RIGHTB                \
	RIGHT(R8, Y0, Y1)     \
	RIGHT(R9, Y2, Y3)     \
	RIGHT(R10, Y4, Y5)    \
	RIGHT(R11, Y6, Y7)    \
	RIGHT(R12, Y8, Y9)    \
	RIGHT(R13, Y10, Y11)  \
	ADDQ $128, BX         \
	ADDQ $4, SI

// NEXTROW makes the next row of A the same as this one when there is none, so that six rows can always be computed:
//	next = this;  if rows > number { next += lda }
#define NEXTROW(this, next, number) \
	MOVQ  this, next      \
	CMPQ  AX, $number     \
	JLE   2(PC)           \
	ADDQ  R15, next

// ARGUMENTS loads what both tiles have in common.
#define ARGUMENTS \
	MOVQ rows+0(FP), AX   \
	MOVQ steps+8(FP), CX  \
	MOVQ a+16(FP), R8     \
	MOVQ lda+24(FP), R15  \
	MOVQ b+32(FP), BX     \
	MOVQ c+40(FP), DX     \
	MOVQ ldc+48(FP), DI   \
	SHLQ $2, R15          \
	SHLQ $2, DI           \
	NEXTROW(R8, R9, 1)    \
	NEXTROW(R9, R10, 2)   \
	NEXTROW(R10, R11, 3)  \
	NEXTROW(R11, R12, 4)  \
	NEXTROW(R12, R13, 5)  \
	XORQ SI, SI

// START starts the sums of every row with the words at R14.
#define START \
	VMOVDQU (R14), Y0     \
	VMOVDQU 32(R14), Y1   \
	VMOVDQA Y0, Y2         \
	VMOVDQA Y1, Y3         \
	VMOVDQA Y0, Y4         \
	VMOVDQA Y1, Y5         \
	VMOVDQA Y0, Y6         \
	VMOVDQA Y1, Y7         \
	VMOVDQA Y0, Y8         \
	VMOVDQA Y1, Y9         \
	VMOVDQA Y0, Y10        \
	VMOVDQA Y1, Y11
