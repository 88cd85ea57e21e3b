//go:build !purego

#include "textflag.h"

// VCVTNEPS2BF16, which the assembler lacks: the sixteen float32 of Z0 or Z2 become bfloat16, to nearest even, in Y1 or Y3. As in
// ToBF16, NaN stays NaN and what is too small for a normal number becomes zero.
#define ROUND_Z0_Y1 LONG $0x487ef262; WORD $0xc872 // Y1 = bf16(Z0)
#define ROUND_Z2_Y3 LONG $0x487ef262; WORD $0xda72 // Y3 = bf16(Z2)

// bf16RoundAVX512Asm rounds rows of n elements, which then are rows of words of two, with zeros to the next multiple of sixteen:
//
//	for r := range rows {
//		for j := 0; j < n; j += 2 {
//			dst[r*ldd+j/2] = word(bf16(src[r*lds+j]), bf16(src[r*lds+j+1])) // low half, high half
//		}
//	}
//
//	DI  row of dst    R8  bytes to the next    DX  place in it     SI  row of src    R9  bytes to the next    BX  place in it
//	R10  rows left    R11  n    CX  columns left less 16    R13  bytes of eight rows of src    K1  columns of the last, incomplete vector
//
// func bf16RoundAVX512Asm(dst *float32, ldd int, src *float32, lds, rows, n int)
TEXT ·bf16RoundAVX512Asm(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ ldd+8(FP), R8
	MOVQ src+16(FP), SI
	MOVQ lds+24(FP), R9
	MOVQ rows+32(FP), R10
	MOVQ n+40(FP), R11
	SHLQ $2, R8            // ldd in bytes
	SHLQ $2, R9            // lds in bytes
	LEAQ (R9*8), R13       // eight rows
	MOVQ R11, CX
	ANDQ $15, CX           // n % 16
	MOVQ $1, AX
	SHLQ CX, AX            // 1 << (n%16)
	DECQ AX                // 1<<(n%16) - 1
	KMOVW AX, K1           // columns of the last, incomplete vector

row:                           // for range rows {
	MOVQ SI, BX            // x = src
	MOVQ DI, DX            // y = dst
	MOVQ R11, CX           // left = n
	SUBQ $16, CX           // left -= 16
	JLT  rest              // if left < 0 { goto rest }

whole:                         // for left >= 0 {
	PREFETCHT0 (BX)(R13*1) // fetch(x[8*lds:]): the processor does not foresee such strides
	VMOVUPS (BX), Z0       // x[0:16]
	ROUND_Z0_Y1            // bf16(x[0:16])
	VMOVDQU Y1, (DX)       // y[0:8] = eight words
	ADDQ $64, BX           // x += 16
	ADDQ $32, DX           // y += 8
	SUBQ $16, CX           // left -= 16
	JGE  whole             // }

rest:
	CMPQ CX, $-16
	JEQ  next              // if left == -16 { goto next }, no column being left
	VMOVUPS.Z (BX), K1, Z0 // x[0:n%16], then zeros
	ROUND_Z0_Y1            // bf16 of them
	VMOVDQU Y1, (DX)       // y[0:8] = eight words

next:
	ADDQ R9, SI            // src += a row
	ADDQ R8, DI            // dst += a row
	DECQ R10
	JNZ  row               // }
	VZEROUPPER
	RET

// PAIR makes words of the rows in Z0, whose bfloat16 come into the low halves, and in Z2. In: Z0, Z2. Out: Z1. Clobbers Z3.
#define PAIR \
	ROUND_Z0_Y1           \ // low = bf16(Z0)
	ROUND_Z2_Y3           \ // high = bf16(Z2)
	VPMOVZXWD Y1, Z1      \ // uint32(low)
	VPMOVZXWD Y3, Z3      \ // uint32(high)
	VPSLLD    $16, Z3, Z3 \ // uint32(high) << 16
	VPORD     Z3, Z1, Z1    // low | high<<16

// WHOLE_AND_REST divides the R11 elements of a row into whole vectors, R11, and those of the last, incomplete one, K1, and looks eight
// rows on, where R9 is the bytes of two.
#define WHOLE_AND_REST \
	MOVQ  R11, CX         \
	ANDQ  $15, CX         \ // n % 16
	MOVQ  $1, AX          \
	SHLQ  CX, AX          \ // 1 << (n%16)
	DECQ  AX              \ // 1<<(n%16) - 1
	KMOVW AX, K1          \ // columns of the last, incomplete vector
	SHRQ  $4, R11         \ // n / 16, whole vectors
	LEAQ  (SI)(R9*4), R12 \ // a, eight rows on
	LEAQ  (R8)(R9*4), R13   // b

// bf16PairAVX512Asm makes words of elements one above the other in rows a and b, n ≤ 64 of them:
//
//	for r := range pairs {
//		for j := range n {
//			dst[r*64+j] = word(bf16(a[2*r*stride+j]), bf16(b[2*r*stride+j])) // low half, high half
//		}
//	}
//
//	DI  row of dst, 256 bytes    SI, R8  rows of a, b    R9  bytes of two rows    R10  pairs left
//	R12, R13  a, b eight rows on    BX  4·j, bytes into a row    R11  whole vectors of a row    CX  those left    K1  columns of the last, incomplete one
//
// func bf16PairAVX512Asm(dst, a, b *float32, stride, pairs, n int)
TEXT ·bf16PairAVX512Asm(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), R8
	MOVQ stride+24(FP), R9
	MOVQ pairs+32(FP), R10
	MOVQ n+40(FP), R11
	SHLQ $3, R9                  // bytes of two rows
	WHOLE_AND_REST

pair:                                // for range pairs {
	XORQ BX, BX                  // j = 0
	MOVQ R11, CX                 // left = n / 16
	TESTQ CX, CX
	JZ   pairRest                // if left == 0 { goto pairRest }

pairWhole:                           // for ; left > 0; left-- {
	PREFETCHT0 (R12)(BX*1)       // fetch(a[8*stride+j:]): the processor does not foresee such strides
	PREFETCHT0 (R13)(BX*1)       // and so for b
	VMOVUPS (SI)(BX*1), Z0       // a[j:][:16]
	VMOVUPS (R8)(BX*1), Z2       // b[j:][:16]
	PAIR                         // w = words of a, b
	VMOVDQU32 Z1, (DI)(BX*1)     // dst[j:][:16] = w
	ADDQ $64, BX                 // j += 16
	DECQ CX                      // left--
	JNZ  pairWhole               // }

pairRest:
	KTESTW K1, K1
	JZ   pairNext                // if n%16 == 0 { goto pairNext }: a load of no lanes waits for its line, too
	VMOVUPS.Z (SI)(BX*1), K1, Z0 // a[j:][:n%16]
	VMOVUPS.Z (R8)(BX*1), K1, Z2 // b[j:][:n%16]
	PAIR                         // w = words of a, b
	VMOVDQU32 Z1, K1, (DI)(BX*1) // dst[j:][:n%16] = w

pairNext:
	ADDQ R9, SI                  // a += two rows
	ADDQ R9, R8                  // b += two rows
	ADDQ R9, R12                 // and so of what is fetched
	ADDQ R9, R13
	ADDQ $256, DI                // dst += a row of 64 words
	DECQ R10
	JNZ  pair                    // }
	VZEROUPPER
	RET

// bf16CopyAVX512Asm copies rows of n bfloat16, two of which are a word, with zeros to the next multiple of sixteen:
//
//	for r := range rows {
//		for j := 0; j < n; j += 2 {
//			dst[r*ldd+j/2] = word(src[r*lds+j], src[r*lds+j+1]) // low half, high half
//		}
//	}
//
//	DI  row of dst    R8  bytes to the next    DX  place in it     SI  row of src    R9  bytes to the next    BX  place in it
//	R10  rows left    R11  whole vectors of a row    CX  those left    R12  bytes of eight rows of src
//	R13  n % 32    K1  elements of the last, incomplete vector    K2  its words, with the zeros
//
// func bf16CopyAVX512Asm(dst *float32, ldd int, src *uint16, lds, rows, n int)
TEXT ·bf16CopyAVX512Asm(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ ldd+8(FP), R8
	MOVQ src+16(FP), SI
	MOVQ lds+24(FP), R9
	MOVQ rows+32(FP), R10
	MOVQ n+40(FP), R11
	SHLQ $2, R8                  // ldd in bytes
	SHLQ $1, R9                  // lds in bytes
	LEAQ (R9*8), R12             // eight rows
	MOVQ R11, CX
	ANDQ $31, CX                 // n % 32
	MOVQ CX, R13
	MOVQ $1, AX
	SHLQ CX, AX                  // 1 << (n%32)
	DECQ AX                      // 1<<(n%32) - 1
	KMOVD AX, K1                 // elements of the last, incomplete vector
	ADDQ $15, CX
	SHRQ $4, CX
	SHLQ $3, CX                  // its words, a multiple of eight
	MOVQ $1, AX
	SHLQ CX, AX
	DECQ AX                      // 1<<words - 1
	KMOVW AX, K2                 // words of it
	SHRQ $5, R11                 // n / 32, whole vectors

copyRow:                             // for range rows {
	MOVQ SI, BX                  // x = src
	MOVQ DI, DX                  // y = dst
	MOVQ R11, CX                 // left = n / 32
	TESTQ CX, CX
	JZ   copyRest                // if left == 0 { goto copyRest }

copyWhole:                           // for ; left > 0; left-- {
	PREFETCHT0 (BX)(R12*1)       // fetch(x[8*lds:]): the processor does not foresee such strides
	VMOVDQU64 (BX), Z0           // x[0:32]
	VMOVDQU64 Z0, (DX)           // y[0:16] = sixteen words
	ADDQ $64, BX                 // x += 32
	ADDQ $64, DX                 // y += 16
	DECQ CX
	JNZ  copyWhole               // }

copyRest:
	TESTQ R13, R13
	JZ   copyNext                // if n%32 == 0 { goto copyNext }
	VMOVDQU16.Z (BX), K1, Z0     // x[0:n%32], then zeros
	VMOVDQU32 Z0, K2, (DX)       // y[0:words] = words

copyNext:
	ADDQ R9, SI                  // src += a row
	ADDQ R8, DI                  // dst += a row
	DECQ R10
	JNZ  copyRow                 // }
	VZEROUPPER
	RET

// bf16JoinAVX512Asm makes words of bfloat16 one above the other in rows a and b, n ≤ 64 of them:
//
//	for r := range pairs {
//		for j := range n {
//			dst[r*64+j] = word(a[2*r*stride+j], b[2*r*stride+j]) // low half, high half
//		}
//	}
//
//	DI  row of dst, 256 bytes    SI, R8  rows of a, b    R9  bytes of two rows    R10  pairs left
//	R12, R13  a, b eight rows on    BX  2·j, bytes into a row    R11  whole vectors of a row    CX  those left    K1  columns of the last, incomplete one
//
// func bf16JoinAVX512Asm(dst *float32, a, b *uint16, stride, pairs, n int)
TEXT ·bf16JoinAVX512Asm(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), R8
	MOVQ stride+24(FP), R9
	MOVQ pairs+32(FP), R10
	MOVQ n+40(FP), R11
	SHLQ $2, R9                     // bytes of two rows
	WHOLE_AND_REST

join:                                   // for range pairs {
	XORQ BX, BX                     // j = 0
	MOVQ R11, CX                    // left = n / 16
	TESTQ CX, CX
	JZ   joinRest                   // if left == 0 { goto joinRest }

joinWhole:                              // for ; left > 0; left-- {
	PREFETCHT0 (R12)(BX*1)          // fetch(a[8*stride+j:]): the processor does not foresee such strides
	PREFETCHT0 (R13)(BX*1)          // and so for b
	VPMOVZXWD (SI)(BX*1), Z0        // uint32(a[j:][:16])
	VPMOVZXWD (R8)(BX*1), Z1        // uint32(b[j:][:16])
	VPSLLD $16, Z1, Z1              // uint32(b) << 16
	VPORD Z1, Z0, Z0                // w = a | b<<16
	VMOVDQU32 Z0, (DI)(BX*2)        // dst[j:][:16] = w
	ADDQ $32, BX                    // j += 16
	DECQ CX                         // left--
	JNZ  joinWhole                  // }

joinRest:
	KTESTW K1, K1
	JZ   joinNext                   // if n%16 == 0 { goto joinNext }
	VPMOVZXWD.Z (SI)(BX*1), K1, Z0  // uint32(a[j:][:n%16])
	VPMOVZXWD.Z (R8)(BX*1), K1, Z1  // uint32(b[j:][:n%16])
	VPSLLD $16, Z1, Z1              // uint32(b) << 16
	VPORD Z1, Z0, Z0                // w = a | b<<16
	VMOVDQU32 Z0, K1, (DI)(BX*2)    // dst[j:][:n%16] = w

joinNext:
	ADDQ R9, SI                     // a += two rows
	ADDQ R9, R8                     // b += two rows
	ADDQ R9, R12                    // and so of what is fetched
	ADDQ R9, R13
	ADDQ $256, DI                   // dst += a row of 64 words
	DECQ R10
	JNZ  join                       // }
	VZEROUPPER
	RET
