//go:build !purego

#include "textflag.h"
#include "tail_avx512_amd64.h"

DATA geluConst512<>+0(SB)/4, $0x7fffffff // all but the sign
DATA geluConst512<>+4(SB)/4, $8388608.0  // 2²³: a float32 near it has a last place of 1
DATA geluConst512<>+8(SB)/4, $15.0       // the last piece
DATA geluConst512<>+12(SB)/4, $1.0
GLOBL geluConst512<>(SB), RODATA|NOPTR, $16

// Registers: Z16–Z21 coefficients of sixteen polynomials of degree five, from the constant up; Z24 pieces to a unit, Z25 absolute value's mask,
// Z26 2²³, Z27 the last piece, Z28 one, Z29 zero
#define CONSTANTS(table) \
	VMOVUPS      (table), Z16           \
	VMOVUPS      64(table), Z17         \
	VMOVUPS      128(table), Z18        \
	VMOVUPS      192(table), Z19        \
	VMOVUPS      256(table), Z20        \
	VMOVUPS      320(table), Z21        \
	VBROADCASTSS 384(table), Z24        \
	VBROADCASTSS geluConst512<>+0(SB), Z25 \
	VBROADCASTSS geluConst512<>+4(SB), Z26 \
	VBROADCASTSS geluConst512<>+8(SB), Z27 \
	VBROADCASTSS geluConst512<>+12(SB), Z28 \
	VXORPS       Z29, Z29, Z29

// HORNER evaluates piece t of the table at u: y = c0 + u·(c1 + … + u·c5). p is scratch.
#define HORNER(t, u, y, p) \
	VPERMPS     Z21, t, y \
	VPERMPS     Z20, t, p \
	VFMADD213PS p, u, y   \
	VPERMPS     Z19, t, p \
	VFMADD213PS p, u, y   \
	VPERMPS     Z18, t, p \
	VFMADD213PS p, u, y   \
	VPERMPS     Z17, t, p \
	VFMADD213PS p, u, y   \
	VPERMPS     Z16, t, p \
	VFMADD213PS p, u, y

// TAIL computes y = f(|x|), a polynomial of u = s − round(s), s = |x|·(pieces to a unit), whose coefficients are looked up at
// round(s), found in the last bits of t = s + 2²³. s stops at 15, where the table is 0. u, t and p are scratch.
#define TAIL(x, u, t, y, p) \
	VANDPS Z25, x, u     \
	VMULPS Z24, u, u     \
	VMINPS u, Z27, u     \
	VADDPS Z26, u, t     \
	VSUBPS Z26, t, y     \
	VSUBPS y, u, u       \
	HORNER(t, u, y, p)

// REFLECT turns y = f(|x|) into 1 − f(|x|) where x ≥ 0. Clobbers K2.
#define REFLECT(x, y) \
	VPMOVD2M x, K2          \
	KNOTW    K2, K2         \
	VSUBPS   y, Z28, K2, y

// GELU replaces x in Z0 by x·Φ(x). Clobbers Z1 to Z4.
#define GELU \
	TAIL(Z0, Z1, Z2, Z3, Z4) \
	REFLECT(Z0, Z3)          \
	VMULPS Z3, Z0, Z0

// SLOPE computes Z3 = Φ(x) + x·φ(x) for x in Z0, and NaN for ±∞, as the formula has it: it adds 0·x. Clobbers Z1, Z2, Z4.
#define SLOPE \
	TAIL(Z0, Z1, Z2, Z3, Z4) \
	REFLECT(Z0, Z3)          \
	VFMADD231PS Z29, Z0, Z3

// func gelu512(dst, x *float32, n int, t *float32)
TEXT ·gelu512(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ t+24(FP), BX
	CONSTANTS(BX)
	SUBQ $16, CX
	JLT  tail

loop:                           // for n ≥ 16
	VMOVUPS (SI), Z0
	GELU
	VMOVUPS Z0, (DI)            // x·Φ(x)
	ADDQ $64, SI
	ADDQ $64, DI
	SUBQ $16, CX
	JGE  loop

tail:
	ADDQ $16, CX
	JZ   done
	TAILMASK
	VMOVUPS.Z (SI), K1, Z0
	GELU
	VMOVUPS Z0, K1, (DI)

done:
	VZEROUPPER
	RET

// func geluBackward512(dx, x, dy *float32, n int, t *float32)
TEXT ·geluBackward512(SB), NOSPLIT, $0-40
	MOVQ dx+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ dy+16(FP), R8
	MOVQ n+24(FP), CX
	MOVQ t+32(FP), BX
	CONSTANTS(BX)
	SUBQ $16, CX
	JLT  tail

loop:                           // for n ≥ 16
	VMOVUPS (SI), Z0
	SLOPE
	VMULPS (R8), Z3, Z3         // (Φ(x) + x·φ(x))·dy
	VMOVUPS Z3, (DI)
	ADDQ $64, SI
	ADDQ $64, R8
	ADDQ $64, DI
	SUBQ $16, CX
	JGE  loop

tail:
	ADDQ $16, CX
	JZ   done
	TAILMASK
	VMOVUPS.Z (SI), K1, Z0
	SLOPE
	VMULPS.Z (R8), Z3, K1, Z3
	VMOVUPS Z3, K1, (DI)

done:
	VZEROUPPER
	RET
