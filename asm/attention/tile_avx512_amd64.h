// The body of attention's tiles, m rows of C times one panel of B with rows of 64 words, n ≤ 64 of which count:
//
//	for i := range m {
//		for j := range n {
//			s := 0
//			for p := range k {
//				s += a[i*rs+p*ps] * b[p*64+j] // MAC
//			}
//			if accumulate { s += c[i*ldc+j] }
//			c[i*ldc+j] = s
//		}
//	}
//
// m, n, k ≥ 1. Rows are taken in strips of six. Meanwhile it fetches what is ahead: aheadRows rows, aheadStep bytes apart. A
// file that includes it defines MACn, which adds to Zn the product of Z(28 + n/4%4), a word of A in all lanes, and Z(24 + n%4), a vector
// of B.
//
// Registers of the tile
//	Z0–Z23   s, the sums, four vectors to a row    Z24–Z27  b[p], up to 64 columns
//	Z28–Z31  one word of A, in all lanes           K1       columns of the last vector
//	R8–R13   rows of A    SI  bytes to column p of A    BX  row p of the panel    CX  steps left
//	DX  row of C    DI  bytes to the next    AX  rows left    R15  bytes to the next row of A    R14  ahead

// NEXTROW makes the next row of A the same as this one when there is none, so that six rows can always be computed without a
// branch; what is computed twice is never written.
#define NEXTROW(this, next, number) \
	MOVQ  this, next  \ // next = this
	CMPQ  AX, $number \ // if rows > number { next += rs }
	JLE   2(PC)       \ // 2(PC) is two instructions on
	ADDQ  R15, next

// BEGIN points at the rows of a strip and the first row of the panel; ZEROn clears n sums of each row.
#define BEGIN \
	NEXTROW(R8, R9, 1)   \ // a[1], or the last row again when rows ≤ 1
	NEXTROW(R9, R10, 2)  \ // a[2], or the last row again when rows ≤ 2
	NEXTROW(R10, R11, 3) \ // a[3], or the last row again when rows ≤ 3
	NEXTROW(R11, R12, 4) \ // a[4], or the last row again when rows ≤ 4
	NEXTROW(R12, R13, 5) \ // a[5], or the last row again when rows ≤ 5
	XORQ SI, SI          \ // p = 0
	MOVQ b+48(FP), BX    \ // b[0]
	MOVQ k+16(FP), CX      // steps left

#define ZERO6(s0, s1, s2, s3, s4, s5) \
	VPXORD s0, s0, s0 \ // row 0
	VPXORD s1, s1, s1 \ // row 1
	VPXORD s2, s2, s2 \ // row 2
	VPXORD s3, s3, s3 \ // row 3
	VPXORD s4, s4, s4 \ // row 4
	VPXORD s5, s5, s5   // row 5

#define ZERO1 ZERO6(Z0, Z4, Z8, Z12, Z16, Z20)         // s[:][0:16] = 0
#define ZERO2 ZERO1; ZERO6(Z1, Z5, Z9, Z13, Z17, Z21)  // s[:][16:32] = 0
#define ZERO3 ZERO2; ZERO6(Z2, Z6, Z10, Z14, Z18, Z22) // s[:][32:48] = 0
#define ZERO4 ZERO3; ZERO6(Z3, Z7, Z11, Z15, Z19, Z23) // s[:][48:64] = 0

// ROWn adds one element of A times n vectors of B to the sums of a row.
#define ROW1(a, tmp, m0) \
	VBROADCASTSS (a)(SI*1), tmp \ // t = a[i][p]
	m0                            // s[i][0:16] += t * b[p][0:16]

#define ROW2(a, tmp, m0, m1) \
	ROW1(a, tmp, m0) \ // the first vector
	m1                 // s[i][16:32] += t * b[p][16:32]

#define ROW3(a, tmp, m0, m1, m2) \
	ROW2(a, tmp, m0, m1) \ // the first two
	m2                     // s[i][32:48] += t * b[p][32:48]

#define ROW4(a, tmp, m0, m1, m2, m3) \
	ROW3(a, tmp, m0, m1, m2) \ // the first three
	m3                         // s[i][48:64] += t * b[p][48:64]

// LOADn reads a row of the panel, n vectors of it.
#define LOAD1 VMOVUPS (BX), Z24           // b[p][0:16]
#define LOAD2 LOAD1; VMOVUPS 64(BX), Z25  // b[p][16:32]
#define LOAD3 LOAD2; VMOVUPS 128(BX), Z26 // b[p][32:48]
#define LOAD4 LOAD3; VMOVUPS 192(BX), Z27 // b[p][48:64]

// NEXT goes to the next row of the panel. Its last flags say whether there is one.
#define NEXT \
	ADDQ ps+40(FP), SI \ // p++
	ADDQ $256, BX      \ // b += a row
	DECQ CX              // k--

// STOREn writes a row of C and leaves when it was the last; ADDn adds to it. The last vector may be incomplete: lanes outside K1 are
// neither read nor written.
#define ROWDONE \
	ADDQ DI, DX \ // c += a row
	DECQ AX     \
	JZ   done     // if i++; i == rows { goto done }

#define STORE1(s0) \
	VMOVUPS s0, K1, (DX) \ // c[i][0:] = s0, as many as there are
	ROWDONE                // i++

#define STORE2(s0, s1) \
	VMOVUPS s0, (DX)       \ // c[i][0:16] = s0
	VMOVUPS s1, K1, 64(DX) \ // c[i][16:] = s1, as many as there are
	ROWDONE                  // i++

#define STORE3(s0, s1, s2) \
	VMOVUPS s0, (DX)        \ // c[i][0:16] = s0
	VMOVUPS s1, 64(DX)      \ // c[i][16:32] = s1
	VMOVUPS s2, K1, 128(DX) \ // c[i][32:] = s2, as many as there are
	ROWDONE                   // i++

#define STORE4(s0, s1, s2, s3) \
	VMOVUPS s0, (DX)        \ // c[i][0:16] = s0
	VMOVUPS s1, 64(DX)      \ // c[i][16:32] = s1
	VMOVUPS s2, 128(DX)     \ // c[i][32:48] = s2
	VMOVUPS s3, K1, 192(DX) \ // c[i][48:] = s3, as many as there are
	ROWDONE                   // i++

#define ADD1(s0) \
	VADDPS (DX), s0, K1, s0 \ // s0 += c[i][0:], as many as there are
	STORE1(s0)                // c[i] = s

#define ADD2(s0, s1) \
	VADDPS (DX), s0, s0       \ // s0 += c[i][0:16]
	VADDPS 64(DX), s1, K1, s1 \ // s1 += c[i][16:], as many as there are
	STORE2(s0, s1)              // c[i] = s

#define ADD3(s0, s1, s2) \
	VADDPS (DX), s0, s0        \ // s0 += c[i][0:16]
	VADDPS 64(DX), s1, s1      \ // s1 += c[i][16:32]
	VADDPS 128(DX), s2, K1, s2 \ // s2 += c[i][32:], as many as there are
	STORE3(s0, s1, s2)           // c[i] = s

#define ADD4(s0, s1, s2, s3) \
	VADDPS (DX), s0, s0        \ // s0 += c[i][0:16]
	VADDPS 64(DX), s1, s1      \ // s1 += c[i][16:32]
	VADDPS 128(DX), s2, s2     \ // s2 += c[i][32:48]
	VADDPS 192(DX), s3, K1, s3 \ // s3 += c[i][48:], as many as there are
	STORE4(s0, s1, s2, s3)       // c[i] = s

// FETCH prefetches six rows of C, also where there are fewer, for when the sums are added to them.
#define FETCHROW \
	PREFETCHT0 (BX)    \ // c[i][0:16]
	PREFETCHT0 64(BX)  \ // c[i][16:32]
	PREFETCHT0 128(BX) \ // c[i][32:48]
	PREFETCHT0 192(BX) \ // c[i][48:64]
	ADDQ DI, BX          // i++

#define FETCH \
	MOVQ DX, BX \
	FETCHROW; FETCHROW; FETCHROW; FETCHROW; FETCHROW; FETCHROW

// AHEAD fetches into L2, once in four steps, the next row of what is ahead, four lines of it. All rows at once are more than a core can
// wait for, and the panel would wait behind them. A fetch beyond the end of memory does not fault.
#define AHEAD(none) \
	TESTQ $3, CX                \ // if k%4 == 0 && aheadRows > 0 {
	JNZ   none                  \
	DECQ  aheadRows+96(FP)      \ // aheadRows--
	JLT   none                  \
	PREFETCHT1 (R14)            \ // fetch(ahead[0:16])
	PREFETCHT1 64(R14)          \ // fetch(ahead[16:32])
	PREFETCHT1 128(R14)         \ // fetch(ahead[32:48])
	PREFETCHT1 192(R14)         \ // fetch(ahead[48:64])
	ADDQ  aheadStep+88(FP), R14 \ // ahead += a row
none:                               // }

// STRIP goes on with the next six rows of A.
#define STRIP \
	LEAQ (R15)(R15*2), R12 \ // 3 * rs
	LEAQ (R8)(R12*2), R8     // a += 6 rows

	MOVQ n+8(FP), BX
	DECQ BX                                    // n - 1
	MOVQ BX, CX
	ANDQ $15, CX                               // (n-1) % 16
	MOVQ $2, AX
	SHLQ CX, AX                                // 2 << ((n-1)%16)
	DECQ AX                                    // the low (n-1)%16 + 1 bits
	KMOVW AX, K1                               // columns of the last vector
	SHRQ $4, BX                                // vectors - 1
	MOVQ m+0(FP), AX                           // rows left
	MOVQ a+24(FP), R8                          // a[0]
	MOVQ rs+32(FP), R15
	MOVQ ahead+80(FP), R14
	MOVQ c+56(FP), DX
	MOVQ ldc+64(FP), DI
	SHLQ $2, R15                               // rs in bytes
	SHLQ $2, ps+40(FP)                         // ps in bytes
	SHLQ $2, DI                                // ldc in bytes
	CMPQ BX, $1
	JLT  strip1                                // if n <= 16 { goto strip1 }
	JEQ  strip2                                // if n <= 32 { goto strip2 }
	CMPQ BX, $3
	JLT  strip3                                // if n <= 48 { goto strip3 }

strip4:                                            // for { // six rows, four vectors
	CMPB accumulate+72(FP), $0
	JEQ  begin4                                // if accumulate {
	FETCH                                      // c[0:6]

begin4:                                            // }
	BEGIN                                      // p = 0
	ZERO4                                      // s = 0

loop4:                                             // for range k {
	AHEAD(none4)                               // fetch(ahead)
	LOAD4                                      // b[p]
	ROW4(R8, Z28, MAC0, MAC1, MAC2, MAC3)      // s[0] += a[0][p] * b[p]
	ROW4(R9, Z29, MAC4, MAC5, MAC6, MAC7)      // s[1] += a[1][p] * b[p]
	ROW4(R10, Z30, MAC8, MAC9, MAC10, MAC11)   // s[2] += a[2][p] * b[p]
	ROW4(R11, Z31, MAC12, MAC13, MAC14, MAC15) // s[3] += a[3][p] * b[p]
	ROW4(R12, Z28, MAC16, MAC17, MAC18, MAC19) // s[4] += a[4][p] * b[p]
	ROW4(R13, Z29, MAC20, MAC21, MAC22, MAC23) // s[5] += a[5][p] * b[p]
	NEXT                                       // p++
	JNZ  loop4                                 // }
	CMPB accumulate+72(FP), $0
	JNE  add4                                  // if accumulate { goto add4 }
	STORE4(Z0, Z1, Z2, Z3)                     // c[0] = s[0]; leave after the last row
	STORE4(Z4, Z5, Z6, Z7)                     // c[1] = s[1]; leave after the last row
	STORE4(Z8, Z9, Z10, Z11)                   // c[2] = s[2]; leave after the last row
	STORE4(Z12, Z13, Z14, Z15)                 // c[3] = s[3]; leave after the last row
	STORE4(Z16, Z17, Z18, Z19)                 // c[4] = s[4]; leave after the last row
	STORE4(Z20, Z21, Z22, Z23)                 // c[5] = s[5]; leave after the last row
	STRIP                                      // the next six rows
	JMP  strip4                                // }

add4:
	ADD4(Z0, Z1, Z2, Z3)                       // c[0] += s[0]; leave after the last row
	ADD4(Z4, Z5, Z6, Z7)                       // c[1] += s[1]; leave after the last row
	ADD4(Z8, Z9, Z10, Z11)                     // c[2] += s[2]; leave after the last row
	ADD4(Z12, Z13, Z14, Z15)                   // c[3] += s[3]; leave after the last row
	ADD4(Z16, Z17, Z18, Z19)                   // c[4] += s[4]; leave after the last row
	ADD4(Z20, Z21, Z22, Z23)                   // c[5] += s[5]; leave after the last row
	STRIP                                      // the next six rows
	JMP  strip4                                // }

strip3:                                            // for { // six rows, three vectors
	BEGIN                                      // p = 0
	ZERO3                                      // s = 0

loop3:                                             // for range k {
	AHEAD(none3)                               // fetch(ahead)
	LOAD3                                      // b[p]
	ROW3(R8, Z28, MAC0, MAC1, MAC2)            // s[0] += a[0][p] * b[p]
	ROW3(R9, Z29, MAC4, MAC5, MAC6)            // s[1] += a[1][p] * b[p]
	ROW3(R10, Z30, MAC8, MAC9, MAC10)          // s[2] += a[2][p] * b[p]
	ROW3(R11, Z31, MAC12, MAC13, MAC14)        // s[3] += a[3][p] * b[p]
	ROW3(R12, Z28, MAC16, MAC17, MAC18)        // s[4] += a[4][p] * b[p]
	ROW3(R13, Z29, MAC20, MAC21, MAC22)        // s[5] += a[5][p] * b[p]
	NEXT                                       // p++
	JNZ  loop3                                 // }
	CMPB accumulate+72(FP), $0
	JNE  add3                                  // if accumulate { goto add3 }
	STORE3(Z0, Z1, Z2)                         // c[0] = s[0]; leave after the last row
	STORE3(Z4, Z5, Z6)                         // c[1] = s[1]; leave after the last row
	STORE3(Z8, Z9, Z10)                        // c[2] = s[2]; leave after the last row
	STORE3(Z12, Z13, Z14)                      // c[3] = s[3]; leave after the last row
	STORE3(Z16, Z17, Z18)                      // c[4] = s[4]; leave after the last row
	STORE3(Z20, Z21, Z22)                      // c[5] = s[5]; leave after the last row
	STRIP                                      // the next six rows
	JMP  strip3                                // }

add3:
	ADD3(Z0, Z1, Z2)                           // c[0] += s[0]; leave after the last row
	ADD3(Z4, Z5, Z6)                           // c[1] += s[1]; leave after the last row
	ADD3(Z8, Z9, Z10)                          // c[2] += s[2]; leave after the last row
	ADD3(Z12, Z13, Z14)                        // c[3] += s[3]; leave after the last row
	ADD3(Z16, Z17, Z18)                        // c[4] += s[4]; leave after the last row
	ADD3(Z20, Z21, Z22)                        // c[5] += s[5]; leave after the last row
	STRIP                                      // the next six rows
	JMP  strip3                                // }

strip2:                                            // for { // six rows, two vectors
	BEGIN                                      // p = 0
	ZERO2                                      // s = 0

loop2:                                             // for range k {
	AHEAD(none2)                               // fetch(ahead)
	LOAD2                                      // b[p]
	ROW2(R8, Z28, MAC0, MAC1)                  // s[0] += a[0][p] * b[p]
	ROW2(R9, Z29, MAC4, MAC5)                  // s[1] += a[1][p] * b[p]
	ROW2(R10, Z30, MAC8, MAC9)                 // s[2] += a[2][p] * b[p]
	ROW2(R11, Z31, MAC12, MAC13)               // s[3] += a[3][p] * b[p]
	ROW2(R12, Z28, MAC16, MAC17)               // s[4] += a[4][p] * b[p]
	ROW2(R13, Z29, MAC20, MAC21)               // s[5] += a[5][p] * b[p]
	NEXT                                       // p++
	JNZ  loop2                                 // }
	CMPB accumulate+72(FP), $0
	JNE  add2                                  // if accumulate { goto add2 }
	STORE2(Z0, Z1)                             // c[0] = s[0]; leave after the last row
	STORE2(Z4, Z5)                             // c[1] = s[1]; leave after the last row
	STORE2(Z8, Z9)                             // c[2] = s[2]; leave after the last row
	STORE2(Z12, Z13)                           // c[3] = s[3]; leave after the last row
	STORE2(Z16, Z17)                           // c[4] = s[4]; leave after the last row
	STORE2(Z20, Z21)                           // c[5] = s[5]; leave after the last row
	STRIP                                      // the next six rows
	JMP  strip2                                // }

add2:
	ADD2(Z0, Z1)                               // c[0] += s[0]; leave after the last row
	ADD2(Z4, Z5)                               // c[1] += s[1]; leave after the last row
	ADD2(Z8, Z9)                               // c[2] += s[2]; leave after the last row
	ADD2(Z12, Z13)                             // c[3] += s[3]; leave after the last row
	ADD2(Z16, Z17)                             // c[4] += s[4]; leave after the last row
	ADD2(Z20, Z21)                             // c[5] += s[5]; leave after the last row
	STRIP                                      // the next six rows
	JMP  strip2                                // }

strip1:                                            // for { // six rows, one vector
	BEGIN                                      // p = 0
	ZERO1                                      // s = 0

loop1:                                             // for range k {
	AHEAD(none1)                               // fetch(ahead)
	LOAD1                                      // b[p]
	ROW1(R8, Z28, MAC0)                        // s[0] += a[0][p] * b[p]
	ROW1(R9, Z29, MAC4)                        // s[1] += a[1][p] * b[p]
	ROW1(R10, Z30, MAC8)                       // s[2] += a[2][p] * b[p]
	ROW1(R11, Z31, MAC12)                      // s[3] += a[3][p] * b[p]
	ROW1(R12, Z28, MAC16)                      // s[4] += a[4][p] * b[p]
	ROW1(R13, Z29, MAC20)                      // s[5] += a[5][p] * b[p]
	NEXT                                       // p++
	JNZ  loop1                                 // }
	CMPB accumulate+72(FP), $0
	JNE  add1                                  // if accumulate { goto add1 }
	STORE1(Z0)                                 // c[0] = s[0]; leave after the last row
	STORE1(Z4)                                 // c[1] = s[1]; leave after the last row
	STORE1(Z8)                                 // c[2] = s[2]; leave after the last row
	STORE1(Z12)                                // c[3] = s[3]; leave after the last row
	STORE1(Z16)                                // c[4] = s[4]; leave after the last row
	STORE1(Z20)                                // c[5] = s[5]; leave after the last row
	STRIP                                      // the next six rows
	JMP  strip1                                // }

add1:
	ADD1(Z0)                                   // c[0] += s[0]; leave after the last row
	ADD1(Z4)                                   // c[1] += s[1]; leave after the last row
	ADD1(Z8)                                   // c[2] += s[2]; leave after the last row
	ADD1(Z12)                                  // c[3] += s[3]; leave after the last row
	ADD1(Z16)                                  // c[4] += s[4]; leave after the last row
	ADD1(Z20)                                  // c[5] += s[5]; leave after the last row
	STRIP                                      // the next six rows
	JMP  strip1                                // }

done:
	VZEROUPPER
	RET
