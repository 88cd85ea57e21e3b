//go:build !purego

#include "textflag.h"
#include "softmax_pairs_avx512_amd64.h"
#include "fold_avx512_amd64.h"

DATA weights<>+0(SB)/4, $0x40ffd1be // log₂ 255
DATA weights<>+4(SB)/4, $0x3b808081 // 1/255
DATA weights<>+8(SB)/4, $0x01010101 // four ones
GLOBL weights<>(SB), RODATA|NOPTR, $12

// dither − ½: what is added before rounding to nearest
DATA dither<>+0(SB)/4, $0xbef80000 // -0.484375, element 0 of 32
DATA dither<>+4(SB)/4, $0x3c800000 // 0.015625
DATA dither<>+8(SB)/4, $0xbe700000 // -0.234375
DATA dither<>+12(SB)/4, $0x3e880000 // 0.265625
DATA dither<>+16(SB)/4, $0xbeb80000 // -0.359375
DATA dither<>+20(SB)/4, $0x3e100000 // 0.140625
DATA dither<>+24(SB)/4, $0xbde00000 // -0.109375
DATA dither<>+28(SB)/4, $0x3ec80000 // 0.390625
DATA dither<>+32(SB)/4, $0xbed80000 // -0.421875
DATA dither<>+36(SB)/4, $0x3da00000 // 0.078125
DATA dither<>+40(SB)/4, $0xbe300000 // -0.171875
DATA dither<>+44(SB)/4, $0x3ea80000 // 0.328125
DATA dither<>+48(SB)/4, $0xbe980000 // -0.296875
DATA dither<>+52(SB)/4, $0x3e500000 // 0.203125
DATA dither<>+56(SB)/4, $0xbd400000 // -0.046875
DATA dither<>+60(SB)/4, $0x3ee80000 // 0.453125
DATA dither<>+64(SB)/4, $0xbee80000 // -0.453125
DATA dither<>+68(SB)/4, $0x3d400000 // 0.046875
DATA dither<>+72(SB)/4, $0xbe500000 // -0.203125
DATA dither<>+76(SB)/4, $0x3e980000 // 0.296875
DATA dither<>+80(SB)/4, $0xbea80000 // -0.328125
DATA dither<>+84(SB)/4, $0x3e300000 // 0.171875
DATA dither<>+88(SB)/4, $0xbda00000 // -0.078125
DATA dither<>+92(SB)/4, $0x3ed80000 // 0.421875
DATA dither<>+96(SB)/4, $0xbec80000 // -0.390625
DATA dither<>+100(SB)/4, $0x3de00000 // 0.109375
DATA dither<>+104(SB)/4, $0xbe100000 // -0.140625
DATA dither<>+108(SB)/4, $0x3eb80000 // 0.359375
DATA dither<>+112(SB)/4, $0xbe880000 // -0.265625
DATA dither<>+116(SB)/4, $0x3e700000 // 0.234375
DATA dither<>+120(SB)/4, $0xbc800000 // -0.015625
DATA dither<>+124(SB)/4, $0x3ef80000 // 0.484375
GLOBL dither<>(SB), RODATA|NOPTR, $128

DATA rough3<>+0(SB)/4, $0x3da04af5 // 0.07826797: 2^r, 0 ≤ r < 1, by the polynomial of least relative error that is exact at both ends
GLOBL rough3<>(SB), RODATA|NOPTR, $4
DATA rough2<>+0(SB)/4, $0x3e67bd33 // 0.22630768
GLOBL rough2<>(SB), RODATA|NOPTR, $4
DATA rough1<>+0(SB)/4, $0x3f320754 // 0.6954243
GLOBL rough1<>(SB), RODATA|NOPTR, $4

// ROUGHPOWERS fills Z16–Z18 for ROUGHEXPPAIR, after the last EXP2.
#define ROUGHPOWERS \
	VBROADCASTSS rough3<>(SB), Z16 \ // of r³
	VBROADCASTSS rough2<>(SB), Z17 \ // of r²
	VBROADCASTSS rough1<>(SB), Z18   // of r

// ROUGHEXPPAIR replaces x in Z0 and Z1 by exp(scale·(x − m)) with a relative error of 1e-4, at most a 38th of the last place of a byte.
// Clobbers Z2, Z3, Z8, Z9.
#define ROUGHEXPPAIR \
	FRACTIONS               \ // y, r, p = rough3
	VFMADD213PS Z17, Z2, Z3 \ // p = p*r + rough2
	VFMADD213PS Z17, Z8, Z9 \
	VFMADD213PS Z18, Z2, Z3 \ // p = p*r + rough1
	VFMADD213PS Z18, Z8, Z9 \
	VFMADD213PS Z21, Z2, Z3 \ // p = p*r + 1, 2^r
	VFMADD213PS Z21, Z8, Z9 \
	VSCALEFPS   Z0, Z3, Z0  \ // x = p * 2^floor(y)
	VSCALEFPS   Z1, Z9, Z1

// WEIGHTS makes bytes X0 and X1 of 255·exp in Z0 and Z1. VPMOVUSDB saturates what rounding of exp leaves above 255.
#define WEIGHTS \
	VADDPS    Z23, Z0, Z0 \ // x += dither - 1/2
	VADDPS    Z24, Z1, Z1 \
	VCVTPS2DQ Z0, Z0      \ // w = int32(round(x)), ties to even
	VCVTPS2DQ Z1, Z1

// softmaxBytesAVX512Asm is a step of the online softmax that leaves bytes:
//
//	for r := range rows {
//		m, total := top[r], 0
//		for j := range n {
//			m = max(m, s[r*lds+j])
//		}
//		for j := range n {
//			e := exp(scales[r] * (s[r*lds+j] - m))
//			w := min(255, round(255*e + dither[j%32] - 0.5))
//			byte j%4 of dst[r*ldd+j/4] = w
//			total += w
//		}
//		alpha[r] = exp(scales[r] * (top[r] - m))
//		sum[r] = alpha[r]*sum[r] + total/255
//		top[r] = m
//	}
//
// It passes over all rows twice, as softmaxWordsAVX512Asm does; scales and alpha need room for a multiple of sixteen rows. total is exact.
//
//	DI  row of s    R8  bytes to the next    DX  row of dst    BX  bytes to the next    R9  rows left    R11  top    R12  sum    R13  alpha
//	SI, R15  place in a row of s, dst    R10  pairs of vectors of a row    CX  those left    R14  scales    K3, K4  columns of the last pair
//	Z4  m, then m·scale·log₂ e − log₂ 255    X5, X6  total    Z0, Z1  a pair of vectors    Z2, Z3, Z8, Z9  scratch
//	Z16–Z21  for powers of two    Z22  scale·log₂ e    Z23, Z24  dither − ½    Z25  −∞    Z26  log₂ e    Z27  log₂ 255    X28  1/255    X29  ones
//
// func softmaxBytesAVX512Asm(dst *float32, ldd int, s *float32, lds, rows, n int, scales, top, sum, alpha *float32)
TEXT ·softmaxBytesAVX512Asm(SB), NOSPLIT, $0-80
	MOVQ s+16(FP), DI
	MOVQ lds+24(FP), R8
	MOVQ rows+32(FP), R9
	MOVQ n+40(FP), R10
	MOVQ top+56(FP), R11
	MOVQ alpha+72(FP), R13
	SHLQ $2, R8                    // lds in bytes
	POWERS
	VMOVAPS Z22, Z26               // log2e
	LEAQ dither<>(SB), AX
	VMOVUPS (AX), Z23              // dither[0:16] - 1/2
	VMOVUPS 64(AX), Z24            // dither[16:32] - 1/2
	LEAQ weights<>(SB), AX
	VBROADCASTSS (AX), Z27         // log2(255)
	VMOVSS 4(AX), X28              // 1/255
	VPBROADCASTD 8(AX), X29        // ones, in all bytes
	VBROADCASTSS minusInf<>(SB), Z25
	PAIRS                          // masks of the last pair, and how many pairs
	LARGEST                        // top[r] and, for now, alpha[r] of all rows
	MOVQ alpha+72(FP), R13
	MOVQ scales+48(FP), R14
	MOVQ rows+32(FP), R9           // rows left

shrink:                                // for r := 0; r < rows; r += 16 {
	VMULPS (R14), Z26, Z0          // x = scales[r:][:16] * log2e
	VMULPS (R13), Z0, Z0           // x *= alpha[r:][:16]
	EXP2(Z0, Z1, Z2)               // x = 2^x
	VMOVUPS Z0, (R13)              // alpha[r:][:16] = x
	ADDQ $64, R13                  // alpha += 16
	ADDQ $64, R14                  // scales += 16
	SUBQ $16, R9
	JG   shrink                    // }

	MOVQ dst+0(FP), DX
	MOVQ ldd+8(FP), BX
	MOVQ s+16(FP), DI
	MOVQ rows+32(FP), R9           // rows left
	MOVQ scales+48(FP), R14
	MOVQ top+56(FP), R11
	MOVQ sum+64(FP), R12
	MOVQ alpha+72(FP), R13
	SHLQ $2, BX                    // ldd in bytes
	ROUGHPOWERS

power:                                 // for r := range rows {
	VMULPS.BCST (R14), Z26, Z22    // scale = scales[r] * log2e
	VBROADCASTSS (R11), Z4         // m = top[r]
	VFMSUB213PS Z27, Z22, Z4       // m = m*scale - log2(255)
	VPXOR X5, X5, X5               // total = 0
	VPXOR X6, X6, X6
	MOVQ DI, SI
	MOVQ DX, R15
	MOVQ R10, CX
	DECQ CX
	JZ   powerTail                 // if one pair of vectors { goto powerTail }

powerLoop:                             // for all pairs but the last {
	VMOVUPS (SI), Z0               // x = s[j:][:32]
	VMOVUPS 64(SI), Z1
	ROUGHEXPPAIR                   // x = 255 * exp(scale * (x - m))
	WEIGHTS                        // w = whole numbers of x
	VPMOVUSDB Z0, X0               // min(w, 255) as bytes
	VPMOVUSDB Z1, X1
	VPDPBUSD X29, X0, X5           // total += w
	VPDPBUSD X29, X1, X6
	VMOVDQU X0, (R15)              // dst[j/4:][:8] = eight words
	VMOVDQU X1, 16(R15)
	ADDQ $128, SI                  // j += 32
	ADDQ $32, R15
	DECQ CX
	JNZ  powerLoop                 // }

powerTail:
	VMOVUPS.Z (SI), K3, Z0         // x = the rest of s
	VMOVUPS.Z 64(SI), K4, Z1
	ROUGHEXPPAIR                   // x = 255 * exp(scale * (x - m))
	WEIGHTS                        // w = whole numbers of x
	VMOVDQA32.Z Z0, K3, Z0         // then zeros
	VMOVDQA32.Z Z1, K4, Z1
	VPMOVUSDB Z0, X0               // min(w, 255) as bytes
	VPMOVUSDB Z1, X1
	VPDPBUSD X29, X0, X5           // total += w
	VPDPBUSD X29, X1, X6
	VMOVDQU X0, (R15)              // dst[j/4:][:8] = eight words
	VMOVDQU X1, 16(R15)

	VPADDD X6, X5, X0
	VPSHUFD $0x4E, X0, X1          // lanes 2, 3
	VPADDD X1, X0, X0
	VPSHUFD $0xB1, X0, X1          // lane 1
	VPADDD X1, X0, X0              // total = sum of the lanes
	VCVTDQ2PS X0, X0
	VMULSS X28, X0, X0             // total / 255
	VMOVSS (R12), X1               // sum[r]
	VMULSS (R13), X1, X1           // alpha[r] * sum[r]
	VADDSS X1, X0, X0              // total/255 + alpha[r]*sum[r]
	VMOVSS X0, (R12)               // sum[r] = alpha[r]*sum[r] + total/255
	ADDQ R8, DI                    // s += a row
	ADDQ BX, DX                    // dst += a row
	ADDQ $4, R14                   // scales++
	ADDQ $4, R11                   // top++
	ADDQ $4, R12                   // sum++
	ADDQ $4, R13                   // alpha++
	DECQ R9
	JNZ  power                     // }
	VZEROUPPER
	RET
