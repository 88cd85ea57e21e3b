//go:build !purego

#include "textflag.h"

DATA geluConst<>+0(SB)/4, $0x7fffffff // all but the sign
DATA geluConst<>+4(SB)/4, $8388608.0  // 2²³: a float32 near it has a last place of 1
DATA geluConst<>+8(SB)/4, $7.0        // the last piece
DATA geluConst<>+12(SB)/4, $1.0
GLOBL geluConst<>(SB), RODATA|NOPTR, $16

// Registers: BX table of eight polynomials of degree eight, coefficients of uⁱ at 32·i(BX), and then how many pieces a unit of x has;
// Y10 zero, Y11 one, Y12 the last piece, Y13 2²³, Y14 absolute value's mask, Y15 pieces to a unit
#define CONSTANTS \
	VXORPS       Y10, Y10, Y10            \
	VBROADCASTSS geluConst<>+12(SB), Y11  \
	VBROADCASTSS geluConst<>+8(SB), Y12   \
	VBROADCASTSS geluConst<>+4(SB), Y13   \
	VBROADCASTSS geluConst<>+0(SB), Y14   \
	VBROADCASTSS 288(BX), Y15

// HORNER evaluates piece t of the table at u: y = c0 + u·(c1 + … + u·c8). p is scratch.
#define HORNER(t, u, y, p) \
	VPERMPS     256(BX), t, y \
	VPERMPS     224(BX), t, p \
	VFMADD213PS p, u, y \
	VPERMPS     192(BX), t, p \
	VFMADD213PS p, u, y \
	VPERMPS     160(BX), t, p \
	VFMADD213PS p, u, y \
	VPERMPS     128(BX), t, p \
	VFMADD213PS p, u, y \
	VPERMPS     96(BX), t, p \
	VFMADD213PS p, u, y \
	VPERMPS     64(BX), t, p \
	VFMADD213PS p, u, y \
	VPERMPS     32(BX), t, p \
	VFMADD213PS p, u, y \
	VPERMPS     0(BX), t, p \
	VFMADD213PS p, u, y

// TAIL computes y = f(|x|), a polynomial of u = s − round(s), s = |x|·(pieces to a unit), whose coefficients are looked up at
// round(s), found in the last bits of t = s + 2²³. s stops at 7, where the table is 0. u, t and p are scratch.
#define TAIL(x, u, t, y, p) \
	VANDPS Y14, x, u     \
	VMULPS Y15, u, u     \
	VMINPS u, Y12, u     \
	VADDPS Y13, u, t     \
	VSUBPS Y13, t, y     \
	VSUBPS y, u, u       \
	HORNER(t, u, y, p)

// REFLECT turns y = f(|x|) into 1 − f(|x|) where x ≥ 0. p is scratch.
#define REFLECT(x, y, p) \
	VSUBPS    y, Y11, p  \
	VBLENDVPS x, y, p, y

// func geluAsm(dst, x *float32, n int, t *float32)
TEXT ·geluAsm(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ t+24(FP), BX
	CONSTANTS

gelu:                           // for n > 0, n -= 8
	VMOVUPS (SI), Y0
	TAIL(Y0, Y1, Y2, Y3, Y4)    // Φ(-|x|)
	REFLECT(Y0, Y3, Y4)         // Φ(x)
	VMULPS Y3, Y0, Y0
	VMOVUPS Y0, (DI)            // x·Φ(x)
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JG   gelu
	VZEROUPPER
	RET

// func geluBackwardAsm(dx, x, dy *float32, n int, t *float32)
TEXT ·geluBackwardAsm(SB), NOSPLIT, $0-40
	MOVQ dx+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ dy+16(FP), R8
	MOVQ n+24(FP), CX
	MOVQ t+32(FP), BX
	CONSTANTS

slope:                          // for n > 0, n -= 8
	VMOVUPS (SI), Y0
	TAIL(Y0, Y1, Y2, Y3, Y4)
	REFLECT(Y0, Y3, Y4)         // Φ(x) + x·φ(x)
	VFMADD231PS Y10, Y0, Y3     // NaN for ±∞, as the formula has it: 0·x is added
	VMULPS (R8), Y3, Y3         // times dy
	VMOVUPS Y3, (DI)
	ADDQ $32, SI
	ADDQ $32, R8
	ADDQ $32, DI
	SUBQ $8, CX
	JG   slope
	VZEROUPPER
	RET
