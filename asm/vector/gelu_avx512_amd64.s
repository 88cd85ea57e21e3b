//go:build !purego

#include "textflag.h"
#include "tail_avx512_amd64.h"

// Constants, one each; VBROADCASTSS copies them into all lanes.
DATA geluConstAVX512<>+0(SB)/4, $0x7fffffff  // all bits but the sign
DATA geluConstAVX512<>+4(SB)/4, $8388608.0   // 2²³: a float32 near it has a last place of 1
DATA geluConstAVX512<>+8(SB)/4, $15.0        // the last piece
DATA geluConstAVX512<>+12(SB)/4, $1.0        // one
GLOBL geluConstAVX512<>(SB), RODATA|NOPTR, $16

// Registers of the constants:
//	Z16–Z21  c0 to c5, the coefficients of sixteen polynomials of degree five    Z24  scale, the pieces to a unit of x
//	Z25  mask of an absolute value    Z26  2²³    Z27  15, the last piece    Z28  one    Z29  zero
// Each polynomial is within 8e-8 of its f. GELU is within 1e-7 of float64 and its slope within 1.4e-7, relative to the result
// where that is larger than 1.
#define CONSTANTS(table) \
	VMOVUPS      (table), Z16               \ // c0
	VMOVUPS      64(table), Z17             \ // c1
	VMOVUPS      128(table), Z18            \ // c2
	VMOVUPS      192(table), Z19            \ // c3
	VMOVUPS      256(table), Z20            \ // c4
	VMOVUPS      320(table), Z21            \ // c5
	VBROADCASTSS 384(table), Z24            \ // scale
	VBROADCASTSS geluConstAVX512<>+0(SB), Z25  \ // mask of abs
	VBROADCASTSS geluConstAVX512<>+4(SB), Z26  \ // 2²³
	VBROADCASTSS geluConstAVX512<>+8(SB), Z27  \ // 15
	VBROADCASTSS geluConstAVX512<>+12(SB), Z28 \ // one
	VXORPS       Z29, Z29, Z29                // zero

// HORNER evaluates piece t of the table at u: y = c0 + u·(c1 + … + u·c5). Lane by lane VPERMPS looks a coefficient up
// by the last four bits of t. p is scratch.
#define HORNER(t, u, y, p) \
	VPERMPS     Z21, t, y \ // y = c5[t&15]
	VPERMPS     Z20, t, p \ // p = c4[t&15]
	VFMADD213PS p, u, y   \ // y = y*u + p
	VPERMPS     Z19, t, p \ // p = c3[t&15]
	VFMADD213PS p, u, y   \ // y = y*u + p
	VPERMPS     Z18, t, p \ // p = c2[t&15]
	VFMADD213PS p, u, y   \ // y = y*u + p
	VPERMPS     Z17, t, p \ // p = c1[t&15]
	VFMADD213PS p, u, y   \ // y = y*u + p
	VPERMPS     Z16, t, p \ // p = c0[t&15]
	VFMADD213PS p, u, y     // y = y*u + p

// TAIL computes y = f(|x|), a polynomial of u = s − round(s), s = |x|·scale, whose coefficients are looked up at round(s), found
// in the last bits of t = s + 2²³. s stops at 15, where the table is 0; NaN stays, as VMINPS returns its first operand then. u, t
// and p are scratch.
#define TAIL(x, u, t, y, p) \
	VANDPS Z25, x, u   \ // u = abs(x)
	VMULPS Z24, u, u   \ // s = u * scale
	VMINPS u, Z27, u   \ // s = min(s, 15)
	VADDPS Z26, u, t   \ // t = s + 2²³: its last bits are round(s)
	VSUBPS Z26, t, y   \ // y = t - 2²³
	VSUBPS y, u, u     \ // u = s - y
	HORNER(t, u, y, p)   // y = c0 + u*(c1 + … + u*c5), each of piece t

// REFLECT turns y = f(|x|) into 1 − f(|x|) where the sign of x is positive. Clobbers K2.
#define REFLECT(x, y) \
	VPMOVD2M x, K2         \ // k = signbit(x)
	KNOTW    K2, K2        \ // k = !k
	VSUBPS   y, Z28, K2, y   // if k { y = 1 - y }

// GELU replaces x in Z0 by x·Φ(x). Clobbers Z1 to Z4.
#define GELU \
	TAIL(Z0, Z1, Z2, Z3, Z4) \ // cdf = Φ(-|x|)
	REFLECT(Z0, Z3)          \ // cdf = Φ(x)
	VMULPS Z3, Z0, Z0          // x *= cdf

// SLOPE computes Z3 = Φ(x) + x·φ(x) for x in Z0, and NaN for ±∞, as the formula has it: ∞·0. Clobbers Z1, Z2, Z4.
#define SLOPE \
	TAIL(Z0, Z1, Z2, Z3, Z4) \ // slope = Φ(-|x|) - |x|*φ(x)
	REFLECT(Z0, Z3)          \ // slope = Φ(x) + x*φ(x)
	VFMADD231PS Z29, Z0, Z3    // slope += x * 0: NaN for ±∞

// func geluAVX512Asm(dst, x *float32, n int, t *float32)
//	for i := range n { dst[i] = x[i] * Φ(x[i]) }
// t is the table of f(x) = Φ(−x), normalPiecesAVX512.
//	DI  dst    SI  x    CX  n, less 16 inside the loop    BX  t
//	Z0  xi, 16 elements of x    Z3  cdf, Φ(xi)
// −∞ becomes NaN, as it does in the reference: ∞·0.
TEXT ·geluAVX512Asm(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ t+24(FP), BX
	CONSTANTS(BX)           // Z16 to Z29
	SUBQ $16, CX            // n -= 16
	JLT  tail               // if n < 0 { goto tail }

loop:                       // 16 elements a round
	VMOVUPS (SI), Z0        // xi = x[:16]
	GELU                    // xi *= Φ(xi)
	VMOVUPS Z0, (DI)        // dst[:16] = xi
	ADDQ $64, SI            // x = x[16:]
	ADDQ $64, DI            // dst = dst[16:]
	SUBQ $16, CX            // n -= 16
	JGE  loop               // if n >= 0 { goto loop }

tail:                       // 0 to 15 elements are left
	ADDQ $16, CX            // n += 16
	JZ   done               // if n == 0 { goto done }
	TAILMASK                // mask = 1<<n - 1
	VMOVUPS.Z (SI), K1, Z0  // xi = x[:n], 0 in the other lanes
	GELU                    // xi *= Φ(xi)
	VMOVUPS Z0, K1, (DI)    // dst[:n] = xi

done:
	VZEROUPPER              // upper halves left behind would slow down SSE code
	RET

// func geluBackwardAVX512Asm(dx, x, dy *float32, n int, t *float32)
//	for i := range n { dx[i] = dy[i] * (Φ(x[i]) + x[i]*φ(x[i])) }
// t is the table of f(x) = 1 − slope of GELU at x, slopePiecesAVX512.
//	DI  dx    SI  x    R8  dy    CX  n, less 16 inside the loop    BX  t    Z0  xi    Z3  slope
TEXT ·geluBackwardAVX512Asm(SB), NOSPLIT, $0-40
	MOVQ dx+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ dy+16(FP), R8
	MOVQ n+24(FP), CX
	MOVQ t+32(FP), BX
	CONSTANTS(BX)              // Z16 to Z29
	SUBQ $16, CX               // n -= 16
	JLT  tail                  // if n < 0 { goto tail }

loop:                          // 16 elements a round
	VMOVUPS (SI), Z0           // xi = x[:16]
	SLOPE                      // slope = Φ(xi) + xi*φ(xi)
	VMULPS (R8), Z3, Z3        // slope *= dy[:16]
	VMOVUPS Z3, (DI)           // dx[:16] = slope
	ADDQ $64, SI               // x = x[16:]
	ADDQ $64, R8               // dy = dy[16:]
	ADDQ $64, DI               // dx = dx[16:]
	SUBQ $16, CX               // n -= 16
	JGE  loop                  // if n >= 0 { goto loop }

tail:                          // 0 to 15 elements are left
	ADDQ $16, CX               // n += 16
	JZ   done                  // if n == 0 { goto done }
	TAILMASK                   // mask = 1<<n - 1
	VMOVUPS.Z (SI), K1, Z0     // xi = x[:n], 0 in the other lanes
	SLOPE                      // slope = Φ(xi) + xi*φ(xi)
	VMULPS.Z (R8), Z3, K1, Z3  // slope *= dy[:n], 0 in the other lanes
	VMOVUPS Z3, K1, (DI)       // dx[:n] = slope

done:
	VZEROUPPER                 // upper halves left behind would slow down SSE code
	RET
