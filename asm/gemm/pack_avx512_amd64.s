//go:build !purego

#include "textflag.h"

// A 16×16 block is transposed in three steps: PAIR, FOUR and COLUMNS. The first two work on the quarters of a register, four
// numbers each, as if each were a block of its own. Numbers are only moved: bits stay, NaN's as well.

// PAIR interleaves rows x and y of a block; q is 0, 4, 8 or 12, where a quarter begins.
#define PAIR(x, y, lo, hi) \
	VUNPCKLPS y, x, lo \ // lo = x[q] y[q] x[q+1] y[q+1]
	VUNPCKHPS y, x, hi   // hi = x[q+2] y[q+2] x[q+3] y[q+3]

// FOUR joins two pairs of rows, which makes columns of four rows.
#define FOUR(lo0, hi0, lo1, hi1, c0, c1, c2, c3) \
	VUNPCKLPD lo1, lo0, c0 \ // c0 = column q
	VUNPCKHPD lo1, lo0, c1 \ // c1 = column q+1
	VUNPCKLPD hi1, hi0, c2 \ // c2 = column q+2
	VUNPCKHPD hi1, hi0, c3   // c3 = column q+3

// COLUMNS gathers the quarters of columns j, 4+j, 8+j and 12+j, from r0 rows 0–3, from r4 rows 4–7 and so on, and writes them to
// these rows of dst.
#define COLUMNS(r0, r4, r8, r12) \
	VSHUFF32X4 $0x44, r4, r0, Z16   \ // rows 0–7 of columns j, 4+j
	VSHUFF32X4 $0xEE, r4, r0, Z17   \ // rows 0–7 of columns 8+j, 12+j
	VSHUFF32X4 $0x44, r12, r8, Z18  \ // rows 8–15 of columns j, 4+j
	VSHUFF32X4 $0xEE, r12, r8, Z19  \ // rows 8–15 of columns 8+j, 12+j
	VSHUFF32X4 $0x88, Z18, Z16, Z20 \ // column j
	VSHUFF32X4 $0xDD, Z18, Z16, Z21 \ // column 4+j
	VSHUFF32X4 $0x88, Z19, Z17, Z22 \ // column 8+j
	VSHUFF32X4 $0xDD, Z19, Z17, Z23 \ // column 12+j
	VMOVUPS    Z20, (DX)            \ // dst[j] = column j
	VMOVUPS    Z21, (DX)(R8*4)      \ // dst[4+j] = column 4+j
	VMOVUPS    Z22, (DX)(R8*8)      \ // dst[8+j] = column 8+j
	VMOVUPS    Z23, (DX)(R9*4)      \ // dst[12+j] = column 12+j
	ADDQ       R8, DX                 // j++

// transposeAVX512Asm transposes sixteen rows of src:
//
//	for c := range 16 * blocks {
//		for r := range 16 {
//			dst[c*ldd+r] = src[r*lds+c]
//		}
//	}
//
//	DI  dst    R8, R9  bytes of one row, of three    DX  the row written    CX  blocks left
//	SI  src    R10, R11  bytes of one row, of three    BX  the four rows that are read
//
// func transposeAVX512Asm(dst *float32, ldd int, src *float32, lds, blocks int)
TEXT ·transposeAVX512Asm(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ ldd+8(FP), R8
	MOVQ src+16(FP), SI
	MOVQ lds+24(FP), R10
	MOVQ blocks+32(FP), CX
	SHLQ $2, R8                                  // ldd in bytes
	SHLQ $2, R10                                 // lds in bytes
	LEAQ (R8)(R8*2), R9                          // three rows of dst
	LEAQ (R10)(R10*2), R11                       // three rows of src

block:                                               // for range blocks {
	MOVQ SI, BX                                  // rows 0–3
	VMOVUPS (BX), Z0                             // row 0
	VMOVUPS (BX)(R10*1), Z1                      // row 1
	VMOVUPS (BX)(R10*2), Z2                      // row 2
	VMOVUPS (BX)(R11*1), Z3                      // row 3
	LEAQ (BX)(R10*4), BX                         // rows 4–7
	VMOVUPS (BX), Z4                             // row 4
	VMOVUPS (BX)(R10*1), Z5                      // row 5
	VMOVUPS (BX)(R10*2), Z6                      // row 6
	VMOVUPS (BX)(R11*1), Z7                      // row 7
	LEAQ (BX)(R10*4), BX                         // rows 8–11
	VMOVUPS (BX), Z8                             // row 8
	VMOVUPS (BX)(R10*1), Z9                      // row 9
	VMOVUPS (BX)(R10*2), Z10                     // row 10
	VMOVUPS (BX)(R11*1), Z11                     // row 11
	LEAQ (BX)(R10*4), BX                         // rows 12–15
	VMOVUPS (BX), Z12                            // row 12
	VMOVUPS (BX)(R10*1), Z13                     // row 13
	VMOVUPS (BX)(R10*2), Z14                     // row 14
	VMOVUPS (BX)(R11*1), Z15                     // row 15
	PAIR(Z0, Z1, Z16, Z17)                       // rows 0 and 1
	PAIR(Z2, Z3, Z18, Z19)                       // rows 2 and 3
	PAIR(Z4, Z5, Z20, Z21)                       // rows 4 and 5
	PAIR(Z6, Z7, Z22, Z23)                       // rows 6 and 7
	PAIR(Z8, Z9, Z24, Z25)                       // rows 8 and 9
	PAIR(Z10, Z11, Z26, Z27)                     // rows 10 and 11
	PAIR(Z12, Z13, Z28, Z29)                     // rows 12 and 13
	PAIR(Z14, Z15, Z30, Z31)                     // rows 14 and 15
	FOUR(Z16, Z17, Z18, Z19, Z0, Z1, Z2, Z3)     // columns of rows 0–3
	FOUR(Z20, Z21, Z22, Z23, Z4, Z5, Z6, Z7)     // columns of rows 4–7
	FOUR(Z24, Z25, Z26, Z27, Z8, Z9, Z10, Z11)   // columns of rows 8–11
	FOUR(Z28, Z29, Z30, Z31, Z12, Z13, Z14, Z15) // columns of rows 12–15
	MOVQ DI, DX                                  // j = 0
	COLUMNS(Z0, Z4, Z8, Z12)                     // columns 0, 4, 8 and 12
	COLUMNS(Z1, Z5, Z9, Z13)                     // columns 1, 5, 9 and 13
	COLUMNS(Z2, Z6, Z10, Z14)                    // columns 2, 6, 10 and 14
	COLUMNS(Z3, Z7, Z11, Z15)                    // columns 3, 7, 11 and 15
	ADDQ $64, SI                                 // src += 16 columns
	MOVQ R8, DX
	SHLQ $4, DX
	ADDQ DX, DI                                  // dst += 16 rows
	DECQ CX
	JNZ  block                                   // }
	VZEROUPPER
	RET

// copyRowsAVX512Asm copies rows of 16·vectors columns, of which the last vector has those in mask; the others become zero:
//
//	for r := range rows {
//		n := 16 * (vectors - 1)
//		copy(dst[r*ldd:][:n], src[r*lds:][:n])
//		for j := range 16 {
//			dst[r*ldd+n+j] = 0
//			if mask>>j&1 == 1 { dst[r*ldd+n+j] = src[r*lds+n+j] }
//		}
//	}
//
//	DI  dst    R8  bytes to its next row    SI  src    R10, R11  bytes of one row, of eight    CX  rows left
//	DX, AX  a vector of the row in dst, in src    R9  vectors    BX  those left    K1  mask
//
// func copyRowsAVX512Asm(dst *float32, ldd int, src *float32, lds, rows, vectors int, mask uint16)
TEXT ·copyRowsAVX512Asm(SB), NOSPLIT, $0-50
	MOVQ  dst+0(FP), DI
	MOVQ  ldd+8(FP), R8
	MOVQ  src+16(FP), SI
	MOVQ  lds+24(FP), R10
	MOVQ  rows+32(FP), CX
	MOVQ  vectors+40(FP), R9
	KMOVW mask+48(FP), K1
	SHLQ  $2, R8           // ldd in bytes
	SHLQ  $2, R10          // lds in bytes
	MOVQ  R10, R11
	SHLQ  $3, R11          // eight rows of src

row:                           // for range rows {
	MOVQ SI, AX            // from = src
	MOVQ DI, DX            // to = dst
	MOVQ R9, BX            // v = vectors
	DECQ BX                // v--
	JZ   last              // if v == 0 { goto last }

vector:                        // for ; v > 0; v-- {
	PREFETCHT0 (AX)(R11*1) // fetch(from[8*lds:]): the processor does not foresee such strides
	VMOVUPS (AX), Z0       // x = from[0:16]
	VMOVUPS Z0, (DX)       // to[0:16] = x
	ADDQ $64, AX           // from += 16
	ADDQ $64, DX           // to += 16
	DECQ BX                // v--
	JNZ  vector            // }

last:                          // columns past the edge become zero
	PREFETCHT0 (AX)(R11*1) // fetch(from[8*lds:])
	VMOVUPS.Z (AX), K1, Z0 // x = from[0:16], or 0 where mask has a 0
	VMOVUPS Z0, (DX)       // to[0:16] = x
	ADDQ R10, SI           // src += a row
	ADDQ R8, DI            // dst += a row
	DECQ CX
	JNZ  row               // }
	VZEROUPPER
	RET
