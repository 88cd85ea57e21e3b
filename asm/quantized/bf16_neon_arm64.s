//go:build !purego

#include "textflag.h"
#include "tile_neon_arm64.h"

// A bfloat16 is the upper half of a float32: of a word's two, the upper is a float32 when the lower half is cleared, and the
// lower when it is shifted up. As in the other implementations, the upper ones come first.

// MULTIPLY adds a half of one word of a row of A times those of 16 words of the panel to the four sums of the row:
//	s0 += t * b[0:4];  s1 += t * b[4:8]; …
#define MULTIPLY(t, s0, s1, s2, s3) \
	VFMLA V24.S4, t.S4, s0.S4    \
	VFMLA V25.S4, t.S4, s1.S4    \
	VFMLA V26.S4, t.S4, s2.S4    \
	VFMLA V27.S4, t.S4, s3.S4

// UPPER and LOWER are one such half:  t = half of *a;  MULTIPLY.  LOWER moves on to the next word.
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

// ROUND rounds four floats to bfloat16s in their upper halves, as ToBF16 does; t and u are free for use:
//	u = x + 0x7FFF + x>>16&1;  u = x | quiet where x is NaN;  u = the sign where the exponent is 0;  x = u
#define ROUND(x, t, u) \
	VUSHR $16, x.S4, u.S4            \
	VAND  V24.B16, u.B16, u.B16      \
	VADD  V25.S4, u.S4, u.S4         \
	VADD  x.S4, u.S4, u.S4           \
	VAND  V28.B16, x.B16, t.B16      \
	VUMAX V26.S4, t.S4, t.S4         \
	VCMEQ V26.S4, t.S4, t.S4         \
	VORR  V27.B16, x.B16, V30.B16    \
	VBIF  t.B16, V30.B16, u.B16      \
	VAND  V26.B16, x.B16, t.B16      \
	VCMEQ V31.S4, t.S4, t.S4         \
	VAND  V29.B16, x.B16, V30.B16    \
	VBIT  t.B16, V30.B16, u.B16      \
	VMOV  u.B16, x.B16

// CONSTANT fills d with a 32-bit number.
#define CONSTANT(number, d) \
	MOVD $number, R3                 \
	VDUP R3, d.S4

// func bf16ConvertNEON(dst *uint32, x *float32, n int)
TEXT ·bf16ConvertNEON(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R2
	CONSTANT(1, V24)
	CONSTANT(0x7FFF, V25)
	CONSTANT(0x7F800000, V26)       // exponent: a magnitude above is NaN
	CONSTANT(0x00400000, V27)       // quiet
	CONSTANT(0x7FFFFFFF, V28)       // magnitude
	CONSTANT(0x80000000, V29)       // sign
	VEOR V31.B16, V31.B16, V31.B16

convert:                                // for n > 0, 8 at a time: dst = bf16(x)
	VLD1.P 32(R1), [V0.S4, V1.S4]
	ROUND(V0, V2, V3)
	ROUND(V1, V4, V5)
	VUZP2 V1.H8, V0.H8, V0.H8       // the upper halves
	VST1.P [V0.B16], 16(R0)
	SUBS $8, R2, R2
	BNE  convert
	RET
