//go:build !purego

#include "textflag.h"
#include "tail_avx512_amd64.h"

DATA expConst512<>+0(SB)/4, $-104.0         // below: exp is 0 in float32
DATA expConst512<>+4(SB)/4, $89.0           // above: +Inf
DATA expConst512<>+8(SB)/4, $1.4426950408889634 // 1/ln 2
DATA expConst512<>+12(SB)/4, $786432.0      // 1.5·2¹⁹: a float32 near it has a last place of 1/16
DATA expConst512<>+16(SB)/4, $0.693359375   // ln 2, the exact part
DATA expConst512<>+20(SB)/4, $-0.00021219444005469057 // and the rest
DATA expConst512<>+24(SB)/4, $0.16666666666666666
DATA expConst512<>+28(SB)/4, $0.5
DATA expConst512<>+32(SB)/4, $1.0
GLOBL expConst512<>(SB), RODATA|NOPTR, $36

// EXP replaces x by exp(x). n is x/ln 2 rounded to sixteenths by adding the large number in Z18, whose sum t ends in
// the four bits of n's fraction; they look up 2^fraction in Z22:
//	t = x/ln 2 + 1.5·2¹⁹;  n = t − 1.5·2¹⁹;  r = x − n·ln 2, |r| ≤ ln 2/32
//	exp(x) = 2^⌊n⌋ · 2^(n − ⌊n⌋) · (1 + r + r²/2 + r³/6)
// VSCALEFPS takes the floor of n itself and reaches denormals and +Inf. NaN stays: VMAXPS and VMINPS return their first
// operand then, which is x. Large x must have been held back by CLAMP. Clobbers Z1 to Z4.
#define EXP \
	VMAXPS       Z0, Z15, Z0 \
	VMOVAPS      Z18, Z1     \
	VFMADD231PS  Z17, Z0, Z1 \
	VSUBPS       Z18, Z1, Z2 \
	VFNMADD231PS Z19, Z2, Z0 \
	VFNMADD231PS Z20, Z2, Z0 \
	VPERMPS      Z22, Z1, Z3 \
	VMOVAPS      Z23, Z4     \
	VFMADD213PS  Z24, Z0, Z4 \
	VFMADD213PS  Z25, Z0, Z4 \
	VFMADD213PS  Z25, Z0, Z4 \
	VMULPS       Z3, Z4, Z4  \
	VSCALEFPS    Z2, Z4, Z0

// CLAMP keeps x finite; where x ≤ 0 there is nothing to CLAMP.
#define CLAMP VMINPS Z0, Z16, Z0
#define NOTHING

// EXPROW is a row:
//	for i < n: e = exp(TOP(x[i] - shift)), dst[i] = e, sum += e
// Z14 shift, Z15 and Z16 bounds of x, Z17–Z25 constants of EXP, Z5 sums
#define EXPROW(name, TOP) \
TEXT name(SB), NOSPLIT, $0-44 \
	MOVQ dst+0(FP), DI \
	MOVQ x+8(FP), SI \
	MOVQ n+16(FP), CX \
	VBROADCASTSS shift+24(FP), Z14 \
	MOVQ roots+32(FP), BX \
	VBROADCASTSS expConst512<>+0(SB), Z15 \
	VBROADCASTSS expConst512<>+4(SB), Z16 \
	VBROADCASTSS expConst512<>+8(SB), Z17 \
	VBROADCASTSS expConst512<>+12(SB), Z18 \
	VBROADCASTSS expConst512<>+16(SB), Z19 \
	VBROADCASTSS expConst512<>+20(SB), Z20 \
	VMOVUPS (BX), Z22 \
	VBROADCASTSS expConst512<>+24(SB), Z23 \
	VBROADCASTSS expConst512<>+28(SB), Z24 \
	VBROADCASTSS expConst512<>+32(SB), Z25 \
	VXORPS Z5, Z5, Z5 \
	SUBQ $16, CX \
	JLT  tail \
loop: \
	VMOVUPS (SI), Z0 \
	VSUBPS Z14, Z0, Z0 \
	TOP \
	EXP \
	VMOVUPS Z0, (DI) \
	VADDPS Z0, Z5, Z5 \
	ADDQ $64, SI \
	ADDQ $64, DI \
	SUBQ $16, CX \
	JGE  loop \
tail: \
	ADDQ $16, CX \
	JZ   done \
	TAILMASK \
	VMOVUPS.Z (SI), K1, Z0 \
	VSUBPS Z14, Z0, Z0 \
	TOP \
	EXP \
	VMOVUPS Z0, K1, (DI) \
	VADDPS Z0, Z5, K1, Z5 \
done: \
	HSUM(Z5, Y5, X5, Y0, X0) \
	VMOVSS X5, sum+40(FP) \
	VZEROUPPER \
	RET

// func exp512(dst, x *float32, n int, shift float32, roots *[16]float32) (sum float32)
// dst = exp(x - shift), sum = Σ dst
EXPROW(·exp512, CLAMP)

// func expBelow512(dst, x *float32, n int, shift float32, roots *[16]float32) (sum float32): the same for x ≤ shift
EXPROW(·expBelow512, NOTHING)
