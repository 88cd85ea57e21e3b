//go:build !purego

#include "textflag.h"
#include "block_avx512_amd64.h"

// scaleRowsAVX512Asm multiplies each row by its factor, or all by one when step is 0:
//
//	for r := range rows {
//		for j := range n {
//			dst[r*ldd+j] = src[r*lds+j] * factors[r*step]
//		}
//	}
//
//	DI  row of dst    R8  bytes to the next    DX  row of src    R12  bytes to the next    BX, R14  src, dst eight rows on    R9  rows left    R10  n
//	R11  factor of the row    R13  bytes to the next    Z0  the factor    Z1  a vector
//	SI  4·j, bytes into a row    R15  those of the whole vectors    K1  columns of the last, incomplete vector
//
// dst may be src.
//
// func scaleRowsAVX512Asm(dst *float32, ldd int, src *float32, lds, rows, n int, factors *float32, step int)
TEXT ·scaleRowsAVX512Asm(SB), NOSPLIT, $0-64
	MOVQ dst+0(FP), DI
	MOVQ ldd+8(FP), R8
	MOVQ src+16(FP), DX
	MOVQ lds+24(FP), R12
	MOVQ rows+32(FP), R9            // rows left
	MOVQ n+40(FP), R10
	MOVQ factors+48(FP), R11
	MOVQ step+56(FP), R13           // 0 when one factor serves all rows
	SHLQ $2, R13                    // step in bytes
	SHLQ $2, R8                     // ldd in bytes
	SHLQ $2, R12                    // lds in bytes
	LEAQ (DX)(R12*8), BX            // src[8*lds:]
	LEAQ (DI)(R8*8), R14            // dst[8*ldd:]
	TAIL                            // whole, mask = n&^15, 1<<(n%16) - 1

scale:                                  // for r := range rows {
	VBROADCASTSS (R11), Z0          // f = factors[r*step]
	XORQ SI, SI                     // j = 0
	CMPQ SI, R15
	JEQ  scaleTail                  // if whole == 0 { goto scaleTail }

scaleLoop:                              // for ; j < whole; j += 16 {
	PREFETCHT0 (BX)(SI*1)           // fetch(src[(r+8)*lds+j:]): the processor does not foresee such strides
	PREFETCHT0 (R14)(SI*1)          // fetch(dst[(r+8)*ldd+j:])
	VMULPS (DX)(SI*1), Z0, Z1       // y = f * src[r*lds+j:][:16]
	VMOVUPS Z1, (DI)(SI*1)          // dst[r*ldd+j:][:16] = y
	ADDQ $64, SI                    // j += 16
	CMPQ SI, R15
	JLT  scaleLoop                  // }

scaleTail:
	TESTQ $15, R10
	JZ   scaleNext                  // if n%16 == 0 { goto scaleNext }: a store of no lanes waits for its line, too
	VMULPS.Z (DX)(SI*1), Z0, K1, Z1 // y = f * src[r*lds+j:][:n%16]
	VMOVUPS Z1, K1, (DI)(SI*1)      // dst[r*ldd+j:][:n%16] = y

scaleNext:
	ADDQ R8, DI                     // dst += a row
	ADDQ R8, R14                    // and so of the row that is fetched
	ADDQ R12, DX                    // src += a row
	ADDQ R12, BX                    // and so of the row that is fetched
	ADDQ R13, R11                   // factors += step
	DECQ R9
	JNZ  scale                      // }
	VZEROUPPER
	RET
