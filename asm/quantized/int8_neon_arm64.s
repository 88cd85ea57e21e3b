//go:build !purego

#include "textflag.h"
#include "tile_neon_arm64.h"

#define FADD(m, n, d) WORD $(0x4E20D400 | (m)<<16 | (n)<<5 | (d)) // d = n + m, four floats
#define FMUL(m, n, d) WORD $(0x6E20DC00 | (m)<<16 | (n)<<5 | (d)) // d = n * m
#define FCVTNS(n, d) WORD $(0x4E21A800 | (n)<<5 | (d)) // d = n as int32
#define SDOT(m, n, d) WORD $(0x4E809400 | (m)<<16 | (n)<<5 | (d)) // d += sums of four products of signed bytes of n and m
#define SCVTF(n, d) WORD $(0x4E21D800 | (n)<<5 | (d)) // d = n as floats

// ROW adds one word of a row of A times 16 words of the panel to the four sums of the row; t and s0 to s3 are numbers:
//	T = *a++ − 128;  s0 += T · b[0:4];  s1 += T · b[4:8]; …
#define ROW(a, T, t, s0, s1, s2, s3) \
	VLD1R.P 4(a), [T.S4]         \
	VEOR V31.B16, T.B16, T.B16   \
	SDOT(24, t, s0)              \
	SDOT(25, t, s1)              \
	SDOT(26, t, s2)              \
	SDOT(27, t, s3)

// SCALE makes floats of four sums, times the columns' scales in V24–V27 and the row's in V28, plus bias.
#define SCALE(column, s) \
	SCVTF(s, s)                  \
	FMUL(column, s, s)           \
	FMUL(28, s, s)               \
	VLD1.P 16(R13), [V29.S4]     \
	FADD(29, s, s)

// STORE writes a row of C, the scaled sums, and leaves when it was the last. a to d are the numbers of the sums.
#define STORE(a, b, c, d, s0, s1, s2, s3) \
	VLD1R.P 4(R12), [V28.S4]     \
	SCALE(24, a)                 \
	SCALE(25, b)                 \
	SCALE(26, c)                 \
	SCALE(27, d)                 \
	SUB  $64, R13, R13           \
	VST1 [s0.S4, s1.S4, s2.S4, s3.S4], (R8) \
	ADD  R9, R8, R8              \
	SUBS $1, R10, R10            \
	BEQ  done

// func int8TileNEON(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias, rowScales, columnScales *float32)
TEXT ·int8TileNEON(SB), NOSPLIT, $0-80
	ARGUMENTS
	VEOR V0.B16, V0.B16, V0.B16
	VEOR V1.B16, V1.B16, V1.B16
	VEOR V2.B16, V2.B16, V2.B16
	VEOR V3.B16, V3.B16, V3.B16
	START
	MOVD $0x80, R12
	VDUP R12, V31.B16               // changes a byte with zero point 128 into a signed one

loop:                                   // for steps > 0: one step
	VLD1 (R6), [V24.S4, V25.S4, V26.S4, V27.S4]
	ROW(R0, V28, 28, 0, 1, 2, 3)
	ROW(R1, V29, 29, 4, 5, 6, 7)
	ROW(R2, V30, 30, 8, 9, 10, 11)
	ROW(R3, V28, 28, 12, 13, 14, 15)
	ROW(R4, V29, 29, 16, 17, 18, 19)
	ROW(R5, V30, 30, 20, 21, 22, 23)
	ADD  $128, R6, R6
	SUBS $1, R7, R7
	BNE  loop

	MOVD rowScales+64(FP), R12
	MOVD columnScales+72(FP), R13
	VLD1 (R13), [V24.S4, V25.S4, V26.S4, V27.S4]
	MOVD bias+56(FP), R13
	STORE(0, 1, 2, 3, V0, V1, V2, V3)
	STORE(4, 5, 6, 7, V4, V5, V6, V7)
	STORE(8, 9, 10, 11, V8, V9, V10, V11)
	STORE(12, 13, 14, 15, V12, V13, V14, V15)
	STORE(16, 17, 18, 19, V16, V17, V18, V19)
	STORE(20, 21, 22, 23, V20, V21, V22, V23)

done:
	RET

// func int8PeakNEON(n int)
TEXT ·int8PeakNEON(SB), NOSPLIT, $0-8
	MOVD n+0(FP), R7
	VEOR V24.B16, V24.B16, V24.B16
	VEOR V28.B16, V28.B16, V28.B16

round:                                  // twelve independent sums hide the latency
	SDOT(24, 28, 0)
	SDOT(24, 28, 1)
	SDOT(24, 28, 2)
	SDOT(24, 28, 3)
	SDOT(24, 28, 4)
	SDOT(24, 28, 5)
	SDOT(24, 28, 6)
	SDOT(24, 28, 7)
	SDOT(24, 28, 8)
	SDOT(24, 28, 9)
	SDOT(24, 28, 10)
	SDOT(24, 28, 11)
	SUBS $1, R7, R7
	BNE  round
	RET

// func maxBitsNEON(x *float32, n int) uint32
TEXT ·maxBitsNEON(SB), NOSPLIT, $0-20
	MOVD x+0(FP), R0
	MOVD n+8(FP), R1
	MOVD $0x7FFFFFFF, R2
	VDUP R2, V31.S4
	VEOR V0.B16, V0.B16, V0.B16
	VEOR V1.B16, V1.B16, V1.B16

max:                                    // for n > 0, 16 at a time: V0, V1 = max(V0, V1, bits of |x|)
	VLD1.P 64(R0), [V2.S4, V3.S4, V4.S4, V5.S4]
	VAND V31.B16, V2.B16, V2.B16
	VAND V31.B16, V3.B16, V3.B16
	VAND V31.B16, V4.B16, V4.B16
	VAND V31.B16, V5.B16, V5.B16
	VUMAX V2.S4, V0.S4, V0.S4
	VUMAX V3.S4, V1.S4, V1.S4
	VUMAX V4.S4, V0.S4, V0.S4
	VUMAX V5.S4, V1.S4, V1.S4
	SUBS $16, R1, R1
	BNE  max

	VUMAX V1.S4, V0.S4, V0.S4       // the largest of eight
	VEXT $8, V0.B16, V0.B16, V1.B16
	VUMAX V1.S4, V0.S4, V0.S4
	VEXT $4, V0.B16, V0.B16, V1.B16
	VUMAX V1.S4, V0.S4, V0.S4
	VMOV V0.S[0], R0
	MOVW R0, ret+16(FP)
	RET

// func int8QuantizeNEON(dst *uint32, x *float32, n int, inverse float32)
TEXT ·int8QuantizeNEON(SB), NOSPLIT, $0-28
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R2
	MOVW inverse+24(FP), R3
	VDUP R3, V30.S4
	MOVD $0x80, R3
	VDUP R3, V31.B16

quantize:                               // for n > 0, 16 at a time: dst = byte(round(x * inverse)) + 128
	VLD1.P 64(R1), [V0.S4, V1.S4, V2.S4, V3.S4]
	FMUL(30, 0, 0)
	FMUL(30, 1, 1)
	FMUL(30, 2, 2)
	FMUL(30, 3, 3)
	FCVTNS(0, 0)
	FCVTNS(1, 1)
	FCVTNS(2, 2)
	FCVTNS(3, 3)
	VUZP1 V1.H8, V0.H8, V0.H8       // the lower halves, and of them the lower bytes
	VUZP1 V3.H8, V2.H8, V2.H8
	VUZP1 V2.B16, V0.B16, V0.B16
	VEOR V31.B16, V0.B16, V0.B16
	VST1.P [V0.B16], 16(R0)
	SUBS $16, R2, R2
	BNE  quantize
	RET
