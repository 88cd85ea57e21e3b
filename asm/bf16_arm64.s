//go:build !purego

#include "textflag.h"
#include "low_arm64.h"

// A bfloat16 is the upper half of a float32: of a word's two, the upper is a float32 when the lower half is cleared, and the
// lower when it is shifted up. As in the other implementations, the upper ones come first.

// UPPER and LOWER add a half of one word of a row of A times that of 16 words of the panel to the four sums of the row:
//	t = half of *a;  s0 += t * b[0:4];  s1 += t * b[4:8]; …
#define MULTIPLY(t, s0, s1, s2, s3) \
	VFMLA V24.S4, t.S4, s0.S4    \
	VFMLA V25.S4, t.S4, s1.S4    \
	VFMLA V26.S4, t.S4, s2.S4    \
	VFMLA V27.S4, t.S4, s3.S4

#define UPPER(a, t, s0, s1, s2, s3) \
	VLD1R (a), [t.S4]            \
	VAND  V31.B16, t.B16, t.B16  \
	MULTIPLY(t, s0, s1, s2, s3)

#define LOWER(a, t, s0, s1, s2, s3) \
	VLD1R.P 4(a), [t.S4]         \
	VSHL  $16, t.S4, t.S4        \
	MULTIPLY(t, s0, s1, s2, s3)

// STORE writes a row of C and leaves when it was the last.
#define STORE(s0, s1, s2, s3) \
	VST1 [s0.S4, s1.S4, s2.S4, s3.S4], (R8) \
	ADD  R9, R8, R8              \
	SUBS $1, R10, R10            \
	BEQ  done

// func bf16TileNEON(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias *float32)
TEXT ·bf16TileNEON(SB), NOSPLIT, $0-64
	ARGUMENTS
	MOVD bias+56(FP), R12
	VLD1 (R12), [V0.S4, V1.S4, V2.S4, V3.S4]
	START
	MOVD $0xFFFF0000, R12
	VDUP R12, V31.S4                // the upper halves

loop:                                   // for steps > 0: one step
	VLD1 (R6), [V24.S4, V25.S4, V26.S4, V27.S4]
	VAND V31.B16, V24.B16, V24.B16
	VAND V31.B16, V25.B16, V25.B16
	VAND V31.B16, V26.B16, V26.B16
	VAND V31.B16, V27.B16, V27.B16
	UPPER(R0, V28, V0, V1, V2, V3)
	UPPER(R1, V29, V4, V5, V6, V7)
	UPPER(R2, V30, V8, V9, V10, V11)
	UPPER(R3, V28, V12, V13, V14, V15)
	UPPER(R4, V29, V16, V17, V18, V19)
	UPPER(R5, V30, V20, V21, V22, V23)
	VLD1 (R6), [V24.S4, V25.S4, V26.S4, V27.S4]
	VSHL $16, V24.S4, V24.S4
	VSHL $16, V25.S4, V25.S4
	VSHL $16, V26.S4, V26.S4
	VSHL $16, V27.S4, V27.S4
	LOWER(R0, V28, V0, V1, V2, V3)
	LOWER(R1, V29, V4, V5, V6, V7)
	LOWER(R2, V30, V8, V9, V10, V11)
	LOWER(R3, V28, V12, V13, V14, V15)
	LOWER(R4, V29, V16, V17, V18, V19)
	LOWER(R5, V30, V20, V21, V22, V23)
	ADD  $128, R6, R6
	SUBS $1, R7, R7
	BNE  loop

	STORE(V0, V1, V2, V3)
	STORE(V4, V5, V6, V7)
	STORE(V8, V9, V10, V11)
	STORE(V12, V13, V14, V15)
	STORE(V16, V17, V18, V19)
	STORE(V20, V21, V22, V23)

done:
	RET
