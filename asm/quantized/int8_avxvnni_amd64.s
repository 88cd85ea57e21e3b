//go:build !purego

#include "textflag.h"
#include "int8_half_amd64.h"

// Registers of the tile, half a panel wide
//	Y0–Y11   s, the sums, two vectors to a row    Y12, Y13  b[p], 16 words of the panel    Y14, Y15  one word of A, in all lanes
//	R8–R13   rows of A    SI  4·p, bytes into a row    BX  the panel from row p on    CX  steps left
//	AX       rows left    DX  row of C    DI, R15  bytes from a row of C, of A, to the next
// and once the sums are complete
//	R14  scale of the row    SI  bias    Y12, Y13  columnScales    Y14  rowScales[i]

// DOT is VPDPBUSD of AVX-VNNI on YMM registers, given by number: s += a · b in each word, bytes of a unsigned, of b signed. Go's
// assembler knows the form of AVX-512 alone: this one has a VEX prefix, C4, the registers' high bits inverted, opcode 50 and ModRM.
#define DOT(b, a, s) \
	LONG $(0x500542C4 | (((15^(s))>>3)&1)<<15 | (((15^(b))>>3)&1)<<13 | (15^(a))<<19) \
	BYTE $(0xC0 | (((s)&7)<<3) | ((b)&7))

// ROWA and ROWB add one word of A times 16 words of the panel to the sums of a row; they take turns with the register of A.
#define ROWA(a, s0, s1) \
	VPBROADCASTD (a)(SI*1), Y14 \ // t = a[i][p]
	DOT(12, 14, s0)             \ // s0 += t · b[p][0:8]
	DOT(13, 14, s1)               // s1 += t · b[p][8:16]

#define ROWB(a, s0, s1) \
	VPBROADCASTD (a)(SI*1), Y15 \ // t = a[i][p]
	DOT(12, 15, s0)             \ // s0 += t · b[p][0:8]
	DOT(13, 15, s1)               // s1 += t · b[p][8:16]

// STORE writes a row of C with the scales in Y12 and Y13.
#define STORE(s0, s1) SCALE(s0, s1, Y12, Y13, Y14)

// int8TileAVXVNNIAsm computes up to six rows of C in half a panel:
//
//	for i := range rows {
//		for j := range 16 {
//			s := start[j]
//			for p := range steps {
//				for q := range 4 { // bytes of a word
//					s += a[i*lda+p].bytes[q] * b[p*32+j].bytes[q]
//				}
//			}
//			c[i*ldc+j] = float32(s)*columnScales[j]*rowScales[i] + bias[j]
//		}
//	}
//
// steps ≥ 1.
//
// func int8TileAVXVNNIAsm(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias, rowScales, columnScales *float32, start *int32)
TEXT ·int8TileAVXVNNIAsm(SB), NOSPLIT, $0-88
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
	NEXTROW(R11, R12, 4)       // a[4], or the last row again when rows ≤ 4
	NEXTROW(R12, R13, 5)       // a[5], or the last row again when rows ≤ 5
	MOVQ start+80(FP), SI
	VMOVDQU (SI), Y0            // s[0][0:8] = start[0:8]
	VMOVDQU 32(SI), Y1          // s[0][8:16] = start[8:16]
	VMOVDQU (SI), Y2            // s[1][0:8] = start[0:8]
	VMOVDQU 32(SI), Y3          // s[1][8:16] = start[8:16]
	VMOVDQU (SI), Y4            // s[2][0:8] = start[0:8]
	VMOVDQU 32(SI), Y5          // s[2][8:16] = start[8:16]
	VMOVDQU (SI), Y6            // s[3][0:8] = start[0:8]
	VMOVDQU 32(SI), Y7          // s[3][8:16] = start[8:16]
	VMOVDQU (SI), Y8            // s[4][0:8] = start[0:8]
	VMOVDQU 32(SI), Y9          // s[4][8:16] = start[8:16]
	VMOVDQU (SI), Y10           // s[5][0:8] = start[0:8]
	VMOVDQU 32(SI), Y11         // s[5][8:16] = start[8:16]
	XORQ SI, SI                // p = 0

loop:                              // for range steps {
	VMOVDQU (BX), Y12          // b[p][0:8]
	VMOVDQU 32(BX), Y13        // b[p][8:16]
	ROWA(R8, 0, 1)          // s[0] += a[0][p] · b[p]
	ROWB(R9, 2, 3)          // s[1] += a[1][p] · b[p]
	ROWA(R10, 4, 5)         // s[2] += a[2][p] · b[p]
	ROWB(R11, 6, 7)         // s[3] += a[3][p] · b[p]
	ROWA(R12, 8, 9)         // s[4] += a[4][p] · b[p]
	ROWB(R13, 10, 11)       // s[5] += a[5][p] · b[p]
	ADDQ $128, BX              // b += a row, 32 words
	ADDQ $4, SI                // p++
	DECQ CX
	JNZ  loop                  // }

	MOVQ bias+56(FP), SI       // &bias[0]
	MOVQ rowScales+64(FP), R14 // &rowScales[0]
	MOVQ columnScales+72(FP), R15
	VMOVUPS (R15), Y12         // columnScales[0:8]
	VMOVUPS 32(R15), Y13       // columnScales[8:16]
	STORE(Y0, Y1)             // c[0] = scaled s[0]; leave after the last row
	STORE(Y2, Y3)             // c[1] = scaled s[1]; leave after the last row
	STORE(Y4, Y5)             // c[2] = scaled s[2]; leave after the last row
	STORE(Y6, Y7)             // c[3] = scaled s[3]; leave after the last row
	STORE(Y8, Y9)             // c[4] = scaled s[4]; leave after the last row
	STORE(Y10, Y11)           // c[5] = scaled s[5]; leave after the last row

done:
	VZEROUPPER
	RET

// int8PeakAVXVNNIAsm keeps the multipliers busy with operands in registers, to measure their peak.
//
// func int8PeakAVXVNNIAsm(n int)
TEXT ·int8PeakAVXVNNIAsm(SB), NOSPLIT, $0-8
	MOVQ n+0(FP), CX // rounds left

round:                   // twelve independent sums hide the latency
	DOT(12, 14, 0)   // s[0] += x · y
	DOT(13, 15, 1)   // s[1] += x · y
	DOT(12, 14, 2)   // s[2] += x · y
	DOT(13, 15, 3)   // s[3] += x · y
	DOT(12, 14, 4)   // s[4] += x · y
	DOT(13, 15, 5)   // s[5] += x · y
	DOT(12, 14, 6)   // s[6] += x · y
	DOT(13, 15, 7)   // s[7] += x · y
	DOT(12, 14, 8)   // s[8] += x · y
	DOT(13, 15, 9)   // s[9] += x · y
	DOT(12, 14, 10)  // s[10] += x · y
	DOT(13, 15, 11)  // s[11] += x · y
	DECQ CX
	JNZ  round       // }
	VZEROUPPER
	RET
