//go:build !purego

#include "textflag.h"

DATA int8Row<>+0(SB)/4, $0x7fffffff  // all bits but the sign
DATA int8Row<>+4(SB)/4, $0x42fe0000  // 127
DATA int8Row<>+8(SB)/4, $0x03800000  // 2^−120, below which a magnitude counts as zero
DATA int8Row<>+12(SB)/4, $0x80808080 // the zero point in every byte
GLOBL int8Row<>(SB), RODATA|NOPTR, $16

// LASTMASK sets K1 for the columns of the last vector, 1 to 16, and R11 to the number of vectors of R11 columns. Clobbers CX, AX.
#define LASTMASK \
	LEAQ  -1(R11), CX \
	ANDQ  $15, CX     \ // (n-1) % 16
	MOVQ  $2, AX      \
	SHLQ  CX, AX      \ // 2 << ((n-1)%16)
	DECQ  AX          \ // the low (n-1)%16 + 1 bits
	KMOVW AX, K1      \ // columns of the last vector
	ADDQ  $15, R11    \
	SHRQ  $4, R11       // vectors of a row

// FOLDX brings four lanes of X0, whole numbers, into lane 0 with op, + or max.
#define FOLDX(OP) \
	VPSHUFD $0x4E, X0, X1 \ // lanes 2, 3
	OP      X1, X0, X0    \ // x[0:2] op x[2:4]
	VPSHUFD $0xB1, X0, X1 \ // lane 1
	OP      X1, X0, X0      // x[0] op x[1]

// int8RowsAVX512Asm quantises rows of n elements with a scale each:
//
//	for r := range rows {
//		top, sum := 0, 0
//		for j := range n {
//			top = max(top, |src[r*lds+j]|) // as whole numbers: NaN is above all
//		}
//		scales[r] = top / 127 // 0 if top < 2^−120, NaN if it is infinite
//		inverse := 127 / top  // 0 if top < 2^−120
//		for j := range n {    // then zeros to the next multiple of sixteen
//			q := int8(round(src[r*lds+j] * inverse))
//			dst[r*ldd].bytes[j] = q ^ flip.bytes[j%4]
//			sum += q
//		}
//		starts[r] = −128 * sum
//	}
//
//	DI  row of dst    R8  bytes to the next    DX  place in it    SI  row of src    R9  bytes to the next    BX  place in it
//	R10  rows left    R11  vectors of a row    CX  those left    R12  scales    R13  starts    R15  bytes of eight rows of src
//	K1  columns of the last vector    K2  whether top is not tiny    X2  inverse, then in all lanes    X3  scale    X5  128·sum, in four lanes
//	Z16  sign mask    X17  127    X18  2^−120    X19  zero points    X20  flip
//
// func int8RowsAVX512Asm(dst *float32, ldd int, src *float32, lds, rows, n int, flip uint32, scales, starts *float32)
TEXT ·int8RowsAVX512Asm(SB), NOSPLIT, $0-72
	MOVQ dst+0(FP), DI
	MOVQ ldd+8(FP), R8
	MOVQ src+16(FP), SI
	MOVQ lds+24(FP), R9
	MOVQ rows+32(FP), R10
	MOVQ n+40(FP), R11
	MOVQ scales+56(FP), R12
	MOVQ starts+64(FP), R13
	MOVL flip+48(FP), AX
	VPBROADCASTD AX, X20         // flip, in all words
	LEAQ int8Row<>(SB), AX
	VPBROADCASTD (AX), Z16       // the sign mask
	VMOVSS 4(AX), X17            // 127
	VMOVSS 8(AX), X18            // 2^−120
	VPBROADCASTD 12(AX), X19     // the zero point, in all bytes
	SHLQ $2, R8                  // ldd in bytes
	SHLQ $2, R9                  // lds in bytes
	LEAQ (R9*8), R15             // eight rows
	LASTMASK

row:                                 // for r := range rows {
	VPXORD Z0, Z0, Z0            // top = 0, in 16 lanes
	MOVQ SI, BX                  // x = src
	MOVQ R11, CX
	DECQ CX
	JZ   topRest                 // if one vector { goto topRest }

top:                                 // for all vectors but the last {
	PREFETCHT0 (BX)(R15*1)       // fetch(x[8*lds:]): the processor does not foresee such strides
	VPANDD (BX), Z16, Z1         // |x[0:16]|
	VPMAXUD Z1, Z0, Z0           // top = max(top, |x[0:16]|)
	ADDQ $64, BX                 // x += 16
	DECQ CX
	JNZ  top                     // }

topRest:
	PREFETCHT0 (BX)(R15*1)
	VPANDD.Z (BX), Z16, K1, Z1   // |x|, as many as there are
	VPMAXUD Z1, Z0, Z0           // top = max(top, |x|)
	VEXTRACTI64X4 $1, Z0, Y1     // lanes 8–15
	VPMAXUD Y1, Y0, Y0           // in 8 lanes
	VEXTRACTI128 $1, Y0, X1      // lanes 4–7
	VPMAXUD X1, X0, X0           // in 4 lanes
	FOLDX(VPMAXUD)               // in one
	VCMPSS $5, X18, X0, K2       // ok = !(top < 2^−120)
	VDIVSS.Z X0, X17, K2, X2     // inverse = 127/top, 0 if !ok
	VDIVSS.Z X17, X0, K2, X3     // scale = top/127, 0 if !ok
	VSUBSS X0, X0, X4            // top - top, NaN if that is infinite
	VADDSS X4, X3, X3            // scale += top - top
	VMOVSS X3, (R12)             // scales[r] = scale
	VBROADCASTSS X2, Z2          // inverse, in all lanes
	VPXOR X5, X5, X5             // sum = 0
	MOVQ SI, BX                  // x = src
	MOVQ DI, DX                  // y = dst
	MOVQ R11, CX
	DECQ CX
	JZ   quantizeRest            // if one vector { goto quantizeRest }

quantize:                            // for all vectors but the last {
	VMULPS (BX), Z2, Z0          // q = x[0:16] * inverse
	VCVTPS2DQ Z0, Z0             // q = int32(round(q)), ties to even
	VPMOVDB Z0, X0               // as bytes
	VPDPBUSD X0, X19, X5         // sum += q, times 128
	VPXORD X20, X0, X0           // q ^= flip
	VMOVDQU X0, (DX)             // y[0:4] = four words
	ADDQ $64, BX                 // x += 16
	ADDQ $16, DX                 // y += 4
	DECQ CX
	JNZ  quantize                // }

quantizeRest:
	VMULPS.Z (BX), Z2, K1, Z0    // q = x * inverse, as many as there are, then zeros
	VCVTPS2DQ Z0, Z0             // q = int32(round(q))
	VPMOVDB Z0, X0               // as bytes
	VPDPBUSD X0, X19, X5         // sum += q, times 128
	VPXORD X20, X0, X0           // q ^= flip
	VMOVDQU X0, (DX)             // y[0:4] = four words
	VPXOR X0, X0, X0
	VPSUBD X5, X0, X0            // −128 * sum, in four lanes
	FOLDX(VPADDD)                // in one
	VMOVD X0, (R13)              // starts[r] = −128 * sum
	ADDQ R9, SI                  // src += a row
	ADDQ R8, DI                  // dst += a row
	ADDQ $4, R12                 // scales++
	ADDQ $4, R13                 // starts++
	DECQ R10
	JNZ  row                     // }
	VZEROUPPER
	RET

// int8TopsAVX512Asm raises the largest magnitudes of columns, of sixteen after the other:
//
//	for j := range n {
//		for r := range rows {
//			tops[j] = max(tops[j], |src[r*stride+j]|) // as whole numbers: NaN is above all
//		}
//	}
//
//	DI  tops    SI  src    BX  row of it    R9  bytes to the next    R10  rows left    R11  vectors left    R15  bytes of eight rows
//	K1  columns of the last vector    K2  columns of this one    Z0  tops    Z16  sign mask
//
// func int8TopsAVX512Asm(tops, src *float32, stride, rows, n int)
TEXT ·int8TopsAVX512Asm(SB), NOSPLIT, $0-40
	MOVQ tops+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ stride+16(FP), R9
	MOVQ n+32(FP), R11
	LEAQ int8Row<>(SB), AX
	VPBROADCASTD (AX), Z16       // the sign mask
	SHLQ $2, R9                  // stride in bytes
	LEAQ (R9*8), R15             // eight rows
	LASTMASK
	KXNORW K2, K2, K2            // sixteen columns

vector:                              // for j := 0; j < n; j += 16 {
	CMPQ R11, $1
	JNE  down
	KMOVW K1, K2                 // the columns of the last vector

down:
	VMOVUPS.Z (DI), K2, Z0       // top = tops[j:][:16], as many as there are
	MOVQ SI, BX
	MOVQ rows+24(FP), R10

each:                                // for range rows {
	PREFETCHT0 (BX)(R15*1)       // fetch(src[8*stride+j:]): the processor does not foresee such strides
	VPANDD.Z (BX), Z16, K2, Z1   // |src[j:][:16]|
	VPMAXUD Z1, Z0, Z0           // top = max(top, |src[j:][:16]|)
	ADDQ R9, BX                  // the next row
	DECQ R10
	JNZ  each                    // }
	VMOVUPS Z0, K2, (DI)         // tops[j:][:16] = top
	ADDQ $64, DI                 // j += 16
	ADDQ $64, SI
	DECQ R11
	JNZ  vector                  // }
	VZEROUPPER
	RET

// int8PackAVX512Asm makes words of the elements one above the other in rows a, b, c and d, n ≤ 64 of them:
//
//	for g := range groups {
//		for j := range n { // then zeros to the next multiple of sixteen
//			i := 4*g*stride + j
//			q := int8(round(x[i] * inverse[j])) // for each x of a, b, c, d
//			dst[g*64+j] = word(qa, qb, qc, qd) // the lowest byte first
//		}
//	}
//
//	DI  row of dst, 256 bytes    SI, R8, R9, R10  rows of a, b, c, d    R12  bytes of four rows    R13  groups left
//	R15  inverse    BX  4·j, bytes into a row    R11  vectors of a row    CX  those left    K1  columns of the last one
//	K2  columns of this one    Z4  inverse    Z16  bytes' mask
//
// func int8PackAVX512Asm(dst, a, b, c, d *float32, stride, groups, n int, inverse *float32)
TEXT ·int8PackAVX512Asm(SB), NOSPLIT, $0-72
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), R8
	MOVQ c+24(FP), R9
	MOVQ d+32(FP), R10
	MOVQ stride+40(FP), R12
	MOVQ groups+48(FP), R13
	MOVQ n+56(FP), R11
	MOVQ inverse+64(FP), R15
	SHLQ $4, R12                 // bytes of four rows
	MOVL $0xFF, AX
	VPBROADCASTD AX, Z16         // the lowest byte of a word
	LASTMASK

group:                               // for range groups {
	XORQ BX, BX                  // j = 0
	MOVQ R11, CX
	KXNORW K2, K2, K2            // sixteen columns

columns:                             // for ; j < n; j += 16 {
	CMPQ CX, $1
	JNE  four
	KMOVW K1, K2                 // the columns of the last vector

four:
	VMOVUPS (R15)(BX*1), Z4      // inverse[j:][:16]
	VMULPS.Z (SI)(BX*1), Z4, K2, Z0 // a * inverse
	VMULPS.Z (R8)(BX*1), Z4, K2, Z1 // b * inverse
	VMULPS.Z (R9)(BX*1), Z4, K2, Z2 // c * inverse
	VMULPS.Z (R10)(BX*1), Z4, K2, Z3 // d * inverse
	VCVTPS2DQ Z0, Z0             // qa = int32(round(a)), ties to even
	VCVTPS2DQ Z1, Z1             // qb
	VCVTPS2DQ Z2, Z2             // qc
	VCVTPS2DQ Z3, Z3             // qd
	VPANDD Z16, Z0, Z0           // byte(qa)
	VPANDD Z16, Z1, Z1           // byte(qb)
	VPANDD Z16, Z2, Z2           // byte(qc)
	VPSLLD $8, Z1, Z1            // byte(qb) << 8
	VPSLLD $16, Z2, Z2           // byte(qc) << 16
	VPSLLD $24, Z3, Z3           // qd << 24
	VPORD Z1, Z0, Z0
	VPORD Z3, Z2, Z2
	VPORD Z2, Z0, Z0             // w = the four bytes
	VMOVDQU32 Z0, (DI)(BX*1)     // dst[j:][:16] = w
	ADDQ $64, BX                 // j += 16
	DECQ CX
	JNZ  columns                 // }
	ADDQ R12, SI                 // a += four rows
	ADDQ R12, R8                 // b += four rows
	ADDQ R12, R9                 // c += four rows
	ADDQ R12, R10                // d += four rows
	ADDQ $256, DI                // dst += a row of 64 words
	DECQ R13
	JNZ  group                   // }
	VZEROUPPER
	RET
