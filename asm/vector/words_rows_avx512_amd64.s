//go:build !purego

#include "textflag.h"
#include "fold_avx512_amd64.h"
#include "words_avx512_amd64.h"

// scaleWordsAVX512Asm multiplies each row by its factor, or all by one when step is 0, and rounds:
//
//	for r := range rows {
//		for j := range n {
//			dst[r*ldd+j] = bf16(src[r*lds+j] * factors[r*step])
//		}
//	}
//
//	DI  row of dst    R8  bytes to the next    R14  eight rows on    DX  row of src    R9  bytes to the next    R10  rows left
//	R11  factor of the row    R13  bytes to the next    Z2  the factor    Z0, Z1  a pair of vectors
//	SI  2·j, bytes into a row of dst    BX  whole pairs of a row    CX  those left    R12  n % 32
//	K1, K2  columns of the last, incomplete pair    K3  both
//
// func scaleWordsAVX512Asm(dst *uint16, ldd int, src *float32, lds, rows, n int, factors *float32, step int)
TEXT ·scaleWordsAVX512Asm(SB), NOSPLIT, $0-64
	MOVQ dst+0(FP), DI
	MOVQ ldd+8(FP), R8
	MOVQ src+16(FP), DX
	MOVQ lds+24(FP), R9
	MOVQ rows+32(FP), R10
	MOVQ n+40(FP), BX
	MOVQ factors+48(FP), R11
	MOVQ step+56(FP), R13              // 0 when one factor serves all rows
	SHLQ $1, R8                        // ldd in bytes
	SHLQ $2, R9                        // lds in bytes
	SHLQ $2, R13                       // step in bytes
	LEAQ (DI)(R8*8), R14               // dst[8*ldd:]
	MOVQ BX, CX
	ANDQ $31, CX                       // n % 32
	MOVQ CX, R12
	MOVQ $1, AX
	SHLQ CX, AX                        // 1 << (n%32)
	DECQ AX                            // 1<<(n%32) - 1
	KMOVD AX, K3                       // columns of the last, incomplete pair
	KMOVW AX, K1                       // of its first vector
	SHRQ $16, AX
	KMOVW AX, K2                       // and of its second
	SHRQ $5, BX                        // n / 32, whole pairs

scale:                                     // for r := range rows {
	VBROADCASTSS (R11), Z2             // f = factors[r*step]
	XORQ SI, SI                        // j = 0
	MOVQ BX, CX                        // left = n / 32
	TESTQ CX, CX
	JZ   scaleRest                     // if left == 0 { goto scaleRest }

scaleLoop:                                 // for ; left > 0; left-- {
	PREFETCHT0 (R14)(SI*1)             // fetch(dst[(r+8)*ldd+j:]): the processor does not foresee such strides
	VMULPS (DX)(SI*2), Z2, Z0          // y = f * src[r*lds+j:][:32]
	VMULPS 64(DX)(SI*2), Z2, Z1
	ROUND_Z0_Z1                        // bf16(y)
	VMOVDQU64 Z0, (DI)(SI*1)           // dst[r*ldd+j:][:32] = bf16(y)
	ADDQ $64, SI                       // j += 32
	DECQ CX
	JNZ  scaleLoop                     // }

scaleRest:
	TESTQ R12, R12
	JZ   scaleNext                     // if n%32 == 0 { goto scaleNext }
	VMULPS.Z (DX)(SI*2), Z2, K1, Z0    // y = f * src[r*lds+j:][:n%32]
	VMULPS.Z 64(DX)(SI*2), Z2, K2, Z1
	ROUND_Z0_Z1                        // bf16(y)
	VMOVDQU16 Z0, K3, (DI)(SI*1)       // dst[r*ldd+j:][:n%32] = bf16(y)

scaleNext:
	ADDQ R8, DI                        // dst += a row
	ADDQ R8, R14                       // and so of the row that is fetched
	ADDQ R9, DX                        // src += a row
	ADDQ R13, R11                      // factors += step
	DECQ R10
	JNZ  scale                         // }
	VZEROUPPER
	RET

// VDPBF16PS, which the assembler lacks, adds the products of sixteen pairs: first those of the upper halves of words, then those of the
// lower, each with one rounding.
#define DOT_Z2_Z3_Z0 LONG $0x486ef262; WORD $0xc352 // Z0 += Z2 · Z3

// rowDotsAVX512Asm multiplies rows, whose products are exact and whose sums are float32:
//
//	for r := range rows {
//		dst[r] = 0
//		for j := range n {
//			dst[r] += a[r*stride+j] * b[r*stride+j]
//		}
//	}
//
//	DI  dst    SI, DX  rows of a, b    R8  bytes to the next    R9, R10  a, b eight rows on    R11  rows left
//	BX  2·j, bytes into a row    R12  whole vectors of a row    CX  those left    K1  elements of the last, incomplete one
//	Z0  sums of a row    Z2, Z3  a vector of a, b
//
// func rowDotsAVX512Asm(dst *float32, a, b *uint16, stride, rows, n int)
TEXT ·rowDotsAVX512Asm(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ stride+24(FP), R8
	MOVQ rows+32(FP), R11
	MOVQ n+40(FP), R12
	SHLQ $1, R8                        // stride in bytes
	LEAQ (SI)(R8*8), R9                // eight rows on
	LEAQ (DX)(R8*8), R10
	MOVQ R12, CX
	ANDQ $31, CX                       // n % 32
	MOVQ $1, AX
	SHLQ CX, AX                        // 1 << (n%32)
	DECQ AX                            // 1<<(n%32) - 1
	KMOVD AX, K1                       // elements of the last, incomplete vector
	SHRQ $5, R12                       // n / 32, whole vectors

dot:                                       // for range rows {
	VPXORD Z0, Z0, Z0                  // s = 0
	XORQ BX, BX                        // j = 0
	MOVQ R12, CX                       // left = n / 32
	TESTQ CX, CX
	JZ   dotRest                       // if left == 0 { goto dotRest }

dotLoop:                                   // for ; left > 0; left-- {
	PREFETCHT0 (R9)(BX*1)              // fetch(a[8*stride+j:]): the processor does not foresee such strides
	PREFETCHT0 (R10)(BX*1)             // and so for b
	VMOVDQU64 (SI)(BX*1), Z2           // a[j:][:32]
	VMOVDQU64 (DX)(BX*1), Z3           // b[j:][:32]
	DOT_Z2_Z3_Z0                       // s += a · b
	ADDQ $64, BX                       // j += 32
	DECQ CX
	JNZ  dotLoop                       // }

dotRest:
	KTESTD K1, K1
	JZ   dotSum                        // if n%32 == 0 { goto dotSum }: a load of no lanes waits for its line, too
	VMOVDQU16.Z (SI)(BX*1), K1, Z2     // a[j:][:n%32]
	VMOVDQU16.Z (DX)(BX*1), K1, Z3     // b[j:][:n%32]
	DOT_Z2_Z3_Z0                       // s += a · b

dotSum:
	FOLD(VADDPS, VADDSS)               // s = sum of the lanes
	VMOVSS X0, (DI)                    // dst[r] = s
	ADDQ $4, DI                        // dst++
	ADDQ R8, SI                        // a += a row
	ADDQ R8, DX                        // b += a row
	ADDQ R8, R9                        // and so of what is fetched
	ADDQ R8, R10
	DECQ R11
	JNZ  dot                           // }
	VZEROUPPER
	RET
