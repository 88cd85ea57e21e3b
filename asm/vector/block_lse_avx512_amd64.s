//go:build !purego

#include "textflag.h"
#include "tail_avx512_amd64.h"

// log(1+f) ≈ f·(1 + f·(c1 + f·(c2 + … + f·c7))) for −¼ ≤ f < ½, the polynomial of least error, 4.4e-8.
DATA logPowers<>+0(SB)/4, $0xbf000027  // c1, −0.50000232
DATA logPowers<>+4(SB)/4, $0x3eaaa5bd  // c2, 0.33329573
DATA logPowers<>+8(SB)/4, $0xbe7fc29b  // c3, −0.2497658
DATA logPowers<>+12(SB)/4, $0x3e4e0c0e // c4, 0.20121786
DATA logPowers<>+16(SB)/4, $0xbe32067a // c5, −0.17385283
DATA logPowers<>+20(SB)/4, $0x3e0f8c95 // c6, 0.14018472
DATA logPowers<>+24(SB)/4, $0xbd8484cd // c7, −0.064706422
DATA logPowers<>+28(SB)/4, $0x3f317218 // log 2
DATA logPowers<>+32(SB)/4, $0x3f800000 // 1
GLOBL logPowers<>(SB), RODATA|NOPTR, $36

// logSumExpAVX512Asm ends an online softmax, sixteen rows at a time:
//
//	for r := range rows {
//		lse[r] = scale*top[r] + log(sum[r])
//		inverse[r] = 1 / sum[r]
//	}
//
// With m from ¾ to 1½ and a whole e, log(m·2^e) = e·log 2 + log(1 + (m−1)). NaN stays; log 0 is −∞.
//
//	DI  lse    SI  inverse    DX  top    BX  sum    CX  rows left    K1  rows of the vector    R8  logPowers
//	Z0  sum    Z1  m, then f    Z2  e    Z3  1    Z4  scratch    Z5  the polynomial    Z6  scale
//
// func logSumExpAVX512Asm(lse, inverse, top, sum *float32, rows int, scale float32)
TEXT ·logSumExpAVX512Asm(SB), NOSPLIT, $0-44
	MOVQ lse+0(FP), DI
	MOVQ inverse+8(FP), SI
	MOVQ top+16(FP), DX
	MOVQ sum+24(FP), BX
	MOVQ rows+32(FP), CX
	VBROADCASTSS scale+40(FP), Z6
	LEAQ logPowers<>(SB), R8
	VBROADCASTSS 32(R8), Z3           // 1
	KXNORW K1, K1, K1                 // sixteen rows

rows:                                     // for ; left > 0; left -= 16 {
	CMPQ CX, $16
	JGE  whole                        // if left < 16 {
	TAILMASK                          // rows that there are

whole:                                    // }
	VMOVUPS.Z (BX), K1, Z0            // x = sum[:16]
	VDIVPS Z0, Z3, Z4                 // 1 / x
	VMOVUPS Z4, K1, (SI)              // inverse[:16] = 1 / x
	VGETMANTPS $3, Z0, Z1             // m, ¾ ≤ m < 1½
	VGETEXPPS Z0, Z2                  // ⌊log₂ x⌋
	VGETEXPPS Z1, Z4                  // −1 or 0
	VSUBPS Z4, Z2, Z2                 // e, so that x = m·2^e
	VSUBPS Z3, Z1, Z1                 // f = m - 1
	VBROADCASTSS 24(R8), Z5           // p = c7
	VFMADD213PS.BCST 20(R8), Z1, Z5   // p = p*f + c6
	VFMADD213PS.BCST 16(R8), Z1, Z5   // p = p*f + c5
	VFMADD213PS.BCST 12(R8), Z1, Z5   // p = p*f + c4
	VFMADD213PS.BCST 8(R8), Z1, Z5    // p = p*f + c3
	VFMADD213PS.BCST 4(R8), Z1, Z5    // p = p*f + c2
	VFMADD213PS.BCST (R8), Z1, Z5     // p = p*f + c1
	VFMADD213PS Z3, Z1, Z5            // p = p*f + 1
	VMULPS Z1, Z5, Z5                 // p *= f, log m
	VFMADD231PS.BCST 28(R8), Z2, Z5   // p += e * log 2, log x
	VMOVUPS.Z (DX), K1, Z4            // top[:16]
	VFMADD231PS Z6, Z4, Z5            // p += scale * top
	VMOVUPS Z5, K1, (DI)              // lse[:16] = p
	ADDQ $64, DI                      // lse += 16
	ADDQ $64, SI                      // inverse += 16
	ADDQ $64, DX                      // top += 16
	ADDQ $64, BX                      // sum += 16
	SUBQ $16, CX
	JG   rows                         // }
	VZEROUPPER
	RET
