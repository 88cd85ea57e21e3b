//go:build !purego

#include "textflag.h"

// Rows are taken in strips of six. The sums of a row are four vectors, of which there are as many as columns fill.
//
//	Z0–Z23   s, the sums, four vectors to a row    Z24–Z27  b[p], then scales
//	Z28–Z31  one word of A, in all lanes; then Z28 alpha[i]
//	R8–R13   rows of A    SI  bytes to column p of A    BX  row p of the panel    CX  steps left    R15  bytes to the next row of A
//	DX  row of C    DI  bytes to the next    AX  rows left    R14  alpha of the row

// NEXTROW makes the next row of A the same as this one when there is none, so that six rows can always be computed without a
// branch; what is computed twice is never written.
#define NEXTROW(this, next, number) \
	MOVQ this, next    \ // next = this
	CMPQ AX, $number   \ // if rows > number { next += lda }
	JLE  2(PC)         \ // 2(PC) is two instructions on
	ADDQ R15, next

// BEGIN points at the rows of a strip, the first row of the panel, and what the sums start with.
#define BEGIN \
	NEXTROW(R8, R9, 1)     \ // a[1], or the last row again when rows ≤ 1
	NEXTROW(R9, R10, 2)    \ // a[2], or the last row again when rows ≤ 2
	NEXTROW(R10, R11, 3)   \ // a[3], or the last row again when rows ≤ 3
	NEXTROW(R11, R12, 4)   \ // a[4], or the last row again when rows ≤ 4
	NEXTROW(R12, R13, 5)   \ // a[5], or the last row again when rows ≤ 5
	XORQ SI, SI            \ // p = 0
	MOVQ start+64(FP), CX  \ // start[0]
	MOVQ b+40(FP), BX        // b[0]

// STARTn begins n vectors of every row.
#define STARTS(at, s0, s1, s2, s3, s4, s5) \
	VMOVDQU32 at(CX), s0 \ // s[0] = start
	VMOVDQA32 s0, s1     \ // s[1] = start
	VMOVDQA32 s0, s2     \ // s[2] = start
	VMOVDQA32 s0, s3     \ // s[3] = start
	VMOVDQA32 s0, s4     \ // s[4] = start
	VMOVDQA32 s0, s5       // s[5] = start

#define START1 STARTS(0, Z0, Z4, Z8, Z12, Z16, Z20)
#define START2 START1; STARTS(64, Z1, Z5, Z9, Z13, Z17, Z21)
#define START3 START2; STARTS(128, Z2, Z6, Z10, Z14, Z18, Z22)
#define START4 START3; STARTS(192, Z3, Z7, Z11, Z15, Z19, Z23)

// LOADn reads n vectors of the panel's row, or of the scales.
#define LOAD1 VMOVUPS (BX), Z24           // b[p][0:16]
#define LOAD2 LOAD1; VMOVUPS 64(BX), Z25  // b[p][16:32]
#define LOAD3 LOAD2; VMOVUPS 128(BX), Z26 // b[p][32:48]
#define LOAD4 LOAD3; VMOVUPS 192(BX), Z27 // b[p][48:64]

// ROWn adds the four products of a word of A and n vectors of B, unsigned and signed bytes, exact in int32.
#define ROW1(a, t, s0) \
	VPBROADCASTD (a)(SI*1), t \ // t = a[i][p]
	VPDPBUSD     Z24, t, s0     // s[i][0:16] += t · b[p][0:16]

#define ROW2(a, t, s0, s1) \
	ROW1(a, t, s0)       \ // the first vector
	VPDPBUSD Z25, t, s1    // s[i][16:32] += t · b[p][16:32]

#define ROW3(a, t, s0, s1, s2) \
	ROW2(a, t, s0, s1)   \ // the first two
	VPDPBUSD Z26, t, s2    // s[i][32:48] += t · b[p][32:48]

#define ROW4(a, t, s0, s1, s2, s3) \
	ROW3(a, t, s0, s1, s2) \ // the first three
	VPDPBUSD Z27, t, s3      // s[i][48:64] += t · b[p][48:64]

// NEXT goes to the next row of the panel. Its last flags say whether there is one.
#define NEXT \
	ADDQ $4, SI   \ // p++
	ADDQ $256, BX \ // b += a row
	DECQ CX         // k--

// STOREn writes scaled sums to a row of C and leaves when it was the last; ADDn first adds alpha times what is there.
#define SCALE(s, t) \
	VCVTDQ2PS s, s    \ // y = float32(s)
	VMULPS    t, s, s   // y *= scales

#define SCALE1(s0) SCALE(s0, Z24)
#define SCALE2(s0, s1) SCALE1(s0); SCALE(s1, Z25)
#define SCALE3(s0, s1, s2) SCALE2(s0, s1); SCALE(s2, Z26)
#define SCALE4(s0, s1, s2, s3) SCALE3(s0, s1, s2); SCALE(s3, Z27)

#define ROWDONE \
	ADDQ DI, DX \ // c += a row
	DECQ AX     \
	JZ   done     // if i++; i == rows { goto done }

#define WRITE1(s0) VMOVUPS s0, (DX)                              // c[i][0:16] = y
#define WRITE2(s0, s1) WRITE1(s0); VMOVUPS s1, 64(DX)            // c[i][16:32] = y
#define WRITE3(s0, s1, s2) WRITE2(s0, s1); VMOVUPS s2, 128(DX)   // c[i][32:48] = y
#define WRITE4(s0, s1, s2, s3) WRITE3(s0, s1, s2); VMOVUPS s3, 192(DX) // c[i][48:64] = y

#define STORE1(s0) SCALE1(s0); WRITE1(s0); ROWDONE
#define STORE2(s0, s1) SCALE2(s0, s1); WRITE2(s0, s1); ROWDONE
#define STORE3(s0, s1, s2) SCALE3(s0, s1, s2); WRITE3(s0, s1, s2); ROWDONE
#define STORE4(s0, s1, s2, s3) SCALE4(s0, s1, s2, s3); WRITE4(s0, s1, s2, s3); ROWDONE

#define ALPHA \
	VBROADCASTSS (R14), Z28 \ // f = alpha[i]
	ADDQ         $4, R14      // alpha++

#define MORE1(s0) VFMADD231PS (DX), Z28, s0                              // y += f * c[i][0:16]
#define MORE2(s0, s1) MORE1(s0); VFMADD231PS 64(DX), Z28, s1             // y += f * c[i][16:32]
#define MORE3(s0, s1, s2) MORE2(s0, s1); VFMADD231PS 128(DX), Z28, s2    // y += f * c[i][32:48]
#define MORE4(s0, s1, s2, s3) MORE3(s0, s1, s2); VFMADD231PS 192(DX), Z28, s3 // y += f * c[i][48:64]

#define ADD1(s0) ALPHA; SCALE1(s0); MORE1(s0); WRITE1(s0); ROWDONE
#define ADD2(s0, s1) ALPHA; SCALE2(s0, s1); MORE2(s0, s1); WRITE2(s0, s1); ROWDONE
#define ADD3(s0, s1, s2) ALPHA; SCALE3(s0, s1, s2); MORE3(s0, s1, s2); WRITE3(s0, s1, s2); ROWDONE
#define ADD4(s0, s1, s2, s3) ALPHA; SCALE4(s0, s1, s2, s3); MORE4(s0, s1, s2, s3); WRITE4(s0, s1, s2, s3); ROWDONE

// STRIP goes on with the next six rows of A.
#define STRIP \
	LEAQ (R15)(R15*2), R12 \ // 3 * lda
	LEAQ (R8)(R12*2), R8     // a += 6 rows

// int8TileAVX512Asm multiplies m rows of A and one panel of B, with rows of 64 words, n ≤ 64 of which count:
//
//	for i := range m {
//		for j := range n { // to the next multiple of sixteen
//			s := start[j]
//			for p := range k {
//				for q := range 4 { // bytes of a word
//					s += a[i*lda+p].bytes[q] * b[p*64+j].bytes[q]
//				}
//			}
//			y := float32(s) * scales[j]
//			if alpha != nil { y = fma(alpha[i], c[i*ldc+j], y) }
//			c[i*ldc+j] = y
//		}
//	}
//
// m, n, k ≥ 1.
//
// func int8TileAVX512Asm(m, n, k int, a *float32, lda int, b, c *float32, ldc int, start, scales, alpha *float32)
TEXT ·int8TileAVX512Asm(SB), NOSPLIT, $0-88
	MOVQ m+0(FP), AX                 // rows left
	MOVQ a+24(FP), R8                // a[0]
	MOVQ lda+32(FP), R15
	MOVQ c+48(FP), DX
	MOVQ ldc+56(FP), DI
	MOVQ alpha+80(FP), R14
	SHLQ $2, R15                     // lda in bytes
	SHLQ $2, DI                      // ldc in bytes
	MOVQ n+8(FP), BX
	CMPQ BX, $16
	JLE  strip1                      // if n <= 16 { goto strip1 }
	CMPQ BX, $32
	JLE  strip2                      // if n <= 32 { goto strip2 }
	CMPQ BX, $48
	JLE  strip3                      // if n <= 48 { goto strip3 }

strip4:                                  // for { // six rows, four vectors
	BEGIN                            // p = 0
	START4                           // s = start
	MOVQ k+16(FP), CX                // steps left

loop4:                                   // for range k {
	LOAD4                            // b[p]
	ROW4(R8, Z28, Z0, Z1, Z2, Z3)    // s[0] += a[0][p] · b[p]
	ROW4(R9, Z29, Z4, Z5, Z6, Z7)    // s[1] += a[1][p] · b[p]
	ROW4(R10, Z30, Z8, Z9, Z10, Z11) // s[2] += a[2][p] · b[p]
	ROW4(R11, Z31, Z12, Z13, Z14, Z15) // s[3] += a[3][p] · b[p]
	ROW4(R12, Z28, Z16, Z17, Z18, Z19) // s[4] += a[4][p] · b[p]
	ROW4(R13, Z29, Z20, Z21, Z22, Z23) // s[5] += a[5][p] · b[p]
	NEXT                             // p++
	JNZ  loop4                       // }
	MOVQ scales+72(FP), BX
	LOAD4                            // scales
	TESTQ R14, R14
	JNZ  add4                        // if alpha != nil { goto add4 }
	STORE4(Z0, Z1, Z2, Z3)           // c[0] = y; leave after the last row
	STORE4(Z4, Z5, Z6, Z7)           // c[1] = y; leave after the last row
	STORE4(Z8, Z9, Z10, Z11)         // c[2] = y; leave after the last row
	STORE4(Z12, Z13, Z14, Z15)       // c[3] = y; leave after the last row
	STORE4(Z16, Z17, Z18, Z19)       // c[4] = y; leave after the last row
	STORE4(Z20, Z21, Z22, Z23)       // c[5] = y; leave after the last row
	STRIP                            // the next six rows
	JMP  strip4                      // }

add4:
	ADD4(Z0, Z1, Z2, Z3)             // c[0] = y + alpha * c[0]; leave after the last row
	ADD4(Z4, Z5, Z6, Z7)             // c[1] = y + alpha * c[1]; leave after the last row
	ADD4(Z8, Z9, Z10, Z11)           // c[2] = y + alpha * c[2]; leave after the last row
	ADD4(Z12, Z13, Z14, Z15)         // c[3] = y + alpha * c[3]; leave after the last row
	ADD4(Z16, Z17, Z18, Z19)         // c[4] = y + alpha * c[4]; leave after the last row
	ADD4(Z20, Z21, Z22, Z23)         // c[5] = y + alpha * c[5]; leave after the last row
	STRIP                            // the next six rows
	JMP  strip4                      // }

strip3:                                  // for { // six rows, three vectors
	BEGIN                            // p = 0
	START3                           // s = start
	MOVQ k+16(FP), CX                // steps left

loop3:                                   // for range k {
	LOAD3                            // b[p]
	ROW3(R8, Z28, Z0, Z1, Z2)        // s[0] += a[0][p] · b[p]
	ROW3(R9, Z29, Z4, Z5, Z6)        // s[1] += a[1][p] · b[p]
	ROW3(R10, Z30, Z8, Z9, Z10)      // s[2] += a[2][p] · b[p]
	ROW3(R11, Z31, Z12, Z13, Z14)    // s[3] += a[3][p] · b[p]
	ROW3(R12, Z28, Z16, Z17, Z18)    // s[4] += a[4][p] · b[p]
	ROW3(R13, Z29, Z20, Z21, Z22)    // s[5] += a[5][p] · b[p]
	NEXT                             // p++
	JNZ  loop3                       // }
	MOVQ scales+72(FP), BX
	LOAD3                            // scales
	TESTQ R14, R14
	JNZ  add3                        // if alpha != nil { goto add3 }
	STORE3(Z0, Z1, Z2)               // c[0] = y; leave after the last row
	STORE3(Z4, Z5, Z6)               // c[1] = y; leave after the last row
	STORE3(Z8, Z9, Z10)              // c[2] = y; leave after the last row
	STORE3(Z12, Z13, Z14)            // c[3] = y; leave after the last row
	STORE3(Z16, Z17, Z18)            // c[4] = y; leave after the last row
	STORE3(Z20, Z21, Z22)            // c[5] = y; leave after the last row
	STRIP                            // the next six rows
	JMP  strip3                      // }

add3:
	ADD3(Z0, Z1, Z2)                 // c[0] = y + alpha * c[0]; leave after the last row
	ADD3(Z4, Z5, Z6)                 // c[1] = y + alpha * c[1]; leave after the last row
	ADD3(Z8, Z9, Z10)                // c[2] = y + alpha * c[2]; leave after the last row
	ADD3(Z12, Z13, Z14)              // c[3] = y + alpha * c[3]; leave after the last row
	ADD3(Z16, Z17, Z18)              // c[4] = y + alpha * c[4]; leave after the last row
	ADD3(Z20, Z21, Z22)              // c[5] = y + alpha * c[5]; leave after the last row
	STRIP                            // the next six rows
	JMP  strip3                      // }

strip2:                                  // for { // six rows, two vectors
	BEGIN                            // p = 0
	START2                           // s = start
	MOVQ k+16(FP), CX                // steps left

loop2:                                   // for range k {
	LOAD2                            // b[p]
	ROW2(R8, Z28, Z0, Z1)            // s[0] += a[0][p] · b[p]
	ROW2(R9, Z29, Z4, Z5)            // s[1] += a[1][p] · b[p]
	ROW2(R10, Z30, Z8, Z9)           // s[2] += a[2][p] · b[p]
	ROW2(R11, Z31, Z12, Z13)         // s[3] += a[3][p] · b[p]
	ROW2(R12, Z28, Z16, Z17)         // s[4] += a[4][p] · b[p]
	ROW2(R13, Z29, Z20, Z21)         // s[5] += a[5][p] · b[p]
	NEXT                             // p++
	JNZ  loop2                       // }
	MOVQ scales+72(FP), BX
	LOAD2                            // scales
	TESTQ R14, R14
	JNZ  add2                        // if alpha != nil { goto add2 }
	STORE2(Z0, Z1)                   // c[0] = y; leave after the last row
	STORE2(Z4, Z5)                   // c[1] = y; leave after the last row
	STORE2(Z8, Z9)                   // c[2] = y; leave after the last row
	STORE2(Z12, Z13)                 // c[3] = y; leave after the last row
	STORE2(Z16, Z17)                 // c[4] = y; leave after the last row
	STORE2(Z20, Z21)                 // c[5] = y; leave after the last row
	STRIP                            // the next six rows
	JMP  strip2                      // }

add2:
	ADD2(Z0, Z1)                     // c[0] = y + alpha * c[0]; leave after the last row
	ADD2(Z4, Z5)                     // c[1] = y + alpha * c[1]; leave after the last row
	ADD2(Z8, Z9)                     // c[2] = y + alpha * c[2]; leave after the last row
	ADD2(Z12, Z13)                   // c[3] = y + alpha * c[3]; leave after the last row
	ADD2(Z16, Z17)                   // c[4] = y + alpha * c[4]; leave after the last row
	ADD2(Z20, Z21)                   // c[5] = y + alpha * c[5]; leave after the last row
	STRIP                            // the next six rows
	JMP  strip2                      // }

strip1:                                  // for { // six rows, one vector
	BEGIN                            // p = 0
	START1                           // s = start
	MOVQ k+16(FP), CX                // steps left

loop1:                                   // for range k {
	LOAD1                            // b[p]
	ROW1(R8, Z28, Z0)                // s[0] += a[0][p] · b[p]
	ROW1(R9, Z29, Z4)                // s[1] += a[1][p] · b[p]
	ROW1(R10, Z30, Z8)               // s[2] += a[2][p] · b[p]
	ROW1(R11, Z31, Z12)              // s[3] += a[3][p] · b[p]
	ROW1(R12, Z28, Z16)              // s[4] += a[4][p] · b[p]
	ROW1(R13, Z29, Z20)              // s[5] += a[5][p] · b[p]
	NEXT                             // p++
	JNZ  loop1                       // }
	MOVQ scales+72(FP), BX
	LOAD1                            // scales
	TESTQ R14, R14
	JNZ  add1                        // if alpha != nil { goto add1 }
	STORE1(Z0)                       // c[0] = y; leave after the last row
	STORE1(Z4)                       // c[1] = y; leave after the last row
	STORE1(Z8)                       // c[2] = y; leave after the last row
	STORE1(Z12)                      // c[3] = y; leave after the last row
	STORE1(Z16)                      // c[4] = y; leave after the last row
	STORE1(Z20)                      // c[5] = y; leave after the last row
	STRIP                            // the next six rows
	JMP  strip1                      // }

add1:
	ADD1(Z0)                         // c[0] = y + alpha * c[0]; leave after the last row
	ADD1(Z4)                         // c[1] = y + alpha * c[1]; leave after the last row
	ADD1(Z8)                         // c[2] = y + alpha * c[2]; leave after the last row
	ADD1(Z12)                        // c[3] = y + alpha * c[3]; leave after the last row
	ADD1(Z16)                        // c[4] = y + alpha * c[4]; leave after the last row
	ADD1(Z20)                        // c[5] = y + alpha * c[5]; leave after the last row
	STRIP                            // the next six rows
	JMP  strip1                      // }

done:
	VZEROUPPER
	RET
