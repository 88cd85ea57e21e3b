//go:build !purego

#include "textflag.h"

// PAIR interleaves two rows of an 8×8 block, in each half of a register:  lo = x[0] y[0] x[1] y[1],  hi = x[2] y[2] x[3] y[3]
#define PAIR(x, y, lo, hi) \
	VUNPCKLPS y, x, lo  \
	VUNPCKHPS y, x, hi

// FOUR joins two pairs of rows: half h of cj then is column 4h+j of four rows.
#define FOUR(lo0, hi0, lo1, hi1, c0, c1, c2, c3) \
	VUNPCKLPD lo1, lo0, c0  \
	VUNPCKHPD lo1, lo0, c1  \
	VUNPCKLPD hi1, hi0, c2  \
	VUNPCKHPD hi1, hi0, c3

// COLUMNS joins the halves of columns j and 4+j, and writes them to rows of dst, at DX and four rows after it.
#define COLUMNS(r0, r4) \
	VPERM2F128 $0x20, r4, r0, Y14  \
	VPERM2F128 $0x31, r4, r0, Y15  \
	VMOVUPS    Y14, (DX)           \
	VMOVUPS    Y15, (DX)(R8*4)     \
	ADDQ       R8, DX

// func transposeAVX2(dst *float32, ldd int, src *float32, lds, blocks int)
TEXT ·transposeAVX2(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ ldd+8(FP), R8
	MOVQ src+16(FP), SI
	MOVQ lds+24(FP), R10
	MOVQ blocks+32(FP), CX
	SHLQ $2, R8                 // in bytes
	SHLQ $2, R10
	LEAQ (R10)(R10*2), R11      // three rows of src

block:                          // for each 8 columns of src
	LEAQ (SI)(R10*4), BX        // rows 4–7
	VMOVUPS (SI), Y0
	VMOVUPS (SI)(R10*1), Y1
	VMOVUPS (SI)(R10*2), Y2
	VMOVUPS (SI)(R11*1), Y3
	VMOVUPS (BX), Y4
	VMOVUPS (BX)(R10*1), Y5
	VMOVUPS (BX)(R10*2), Y6
	VMOVUPS (BX)(R11*1), Y7
	PAIR(Y0, Y1, Y8, Y9)
	PAIR(Y2, Y3, Y10, Y11)
	PAIR(Y4, Y5, Y12, Y13)
	PAIR(Y6, Y7, Y14, Y15)
	FOUR(Y8, Y9, Y10, Y11, Y0, Y1, Y2, Y3)
	FOUR(Y12, Y13, Y14, Y15, Y4, Y5, Y6, Y7)
	MOVQ DI, DX
	COLUMNS(Y0, Y4)
	COLUMNS(Y1, Y5)
	COLUMNS(Y2, Y6)
	COLUMNS(Y3, Y7)
	LEAQ (DX)(R8*4), DI         // eight rows on
	ADDQ $32, SI
	DECQ CX
	JNZ  block
	VZEROUPPER
	RET

// func copyRowsAVX2(dst *float32, ldd int, src *float32, lds, rows int)
TEXT ·copyRowsAVX2(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ ldd+8(FP), R8
	MOVQ src+16(FP), SI
	MOVQ lds+24(FP), R10
	MOVQ rows+32(FP), CX
	SHLQ $2, R8                 // in bytes
	SHLQ $2, R10
	MOVQ R10, R11
	SHLQ $3, R11                // eight rows on

row:                            // sixteen columns
	PREFETCHT0 (SI)(R11*1)
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	ADDQ R10, SI
	ADDQ R8, DI
	DECQ CX
	JNZ  row
	VZEROUPPER
	RET
