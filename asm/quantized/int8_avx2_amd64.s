//go:build !purego

#include "textflag.h"
#include "int8_half_amd64.h"

// Registers of the tile, half a panel wide
//	Y0–Y7    s, the sums, two vectors to a row    Y8, Y9  b[p], 16 words of the panel    Y10, Y11  |b[p]|, byte by byte
//	Y12      one word of A, in all lanes    Y13  products    Y14  ones of 16 bits    Y15  bytes of 128
//	R8–R11   rows of A    SI  4·p, bytes into a row    BX  the panel from row p on    CX  steps left
//	AX       rows left    DX  row of C    DI, R15  bytes from a row of C, of A, to the next
// and once the sums are complete
//	R14  scale of the row    SI  bias    Y8, Y9  columnScales    Y10  rowScales[i]

// VPMADDUBSW multiplies unsigned with signed bytes and saturates its sums of two products at 16 bits. So it gets magnitudes of
// the panel, at most 128, and A, at most 127, with the panel's signs: two products are at most 2·128·127 = 32512 and fit.
// MULTIPLY adds the dot products (·) of words to eight sums, which are exact; A is in Y12, without its zero point.
#define MULTIPLY(b, magnitude, s) \
	VPSIGNB    b, Y12, Y13         \ // t = a * sign(b), byte by byte
	VPMADDUBSW Y13, magnitude, Y13 \ // t = sums of two of |b|·t, 16 bits
	VPMADDWD   Y14, Y13, Y13       \ // t = sums of two of those, 32 bits
	VPADDD     Y13, s, s             // s += t

// ROW adds one word of A times 16 words of the panel to the sums of a row.
#define ROW(a, s0, s1) \
	VPBROADCASTD (a)(SI*1), Y12 \ // t = a[i][p]
	VPXOR        Y15, Y12, Y12  \ // t -= 128 in each byte, the zero point
	MULTIPLY(Y8, Y10, s0)       \ // s0 += t · b[p][0:8]
	MULTIPLY(Y9, Y11, s1)         // s1 += t · b[p][8:16]

// STORE writes a row of C with the scales in Y8 and Y9.
#define STORE(s0, s1) SCALE(s0, s1, Y8, Y9, Y10)

// int8TileAVX2Asm computes up to four rows of C in half a panel:
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
// steps ≥ 1. The instructions multiply signed bytes, so the zero point is taken out of A, and the sums start with 0.
//
// func int8TileAVX2Asm(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias, rowScales, columnScales *float32)
TEXT ·int8TileAVX2Asm(SB), NOSPLIT, $0-80
	MOVQ rows+0(FP), AX        // rows left
	MOVQ steps+8(FP), CX       // steps left
	MOVQ a+16(FP), R8          // a[0]
	MOVQ lda+24(FP), R15
	MOVQ b+32(FP), BX
	MOVQ c+40(FP), DX
	MOVQ ldc+48(FP), DI
	SHLQ $2, R15               // lda in bytes
	SHLQ $2, DI                // ldc in bytes
	NEXTROW(R8, R9, 1)         // a[1], or the last row again when rows ≤ 1
	NEXTROW(R9, R10, 2)        // a[2], or the last row again when rows ≤ 2
	NEXTROW(R10, R11, 3)       // a[3], or the last row again when rows ≤ 3
	XORQ SI, SI                // p = 0
	VPXOR Y0, Y0, Y0           // s[0][0:8] = 0
	VPXOR Y1, Y1, Y1           // s[0][8:16] = 0
	VPXOR Y2, Y2, Y2           // s[1][0:8] = 0
	VPXOR Y3, Y3, Y3           // s[1][8:16] = 0
	VPXOR Y4, Y4, Y4           // s[2][0:8] = 0
	VPXOR Y5, Y5, Y5           // s[2][8:16] = 0
	VPXOR Y6, Y6, Y6           // s[3][0:8] = 0
	VPXOR Y7, Y7, Y7           // s[3][8:16] = 0
	VPCMPEQD Y14, Y14, Y14     // all ones
	VPSRLW $15, Y14, Y14       // 1, in all 16-bit lanes
	MOVL $0x80808080, R13
	VMOVD R13, X15
	VPBROADCASTD X15, Y15      // 128, in all bytes: XORed to one, it takes the zero point out

loop:                              // for range steps {
	VMOVDQU (BX), Y8           // b[p][0:8]
	VMOVDQU 32(BX), Y9         // b[p][8:16]
	VPABSB Y8, Y10             // |b[p][0:8]|
	VPABSB Y9, Y11             // |b[p][8:16]|
	ROW(R8, Y0, Y1)            // s[0] += (a[0][p] - 128) · b[p]
	ROW(R9, Y2, Y3)            // s[1] += (a[1][p] - 128) · b[p]
	ROW(R10, Y4, Y5)           // s[2] += (a[2][p] - 128) · b[p]
	ROW(R11, Y6, Y7)           // s[3] += (a[3][p] - 128) · b[p]
	ADDQ $128, BX              // b += a row, 32 words
	ADDQ $4, SI                // p++
	DECQ CX
	JNZ  loop                  // }

	MOVQ bias+56(FP), SI       // &bias[0]
	MOVQ rowScales+64(FP), R14 // &rowScales[0]
	MOVQ columnScales+72(FP), R15
	VMOVUPS (R15), Y8          // columnScales[0:8]
	VMOVUPS 32(R15), Y9        // columnScales[8:16]
	STORE(Y0, Y1)              // c[0] = scaled s[0]; leave after the last row
	STORE(Y2, Y3)              // c[1] = scaled s[1]; leave after the last row
	STORE(Y4, Y5)              // c[2] = scaled s[2]; leave after the last row
	STORE(Y6, Y7)              // c[3] = scaled s[3]; leave after the last row

done:
	VZEROUPPER
	RET

// int8PeakAVX2Asm keeps the multipliers busy with operands in registers, to measure their peak.
//
// func int8PeakAVX2Asm(n int)
TEXT ·int8PeakAVX2Asm(SB), NOSPLIT, $0-8
	MOVQ n+0(FP), CX      // rounds left

round:                        // eight independent sums hide the latency
	MULTIPLY(Y8, Y10, Y0) // s[0] += t · b[0]
	MULTIPLY(Y9, Y11, Y1) // s[1] += t · b[1]
	MULTIPLY(Y8, Y10, Y2) // s[2] += t · b[0]
	MULTIPLY(Y9, Y11, Y3) // s[3] += t · b[1]
	MULTIPLY(Y8, Y10, Y4) // s[4] += t · b[0]
	MULTIPLY(Y9, Y11, Y5) // s[5] += t · b[1]
	MULTIPLY(Y8, Y10, Y6) // s[6] += t · b[0]
	MULTIPLY(Y9, Y11, Y7) // s[7] += t · b[1]
	DECQ CX
	JNZ  round            // if n--; n > 0 { goto round }
	VZEROUPPER
	RET

// maxBitsAVX2Asm returns the bits of the largest magnitude of n numbers, a multiple of 16:
//
//	for _, v := range x[:n] { top = max(top, math.Float32bits(v)&0x7FFFFFFF) }
//
// As whole numbers, the bits of magnitudes are in the order of the magnitudes, with NaN above all.
//
// func maxBitsAVX2Asm(x *float32, n int) uint32
TEXT ·maxBitsAVX2Asm(SB), NOSPLIT, $0-20
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VPCMPEQD Y4, Y4, Y4     // all ones
	VPSRLD $1, Y4, Y4       // all bits but the sign
	VPXOR Y0, Y0, Y0        // top = 0, in 16 lanes
	VPXOR Y1, Y1, Y1

max:                            // for ; n > 0; n -= 16 {
	VPAND (SI), Y4, Y2      // |x[0:8]|
	VPAND 32(SI), Y4, Y3    // |x[8:16]|
	VPMAXUD Y2, Y0, Y0      // top = max(top, |x[0:8]|)
	VPMAXUD Y3, Y1, Y1      // top = max(top, |x[8:16]|)
	ADDQ $64, SI            // x += 16
	SUBQ $16, CX            // n -= 16
	JNZ  max                // }

	VPMAXUD Y1, Y0, Y0      // the largest of 16, in 8 lanes
	VEXTRACTI128 $1, Y0, X1 // lanes 4–7
	VPMAXUD X1, X0, X0      // in 4 lanes
	VPSHUFD $0x4E, X0, X1   // lanes 2, 3
	VPMAXUD X1, X0, X0      // in 2 lanes
	VPSHUFD $0xB1, X0, X1   // lane 1
	VPMAXUD X1, X0, X0      // in one
	VMOVD X0, AX            // top
	MOVL AX, ret+16(FP)
	VZEROUPPER
	RET

// gather puts into order again the groups of four bytes that VPACKSSDW and VPACKSSWB, which work on the halves of a register each for
// itself, took apart.
DATA gather<>+0(SB)/4, $0  // q[0:4] is group 0
DATA gather<>+4(SB)/4, $4  // q[4:8] is group 4
DATA gather<>+8(SB)/4, $1  // q[8:12] is group 1
DATA gather<>+12(SB)/4, $5 // q[12:16] is group 5
DATA gather<>+16(SB)/4, $2 // q[16:20] is group 2
DATA gather<>+20(SB)/4, $6 // q[20:24] is group 6
DATA gather<>+24(SB)/4, $3 // q[24:28] is group 3
DATA gather<>+28(SB)/4, $7 // q[28:32] is group 7
GLOBL gather<>(SB), RODATA|NOPTR, $32

// int8QuantizeAVX2Asm writes n numbers, a multiple of 32, as bytes with zero point 128:
//
//	for j, v := range x[:n] { dst.bytes[j] = byte(math.RoundToEven(v*inverse)) + 128 }
//
// inverse is 127 over the largest magnitude, so that nothing is out of range or saturated, and no v is NaN.
//
// func int8QuantizeAVX2Asm(dst *uint32, x *float32, n int, inverse float32)
TEXT ·int8QuantizeAVX2Asm(SB), NOSPLIT, $0-28
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS inverse+24(FP), Y4
	VMOVDQU gather<>(SB), Y5 // order of the groups
	MOVL $0x80808080, AX
	VMOVD AX, X6
	VPBROADCASTD X6, Y6      // the zero point, in all bytes

quantize:                        // for ; n > 0; n -= 32 {
	VMULPS (SI), Y4, Y0      // q = x[0:8] * inverse
	VMULPS 32(SI), Y4, Y1    // q = x[8:16] * inverse
	VMULPS 64(SI), Y4, Y2    // q = x[16:24] * inverse
	VMULPS 96(SI), Y4, Y3    // q = x[24:32] * inverse
	VCVTPS2DQ Y0, Y0         // q = int32(round(q)), ties to even
	VCVTPS2DQ Y1, Y1         // q = int32(round(q))
	VCVTPS2DQ Y2, Y2         // q = int32(round(q))
	VCVTPS2DQ Y3, Y3         // q = int32(round(q))
	VPACKSSDW Y1, Y0, Y0     // q[0:16] as 16 bits, in groups of four
	VPACKSSDW Y3, Y2, Y2     // q[16:32]
	VPACKSSWB Y2, Y0, Y0     // q[0:32] as bytes, in groups of four
	VPERMD Y0, Y5, Y0        // in order
	VPXOR Y6, Y0, Y0         // q += 128
	VMOVDQU Y0, (DI)         // dst[0:32 bytes] = q
	ADDQ $128, SI            // x += 32
	ADDQ $32, DI             // dst += 32 bytes
	SUBQ $32, CX             // n -= 32
	JNZ  quantize            // }
	VZEROUPPER
	RET
