//go:build !purego

#include "textflag.h"
#include "tile_neon_arm64.h"

#define FADD(m, n, d) WORD $(0x4E20D400 | (m)<<16 | (n)<<5 | (d)) // d = n + m, four floats
#define FMUL(m, n, d) WORD $(0x6E20DC00 | (m)<<16 | (n)<<5 | (d)) // d = n * m
#define FCVTNS(n, d) WORD $(0x4E21A800 | (n)<<5 | (d)) // d = n as int32
#define SDOT(m, n, d) WORD $(0x4E809400 | (m)<<16 | (n)<<5 | (d)) // d += sums of four products of signed bytes of n and m
#define SCVTF(n, d) WORD $(0x4E21D800 | (n)<<5 | (d))             // d = n as floats

// ROW adds one word of a row of A times 16 words of the panel to the four sums of the row; t and s0 to s3 are numbers (SDOT takes
// numbers), T is t's name. · is the dot product of the four bytes of words, exact in int32.
#define ROW(a, T, t, s0, s1, s2, s3) \
	VLD1R.P 4(a), [T.S4]       \ // T = a[i][p], and a++
	VEOR V31.B16, T.B16, T.B16 \ // T -= 128 in each byte, the zero point
	SDOT(24, t, s0)            \ // s0 += T · b[p][0:4]
	SDOT(25, t, s1)            \ // s1 += T · b[p][4:8]
	SDOT(26, t, s2)            \ // s2 += T · b[p][8:12]
	SDOT(27, t, s3)              // s3 += T · b[p][12:16]

// SCALE makes floats of four sums, times the columns' scales in V24–V27 and the row's in V28, plus bias. Each operation rounds, as
// in the reference: an fma would change bits.
#define SCALE(column, s) \
	SCVTF(s, s)              \ // y = float32(s)
	FMUL(column, s, s)       \ // y *= columnScales[j:][:4]
	FMUL(28, s, s)           \ // y *= rowScales[i]
	VLD1.P 16(R13), [V29.S4] \ // bias[j:][:4], and j += 4
	FADD(29, s, s)             // y += bias[j:][:4]

// STORE writes a row of C, the scaled sums, and leaves when it was the last. a to d are the numbers of the sums.
#define STORE(a, b, c, d, s0, s1, s2, s3) \
	VLD1R.P 4(R12), [V28.S4]                \ // rowScales[i]
	SCALE(24, a)                            \ // y[0:4]
	SCALE(25, b)                            \ // y[4:8]
	SCALE(26, c)                            \ // y[8:12]
	SCALE(27, d)                            \ // y[12:16]
	SUB  $64, R13, R13                      \ // j = 0
	VST1 [s0.S4, s1.S4, s2.S4, s3.S4], (R8) \ // c[i] = y
	ADD  R9, R8, R8                         \ // c += a row
	SUBS $1, R10, R10                       \
	BEQ  done                                 // if i++; i == rows { goto done }

// int8TileNEONAsm computes up to six rows of C in half a panel:
//
//	for i := range rows {
//		for j := range 16 {
//			s := int32(0)
//			for p := range steps {
//				for q := range 4 { // bytes of a word
//					s += (a[i*lda+p].bytes[q] - 128) * b[p*32+j].bytes[q]
//				}
//			}
//			c[i*ldc+j] = float32(s)*columnScales[j]*rowScales[i] + bias[j]
//		}
//	}
//
// steps ≥ 1. SDOT multiplies signed bytes, so the zero point is taken out of A, and the sums start with 0.
//
// func int8TileNEONAsm(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias, rowScales, columnScales *float32)
TEXT ·int8TileNEONAsm(SB), NOSPLIT, $0-80
	ARGUMENTS                                    // a, b, c and their strides
	VEOR V0.B16, V0.B16, V0.B16                  // s[0][0:4] = 0
	VEOR V1.B16, V1.B16, V1.B16                  // s[0][4:8] = 0
	VEOR V2.B16, V2.B16, V2.B16                  // s[0][8:12] = 0
	VEOR V3.B16, V3.B16, V3.B16                  // s[0][12:16] = 0
	START                                        // s[1:6] = s[0]
	MOVD $0x80, R12
	VDUP R12, V31.B16                            // XORed to a byte with zero point 128, makes it a signed one

loop:                                                // for range steps {
	VLD1 (R6), [V24.S4, V25.S4, V26.S4, V27.S4]  // b[p][0:16]
	ROW(R0, V28, 28, 0, 1, 2, 3)                 // s[0] += (a[0][p] - 128) · b[p]
	ROW(R1, V29, 29, 4, 5, 6, 7)                 // s[1] += (a[1][p] - 128) · b[p]
	ROW(R2, V30, 30, 8, 9, 10, 11)               // s[2] += (a[2][p] - 128) · b[p]
	ROW(R3, V28, 28, 12, 13, 14, 15)             // s[3] += (a[3][p] - 128) · b[p]
	ROW(R4, V29, 29, 16, 17, 18, 19)             // s[4] += (a[4][p] - 128) · b[p]
	ROW(R5, V30, 30, 20, 21, 22, 23)             // s[5] += (a[5][p] - 128) · b[p]
	ADD  $128, R6, R6                            // b += a row, 32 words
	SUBS $1, R7, R7
	BNE  loop                                    // }

	MOVD rowScales+64(FP), R12
	MOVD columnScales+72(FP), R13
	VLD1 (R13), [V24.S4, V25.S4, V26.S4, V27.S4] // columnScales[0:16]
	MOVD bias+56(FP), R13                        // &bias[0]
	STORE(0, 1, 2, 3, V0, V1, V2, V3)            // c[0] = scaled s[0]; leave after the last row
	STORE(4, 5, 6, 7, V4, V5, V6, V7)            // c[1] = scaled s[1]; leave after the last row
	STORE(8, 9, 10, 11, V8, V9, V10, V11)        // c[2] = scaled s[2]; leave after the last row
	STORE(12, 13, 14, 15, V12, V13, V14, V15)    // c[3] = scaled s[3]; leave after the last row
	STORE(16, 17, 18, 19, V16, V17, V18, V19)    // c[4] = scaled s[4]; leave after the last row
	STORE(20, 21, 22, 23, V20, V21, V22, V23)    // c[5] = scaled s[5]; leave after the last row

done:
	RET

// int8PeakNEONAsm keeps the multipliers busy with operands in registers, to measure their peak.
//
// func int8PeakNEONAsm(n int)
TEXT ·int8PeakNEONAsm(SB), NOSPLIT, $0-8
	MOVD n+0(FP), R7               // rounds left
	VEOR V24.B16, V24.B16, V24.B16 // x = 0
	VEOR V28.B16, V28.B16, V28.B16 // y = 0

round:                                 // twelve independent sums hide the latency
	SDOT(24, 28, 0)                // s[0] += x · y
	SDOT(24, 28, 1)                // s[1] += x · y
	SDOT(24, 28, 2)                // s[2] += x · y
	SDOT(24, 28, 3)                // s[3] += x · y
	SDOT(24, 28, 4)                // s[4] += x · y
	SDOT(24, 28, 5)                // s[5] += x · y
	SDOT(24, 28, 6)                // s[6] += x · y
	SDOT(24, 28, 7)                // s[7] += x · y
	SDOT(24, 28, 8)                // s[8] += x · y
	SDOT(24, 28, 9)                // s[9] += x · y
	SDOT(24, 28, 10)               // s[10] += x · y
	SDOT(24, 28, 11)               // s[11] += x · y
	SUBS $1, R7, R7
	BNE  round                     // if n--; n > 0 { goto round }
	RET

// maxBitsNEONAsm returns the bits of the largest magnitude of n numbers, a multiple of 16:
//
//	for _, v := range x[:n] { top = max(top, math.Float32bits(v)&0x7FFFFFFF) }
//
// As whole numbers, the bits of magnitudes are in the order of the magnitudes, with NaN above all.
//
// func maxBitsNEONAsm(x *float32, n int) uint32
TEXT ·maxBitsNEONAsm(SB), NOSPLIT, $0-20
	MOVD x+0(FP), R0
	MOVD n+8(FP), R1
	MOVD $0x7FFFFFFF, R2
	VDUP R2, V31.S4                             // all bits but the sign
	VEOR V0.B16, V0.B16, V0.B16                 // top = 0, in eight lanes
	VEOR V1.B16, V1.B16, V1.B16

max:                                                // for ; n > 0; n -= 16 {
	VLD1.P 64(R0), [V2.S4, V3.S4, V4.S4, V5.S4] // x[0:16], and x += 16
	VAND V31.B16, V2.B16, V2.B16                // |x[0:4]|
	VAND V31.B16, V3.B16, V3.B16                // |x[4:8]|
	VAND V31.B16, V4.B16, V4.B16                // |x[8:12]|
	VAND V31.B16, V5.B16, V5.B16                // |x[12:16]|
	VUMAX V2.S4, V0.S4, V0.S4                   // top = max(top, |x[0:4]|)
	VUMAX V3.S4, V1.S4, V1.S4                   // top = max(top, |x[4:8]|)
	VUMAX V4.S4, V0.S4, V0.S4                   // top = max(top, |x[8:12]|)
	VUMAX V5.S4, V1.S4, V1.S4                   // top = max(top, |x[12:16]|)
	SUBS $16, R1, R1
	BNE  max                                    // }

	VUMAX V1.S4, V0.S4, V0.S4                   // the largest of eight, in four lanes
	VEXT $8, V0.B16, V0.B16, V1.B16             // lanes 2, 3
	VUMAX V1.S4, V0.S4, V0.S4                   // in two lanes
	VEXT $4, V0.B16, V0.B16, V1.B16             // lane 1
	VUMAX V1.S4, V0.S4, V0.S4                   // in one
	VMOV V0.S[0], R0                            // top
	MOVW R0, ret+16(FP)
	RET

// int8QuantizeNEONAsm writes n numbers, a multiple of 16, as bytes with zero point 128:
//
//	for j, v := range x[:n] { dst.bytes[j] = byte(math.RoundToEven(v*inverse)) + 128 }
//
// inverse is 127 over the largest magnitude, so that nothing is out of range, and no v is NaN.
//
// func int8QuantizeNEONAsm(dst *uint32, x *float32, n int, inverse float32)
TEXT ·int8QuantizeNEONAsm(SB), NOSPLIT, $0-28
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R2
	MOVW inverse+24(FP), R3
	VDUP R3, V30.S4                             // inverse, in all lanes
	MOVD $0x80, R3
	VDUP R3, V31.B16                            // the zero point, in all bytes

quantize:                                           // for ; n > 0; n -= 16 {
	VLD1.P 64(R1), [V0.S4, V1.S4, V2.S4, V3.S4] // x[0:16], and x += 16
	FMUL(30, 0, 0)                              // q = x[0:4] * inverse
	FMUL(30, 1, 1)                              // q = x[4:8] * inverse
	FMUL(30, 2, 2)                              // q = x[8:12] * inverse
	FMUL(30, 3, 3)                              // q = x[12:16] * inverse
	FCVTNS(0, 0)                                // q = int32(round(q)), ties to even
	FCVTNS(1, 1)                                // q = int32(round(q))
	FCVTNS(2, 2)                                // q = int32(round(q))
	FCVTNS(3, 3)                                // q = int32(round(q))
	VUZP1 V1.H8, V0.H8, V0.H8                   // q[0:8] as 16 bits: the lower halves
	VUZP1 V3.H8, V2.H8, V2.H8                   // q[8:16]
	VUZP1 V2.B16, V0.B16, V0.B16                // q[0:16] as bytes: of them the lower ones
	VEOR V31.B16, V0.B16, V0.B16                // q += 128
	VST1.P [V0.B16], 16(R0)                     // dst[0:16 bytes] = q, and dst += 16 bytes
	SUBS $16, R2, R2
	BNE  quantize                               // }
	RET
