//go:build !purego

#include "textflag.h"
#include "tail_avx512_amd64.h"

// Constants of EXP, one each; VBROADCASTSS copies them into all lanes.
DATA expConstAVX512<>+0(SB)/4, $-104.0                    // exp(x) rounds to 0 in float32 from here down
DATA expConstAVX512<>+4(SB)/4, $89.0                      // exp(x) is +Inf in float32 from here up
DATA expConstAVX512<>+8(SB)/4, $1.4426950408889634        // 1/ln 2
DATA expConstAVX512<>+12(SB)/4, $786432.0                 // 1.5·2¹⁹: a float32 near it has a last place of 1/16
DATA expConstAVX512<>+16(SB)/4, $0.693359375              // ln2Hi: ln 2 in nine bits, so that x − n·ln2Hi is exact
DATA expConstAVX512<>+20(SB)/4, $-0.00021219444005469057  // ln2Lo: the rest of ln 2
DATA expConstAVX512<>+24(SB)/4, $0.16666666666666666      // 1/3!
DATA expConstAVX512<>+28(SB)/4, $0.5                      // 1/2!
DATA expConstAVX512<>+32(SB)/4, $1.0                      // 1/1! and 1/0!
GLOBL expConstAVX512<>(SB), RODATA|NOPTR, $36

// EXP replaces x in Z0 by exp(x), 16 at a time. n is x/ln 2 rounded to sixteenths by adding the large number in Z18, whose sum t
// ends in the four bits of n's fraction; they look up 2^fraction in Z22:
//	t = x/ln 2 + 1.5·2¹⁹;  n = t − 1.5·2¹⁹;  r = x − n·ln 2, |r| ≤ ln 2/32
//	exp(x) = 2^⌊n⌋ · 2^(n − ⌊n⌋) · (1 + r + r²/2 + r³/6)
// The polynomial has a relative error of 1e-8; normal results are within 1.7 ulp. VSCALEFPS takes the floor of n itself and
// reaches denormals and +Inf. NaN stays: VMAXPS and VMINPS return their first operand then, which is x. Large x must have been
// held back by CLAMP. Clobbers Z1 to Z4.
#define EXP \
	VMAXPS       Z0, Z15, Z0 \ // x = max(x, -104)
	VMOVAPS      Z18, Z1     \ // t = 1.5·2¹⁹
	VFMADD231PS  Z17, Z0, Z1 \ // t += x * log2e: rounds to sixteenths
	VSUBPS       Z18, Z1, Z2 \ // n = t - 1.5·2¹⁹
	VFNMADD231PS Z19, Z2, Z0 \ // x -= n * ln2Hi, exactly
	VFNMADD231PS Z20, Z2, Z0 \ // x -= n * ln2Lo: r of the formula
	VPERMPS      Z22, Z1, Z3 \ // root = roots[bits(t)&15]: 2^(n-floor(n))
	VMOVAPS      Z23, Z4     \ // p = 1/6
	VFMADD213PS  Z24, Z0, Z4 \ // p = p*x + 1/2
	VFMADD213PS  Z25, Z0, Z4 \ // p = p*x + 1
	VFMADD213PS  Z25, Z0, Z4 \ // p = p*x + 1
	VMULPS       Z3, Z4, Z4  \ // p *= root
	VSCALEFPS    Z2, Z4, Z0    // x = p * 2^floor(n)

// CLAMP keeps x finite, at 89 at most; where x ≤ 0 there is nothing to clamp, and NOTHING takes its place.
#define CLAMP VMINPS Z0, Z16, Z0  // x = min(x, 89)
#define NOTHING

// EXPROW is a row:
//	for i := range n {
//		dst[i] = exp(TOP(x[i] - shift))
//		sum += dst[i]
//	}
//	DI  dst    SI  x    CX  n, less 16 inside the loop    BX  roots: 2^(i/16), i < 16
//	Z0  e, 16 elements    Z5  s, the sum: element i goes to lane i%16
//	Z14  shift    Z15, Z16  bounds of x    Z17–Z25  constants of EXP
#define EXPROW(name, TOP) \
TEXT name(SB), NOSPLIT, $0-44 \
	MOVQ dst+0(FP), DI                     \
	MOVQ x+8(FP), SI                       \
	MOVQ n+16(FP), CX                      \
	VBROADCASTSS shift+24(FP), Z14         \ // shift in all lanes
	MOVQ roots+32(FP), BX                  \
	VBROADCASTSS expConstAVX512<>+0(SB), Z15  \ // -104
	VBROADCASTSS expConstAVX512<>+4(SB), Z16  \ // 89
	VBROADCASTSS expConstAVX512<>+8(SB), Z17  \ // 1/ln2
	VBROADCASTSS expConstAVX512<>+12(SB), Z18 \ // 1.5·2¹⁹
	VBROADCASTSS expConstAVX512<>+16(SB), Z19 \ // ln2Hi
	VBROADCASTSS expConstAVX512<>+20(SB), Z20 \ // ln2Lo
	VMOVUPS (BX), Z22                      \ // roots[:16]
	VBROADCASTSS expConstAVX512<>+24(SB), Z23 \ // 1/6
	VBROADCASTSS expConstAVX512<>+28(SB), Z24 \ // 1/2
	VBROADCASTSS expConstAVX512<>+32(SB), Z25 \ // 1
	VXORPS Z5, Z5, Z5                      \ // s = 0
	SUBQ $16, CX                           \ // n -= 16
	JLT  tail                              \ // if n < 0 { goto tail }
loop:                                      \ // 16 elements a round
	VMOVUPS (SI), Z0                       \ // e = x[:16]
	VSUBPS Z14, Z0, Z0                     \ // e -= shift
	TOP                                    \ // e = min(e, 89), or nothing
	EXP                                    \ // e = exp(e)
	VMOVUPS Z0, (DI)                       \ // dst[:16] = e
	VADDPS Z0, Z5, Z5                      \ // s += e
	ADDQ $64, SI                           \ // x = x[16:]
	ADDQ $64, DI                           \ // dst = dst[16:]
	SUBQ $16, CX                           \ // n -= 16
	JGE  loop                              \ // if n >= 0 { goto loop }
tail:                                      \ // 0 to 15 elements are left
	ADDQ $16, CX                           \ // n += 16
	JZ   done                              \ // if n == 0 { goto done }
	TAILMASK                               \ // mask = 1<<n - 1
	VMOVUPS.Z (SI), K1, Z0                 \ // e = x[:n], 0 in the other lanes
	VSUBPS Z14, Z0, Z0                     \ // e -= shift
	TOP                                    \ // e = min(e, 89), or nothing
	EXP                                    \ // e = exp(e)
	VMOVUPS Z0, K1, (DI)                   \ // dst[:n] = e
	VADDPS Z0, Z5, K1, Z5                  \ // s[:n] += e
done:                                      \
	HSUM(Z5, Y5, X5, Y0, X0)               \ // sum = s[0] + … + s[15]
	VMOVSS X5, sum+40(FP)                  \ // return sum
	VZEROUPPER                             \ // upper halves left behind would slow down SSE code
	RET

// func expAVX512Asm(dst, x *float32, n int, shift float32, roots *[16]float32) (sum float32), for any x
EXPROW(·expAVX512Asm, CLAMP)

// func expBelowAVX512Asm(dst, x *float32, n int, shift float32, roots *[16]float32) (sum float32), for x ≤ shift, as in softmax
EXPROW(·expBelowAVX512Asm, NOTHING)
