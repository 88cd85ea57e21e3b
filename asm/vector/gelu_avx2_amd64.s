//go:build !purego

#include "textflag.h"

// Constants, one each; VBROADCASTSS copies them into all lanes.
DATA geluConst<>+0(SB)/4, $0x7fffffff  // all bits but the sign
DATA geluConst<>+4(SB)/4, $8388608.0   // 2²³: a float32 near it has a last place of 1
DATA geluConst<>+8(SB)/4, $7.0         // the last piece
DATA geluConst<>+12(SB)/4, $1.0        // one
GLOBL geluConst<>(SB), RODATA|NOPTR, $16

// Registers of the constants:
//	BX   table of eight polynomials of degree eight: the coefficients ci of uⁱ at 32·i(BX), and then scale, the pieces to a unit
//	     of x
//	Y10  zero    Y11  one    Y12  7, the last piece    Y13  2²³    Y14  mask of an absolute value    Y15  scale
// Each polynomial is within 1.3e-8 of its f. GELU is within 1e-7 of float64 and its slope within 8e-8, relative to the result
// where that is larger than 1.
#define CONSTANTS \
	VXORPS       Y10, Y10, Y10           \ // zero
	VBROADCASTSS geluConst<>+12(SB), Y11 \ // one
	VBROADCASTSS geluConst<>+8(SB), Y12  \ // 7
	VBROADCASTSS geluConst<>+4(SB), Y13  \ // 2²³
	VBROADCASTSS geluConst<>+0(SB), Y14  \ // mask of abs
	VBROADCASTSS 288(BX), Y15              // scale

// HORNER evaluates piece t of the table at u: y = c0 + u·(c1 + … + u·c8). Lane by lane VPERMPS looks a coefficient up
// by the last three bits of t. p is scratch.
#define HORNER(t, u, y, p) \
	VPERMPS     256(BX), t, y \ // y = c8[t&7]
	VPERMPS     224(BX), t, p \ // p = c7[t&7]
	VFMADD213PS p, u, y       \ // y = y*u + p
	VPERMPS     192(BX), t, p \ // p = c6[t&7]
	VFMADD213PS p, u, y       \ // y = y*u + p
	VPERMPS     160(BX), t, p \ // p = c5[t&7]
	VFMADD213PS p, u, y       \ // y = y*u + p
	VPERMPS     128(BX), t, p \ // p = c4[t&7]
	VFMADD213PS p, u, y       \ // y = y*u + p
	VPERMPS     96(BX), t, p  \ // p = c3[t&7]
	VFMADD213PS p, u, y       \ // y = y*u + p
	VPERMPS     64(BX), t, p  \ // p = c2[t&7]
	VFMADD213PS p, u, y       \ // y = y*u + p
	VPERMPS     32(BX), t, p  \ // p = c1[t&7]
	VFMADD213PS p, u, y       \ // y = y*u + p
	VPERMPS     0(BX), t, p   \ // p = c0[t&7]
	VFMADD213PS p, u, y         // y = y*u + p

// TAIL computes y = f(|x|), a polynomial of u = s − round(s), s = |x|·scale, whose coefficients are looked up at round(s), found
// in the last bits of t = s + 2²³. s stops at 7, where the table is 0; NaN stays, as VMINPS returns its first operand then. u, t
// and p are scratch.
#define TAIL(x, u, t, y, p) \
	VANDPS Y14, x, u   \ // u = abs(x)
	VMULPS Y15, u, u   \ // s = u * scale
	VMINPS u, Y12, u   \ // s = min(s, 7)
	VADDPS Y13, u, t   \ // t = s + 2²³: its last bits are round(s)
	VSUBPS Y13, t, y   \ // y = t - 2²³
	VSUBPS y, u, u     \ // u = s - y
	HORNER(t, u, y, p)   // y = c0 + u*(c1 + … + u*c8), each of piece t

// REFLECT turns y = f(|x|) into 1 − f(|x|) where the sign of x is positive. p is scratch.
#define REFLECT(x, y, p) \
	VSUBPS    y, Y11, p  \ // p = 1 - y
	VBLENDVPS x, y, p, y   // if !signbit(x) { y = p }

// func geluAVX2Asm(dst, x *float32, n int, t *float32)
//	for i := range n { dst[i] = x[i] * Φ(x[i]) }
// t is the table of f(x) = Φ(−x), normalPiecesAVX2.
//	DI  dst    SI  x    CX  n, elements left: a multiple of 8, and positive    BX  t
//	Y0  xi, eight elements of x    Y3  cdf, Φ(xi)
// −∞ becomes NaN, as it does in the reference: ∞·0.
TEXT ·geluAVX2Asm(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ t+24(FP), BX
	CONSTANTS                 // Y10 to Y15

gelu:                         // eight elements a round
	VMOVUPS (SI), Y0          // xi = x[:8]
	TAIL(Y0, Y1, Y2, Y3, Y4)  // cdf = Φ(-|xi|)
	REFLECT(Y0, Y3, Y4)       // cdf = Φ(xi)
	VMULPS Y3, Y0, Y0         // xi *= cdf
	VMOVUPS Y0, (DI)          // dst[:8] = xi
	ADDQ $32, SI              // x = x[8:]
	ADDQ $32, DI              // dst = dst[8:]
	SUBQ $8, CX               // n -= 8
	JG   gelu                 // if n > 0 { goto gelu }
	VZEROUPPER                // upper halves left behind would slow down SSE code
	RET

// func geluBackwardAVX2Asm(dx, x, dy *float32, n int, t *float32)
//	for i := range n { dx[i] = dy[i] * (Φ(x[i]) + x[i]*φ(x[i])) }
// t is the table of f(x) = 1 − slope of GELU at x, slopePiecesAVX2.
//	DI  dx    SI  x    R8  dy    CX  n, elements left: a multiple of 8, and positive    BX  t    Y0  xi    Y3  slope
TEXT ·geluBackwardAVX2Asm(SB), NOSPLIT, $0-40
	MOVQ dx+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ dy+16(FP), R8
	MOVQ n+24(FP), CX
	MOVQ t+32(FP), BX
	CONSTANTS                 // Y10 to Y15

slope:                        // eight elements a round
	VMOVUPS (SI), Y0          // xi = x[:8]
	TAIL(Y0, Y1, Y2, Y3, Y4)  // slope = Φ(-|xi|) - |xi|*φ(xi)
	REFLECT(Y0, Y3, Y4)       // slope = Φ(xi) + xi*φ(xi)
	VFMADD231PS Y10, Y0, Y3   // slope += xi * 0: NaN for ±∞, as the formula has it
	VMULPS (R8), Y3, Y3       // slope *= dy[:8]
	VMOVUPS Y3, (DI)          // dx[:8] = slope
	ADDQ $32, SI              // x = x[8:]
	ADDQ $32, R8              // dy = dy[8:]
	ADDQ $32, DI              // dx = dx[8:]
	SUBQ $8, CX               // n -= 8
	JG   slope                // if n > 0 { goto slope }
	VZEROUPPER                // upper halves left behind would slow down SSE code
	RET
