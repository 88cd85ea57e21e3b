//go:build !purego

#include "textflag.h"

// An 8×8 block is transposed in three steps: PAIR, FOUR and COLUMNS. The first two work on the halves of a register, four numbers
// each, as if each were a block of its own. Numbers are only moved: bits stay, NaN's as well.

// PAIR interleaves rows x and y of a block; h is 0 in the lower half and 4 in the upper.
#define PAIR(x, y, lo, hi) \
	VUNPCKLPS y, x, lo \ // lo = x[h] y[h] x[h+1] y[h+1]
	VUNPCKHPS y, x, hi   // hi = x[h+2] y[h+2] x[h+3] y[h+3]

// FOUR joins two pairs of rows, which makes columns of four rows.
#define FOUR(lo0, hi0, lo1, hi1, c0, c1, c2, c3) \
	VUNPCKLPD lo1, lo0, c0 \ // c0 = column h
	VUNPCKHPD lo1, lo0, c1 \ // c1 = column h+1
	VUNPCKLPD hi1, hi0, c2 \ // c2 = column h+2
	VUNPCKHPD hi1, hi0, c3   // c3 = column h+3

// COLUMNS joins the halves of columns j and 4+j, from r0 rows 0–3 and from r4 rows 4–7, and writes them to rows j and 4+j of dst.
#define COLUMNS(r0, r4) \
	VPERM2F128 $0x20, r4, r0, Y14 \ // column j: the lower halves
	VPERM2F128 $0x31, r4, r0, Y15 \ // column 4+j: the upper halves
	VMOVUPS    Y14, (DX)          \ // dst[j] = column j
	VMOVUPS    Y15, (DX)(R8*4)    \ // dst[4+j] = column 4+j
	ADDQ       R8, DX               // j++

// transposeAVX2Asm transposes eight rows of src:
//
//	for c := range 8 * blocks {
//		for r := range 8 {
//			dst[c*ldd+r] = src[r*lds+c]
//		}
//	}
//
//	DI  dst    R8  bytes to its next row    DX  the row written    CX  blocks left
//	SI  src    R10, R11  bytes of one row, of three    BX  src four rows on
//
// func transposeAVX2Asm(dst *float32, ldd int, src *float32, lds, blocks int)
TEXT ·transposeAVX2Asm(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ ldd+8(FP), R8
	MOVQ src+16(FP), SI
	MOVQ lds+24(FP), R10
	MOVQ blocks+32(FP), CX
	SHLQ $2, R8                              // ldd in bytes
	SHLQ $2, R10                             // lds in bytes
	LEAQ (R10)(R10*2), R11                   // three rows of src

block:                                           // for range blocks {
	LEAQ (SI)(R10*4), BX                     // rows 4–7
	VMOVUPS (SI), Y0                         // row 0
	VMOVUPS (SI)(R10*1), Y1                  // row 1
	VMOVUPS (SI)(R10*2), Y2                  // row 2
	VMOVUPS (SI)(R11*1), Y3                  // row 3
	VMOVUPS (BX), Y4                         // row 4
	VMOVUPS (BX)(R10*1), Y5                  // row 5
	VMOVUPS (BX)(R10*2), Y6                  // row 6
	VMOVUPS (BX)(R11*1), Y7                  // row 7
	PAIR(Y0, Y1, Y8, Y9)                     // rows 0 and 1
	PAIR(Y2, Y3, Y10, Y11)                   // rows 2 and 3
	PAIR(Y4, Y5, Y12, Y13)                   // rows 4 and 5
	PAIR(Y6, Y7, Y14, Y15)                   // rows 6 and 7
	FOUR(Y8, Y9, Y10, Y11, Y0, Y1, Y2, Y3)   // columns of rows 0–3
	FOUR(Y12, Y13, Y14, Y15, Y4, Y5, Y6, Y7) // columns of rows 4–7
	MOVQ DI, DX                              // j = 0
	COLUMNS(Y0, Y4)                          // columns 0 and 4
	COLUMNS(Y1, Y5)                          // columns 1 and 5
	COLUMNS(Y2, Y6)                          // columns 2 and 6
	COLUMNS(Y3, Y7)                          // columns 3 and 7
	LEAQ (DX)(R8*4), DI                      // dst += 8 rows, of which DX has gone four
	ADDQ $32, SI                             // src += 8 columns
	DECQ CX
	JNZ  block                               // }
	VZEROUPPER
	RET

// copyRowsAVX2Asm copies rows of 16 numbers, the width of a panel:
//
//	for r := range rows { copy(dst[r*ldd:][:16], src[r*lds:][:16]) }
//
//	DI  dst    R8  bytes to its next row    SI  src    R10, R11  bytes of one row, of eight    CX  rows left
//
// func copyRowsAVX2Asm(dst *float32, ldd int, src *float32, lds, rows int)
TEXT ·copyRowsAVX2Asm(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ ldd+8(FP), R8
	MOVQ src+16(FP), SI
	MOVQ lds+24(FP), R10
	MOVQ rows+32(FP), CX
	SHLQ $2, R8            // ldd in bytes
	SHLQ $2, R10           // lds in bytes
	MOVQ R10, R11
	SHLQ $3, R11           // eight rows of src

row:                           // for range rows {
	PREFETCHT0 (SI)(R11*1) // fetch(src[8*lds:]): the processor does not foresee such strides
	VMOVUPS (SI), Y0       // x = src[0:8]
	VMOVUPS 32(SI), Y1     // y = src[8:16]
	VMOVUPS Y0, (DI)       // dst[0:8] = x
	VMOVUPS Y1, 32(DI)     // dst[8:16] = y
	ADDQ R10, SI           // src += a row
	ADDQ R8, DI            // dst += a row
	DECQ CX
	JNZ  row               // }
	VZEROUPPER
	RET
