//go:build !purego

#include "textflag.h"

// PAIR interleaves two rows of a 16×16 block, in each of the four quarters of a register:
//	lo = x[0] y[0] x[1] y[1],  hi = x[2] y[2] x[3] y[3]
#define PAIR(x, y, lo, hi) \
	VUNPCKLPS y, x, lo  \
	VUNPCKHPS y, x, hi

// FOUR joins two pairs of rows: quarter q of cj then is column 4q+j of four rows.
#define FOUR(lo0, hi0, lo1, hi1, c0, c1, c2, c3) \
	VUNPCKLPD lo1, lo0, c0  \
	VUNPCKHPD lo1, lo0, c1  \
	VUNPCKLPD hi1, hi0, c2  \
	VUNPCKHPD hi1, hi0, c3

// COLUMNS gathers the quarters of columns j, 4+j, 8+j and 12+j from the registers of four times four rows, and writes them to
// rows of dst, at DX and three times four rows after it.
#define COLUMNS(r0, r4, r8, r12) \
	VSHUFF32X4 $0x44, r4, r0, Z16     \
	VSHUFF32X4 $0xEE, r4, r0, Z17     \
	VSHUFF32X4 $0x44, r12, r8, Z18    \
	VSHUFF32X4 $0xEE, r12, r8, Z19    \
	VSHUFF32X4 $0x88, Z18, Z16, Z20   \
	VSHUFF32X4 $0xDD, Z18, Z16, Z21   \
	VSHUFF32X4 $0x88, Z19, Z17, Z22   \
	VSHUFF32X4 $0xDD, Z19, Z17, Z23   \
	VMOVUPS    Z20, (DX)              \
	VMOVUPS    Z21, (DX)(R8*4)        \
	VMOVUPS    Z22, (DX)(R8*8)        \
	VMOVUPS    Z23, (DX)(R9*4)        \
	ADDQ       R8, DX

// func transposeAVX512(dst *float32, ldd int, src *float32, lds, blocks int)
TEXT ·transposeAVX512(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ ldd+8(FP), R8
	MOVQ src+16(FP), SI
	MOVQ lds+24(FP), R10
	MOVQ blocks+32(FP), CX
	SHLQ $2, R8                 // in bytes
	SHLQ $2, R10
	LEAQ (R8)(R8*2), R9         // three rows of dst
	LEAQ (R10)(R10*2), R11      // and of src

block:                          // for each 16 columns of src
	MOVQ SI, BX                 // rows 0–3, 4–7, …
	VMOVUPS (BX), Z0
	VMOVUPS (BX)(R10*1), Z1
	VMOVUPS (BX)(R10*2), Z2
	VMOVUPS (BX)(R11*1), Z3
	LEAQ (BX)(R10*4), BX
	VMOVUPS (BX), Z4
	VMOVUPS (BX)(R10*1), Z5
	VMOVUPS (BX)(R10*2), Z6
	VMOVUPS (BX)(R11*1), Z7
	LEAQ (BX)(R10*4), BX
	VMOVUPS (BX), Z8
	VMOVUPS (BX)(R10*1), Z9
	VMOVUPS (BX)(R10*2), Z10
	VMOVUPS (BX)(R11*1), Z11
	LEAQ (BX)(R10*4), BX
	VMOVUPS (BX), Z12
	VMOVUPS (BX)(R10*1), Z13
	VMOVUPS (BX)(R10*2), Z14
	VMOVUPS (BX)(R11*1), Z15
	PAIR(Z0, Z1, Z16, Z17)
	PAIR(Z2, Z3, Z18, Z19)
	PAIR(Z4, Z5, Z20, Z21)
	PAIR(Z6, Z7, Z22, Z23)
	PAIR(Z8, Z9, Z24, Z25)
	PAIR(Z10, Z11, Z26, Z27)
	PAIR(Z12, Z13, Z28, Z29)
	PAIR(Z14, Z15, Z30, Z31)
	FOUR(Z16, Z17, Z18, Z19, Z0, Z1, Z2, Z3)
	FOUR(Z20, Z21, Z22, Z23, Z4, Z5, Z6, Z7)
	FOUR(Z24, Z25, Z26, Z27, Z8, Z9, Z10, Z11)
	FOUR(Z28, Z29, Z30, Z31, Z12, Z13, Z14, Z15)
	MOVQ DI, DX
	COLUMNS(Z0, Z4, Z8, Z12)
	COLUMNS(Z1, Z5, Z9, Z13)
	COLUMNS(Z2, Z6, Z10, Z14)
	COLUMNS(Z3, Z7, Z11, Z15)
	ADDQ $64, SI
	MOVQ R8, DX
	SHLQ $4, DX
	ADDQ DX, DI                 // sixteen rows on
	DECQ CX
	JNZ  block
	VZEROUPPER
	RET

// func copyRowsAVX512(dst *float32, ldd int, src *float32, lds, rows, vectors int, mask uint16)
TEXT ·copyRowsAVX512(SB), NOSPLIT, $0-50
	MOVQ  dst+0(FP), DI
	MOVQ  ldd+8(FP), R8
	MOVQ  src+16(FP), SI
	MOVQ  lds+24(FP), R10
	MOVQ  rows+32(FP), CX
	MOVQ  vectors+40(FP), R9
	KMOVW mask+48(FP), K1
	SHLQ  $2, R8                // in bytes
	SHLQ  $2, R10
	MOVQ  R10, R11
	SHLQ  $3, R11               // eight rows on

row:
	MOVQ SI, AX
	MOVQ DI, DX
	MOVQ R9, BX
	DECQ BX
	JZ   last

vector:
	PREFETCHT0 (AX)(R11*1)
	VMOVUPS (AX), Z0
	VMOVUPS Z0, (DX)
	ADDQ $64, AX
	ADDQ $64, DX
	DECQ BX
	JNZ  vector

last:                           // columns past the edge become zero
	PREFETCHT0 (AX)(R11*1)
	VMOVUPS.Z (AX), K1, Z0
	VMOVUPS Z0, (DX)
	ADDQ R10, SI
	ADDQ R8, DI
	DECQ CX
	JNZ  row
	VZEROUPPER
	RET
