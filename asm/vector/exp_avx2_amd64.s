//go:build !purego

#include "textflag.h"

// Constants, eight times each, so that they serve as memory operands.

// expLo = -104.0: below: exp is 0 in float32
DATA expLo<>+0(SB)/8, $0xc2d00000c2d00000
DATA expLo<>+8(SB)/8, $0xc2d00000c2d00000
DATA expLo<>+16(SB)/8, $0xc2d00000c2d00000
DATA expLo<>+24(SB)/8, $0xc2d00000c2d00000
GLOBL expLo<>(SB), RODATA|NOPTR, $32

// expHi = 89.0: above: +Inf
DATA expHi<>+0(SB)/8, $0x42b2000042b20000
DATA expHi<>+8(SB)/8, $0x42b2000042b20000
DATA expHi<>+16(SB)/8, $0x42b2000042b20000
DATA expHi<>+24(SB)/8, $0x42b2000042b20000
GLOBL expHi<>(SB), RODATA|NOPTR, $32

// log2e = 1.4426950408889634
DATA log2e<>+0(SB)/8, $0x3fb8aa3b3fb8aa3b
DATA log2e<>+8(SB)/8, $0x3fb8aa3b3fb8aa3b
DATA log2e<>+16(SB)/8, $0x3fb8aa3b3fb8aa3b
DATA log2e<>+24(SB)/8, $0x3fb8aa3b3fb8aa3b
GLOBL log2e<>(SB), RODATA|NOPTR, $32

// ln2Hi = 0.693359375: ln 2, the exact part
DATA ln2Hi<>+0(SB)/8, $0x3f3180003f318000
DATA ln2Hi<>+8(SB)/8, $0x3f3180003f318000
DATA ln2Hi<>+16(SB)/8, $0x3f3180003f318000
DATA ln2Hi<>+24(SB)/8, $0x3f3180003f318000
GLOBL ln2Hi<>(SB), RODATA|NOPTR, $32

// ln2Lo = -0.00021219444: and the rest
DATA ln2Lo<>+0(SB)/8, $0xb95e8083b95e8083
DATA ln2Lo<>+8(SB)/8, $0xb95e8083b95e8083
DATA ln2Lo<>+16(SB)/8, $0xb95e8083b95e8083
DATA ln2Lo<>+24(SB)/8, $0xb95e8083b95e8083
GLOBL ln2Lo<>(SB), RODATA|NOPTR, $32

// exp6 = 0.000198756915: polynomial of exp on ±ln 2/2
DATA exp6<>+0(SB)/8, $0x3950696739506967
DATA exp6<>+8(SB)/8, $0x3950696739506967
DATA exp6<>+16(SB)/8, $0x3950696739506967
DATA exp6<>+24(SB)/8, $0x3950696739506967
GLOBL exp6<>(SB), RODATA|NOPTR, $32

// exp5 = 0.0013981999507
DATA exp5<>+0(SB)/8, $0x3ab743ce3ab743ce
DATA exp5<>+8(SB)/8, $0x3ab743ce3ab743ce
DATA exp5<>+16(SB)/8, $0x3ab743ce3ab743ce
DATA exp5<>+24(SB)/8, $0x3ab743ce3ab743ce
GLOBL exp5<>(SB), RODATA|NOPTR, $32

// exp4 = 0.0083334519073
DATA exp4<>+0(SB)/8, $0x3c0889083c088908
DATA exp4<>+8(SB)/8, $0x3c0889083c088908
DATA exp4<>+16(SB)/8, $0x3c0889083c088908
DATA exp4<>+24(SB)/8, $0x3c0889083c088908
GLOBL exp4<>(SB), RODATA|NOPTR, $32

// exp3 = 0.041665795894
DATA exp3<>+0(SB)/8, $0x3d2aa9c13d2aa9c1
DATA exp3<>+8(SB)/8, $0x3d2aa9c13d2aa9c1
DATA exp3<>+16(SB)/8, $0x3d2aa9c13d2aa9c1
DATA exp3<>+24(SB)/8, $0x3d2aa9c13d2aa9c1
GLOBL exp3<>(SB), RODATA|NOPTR, $32

// exp2 = 0.16666665459
DATA exp2<>+0(SB)/8, $0x3e2aaaaa3e2aaaaa
DATA exp2<>+8(SB)/8, $0x3e2aaaaa3e2aaaaa
DATA exp2<>+16(SB)/8, $0x3e2aaaaa3e2aaaaa
DATA exp2<>+24(SB)/8, $0x3e2aaaaa3e2aaaaa
GLOBL exp2<>(SB), RODATA|NOPTR, $32

// exp1 = 0.50000001201
DATA exp1<>+0(SB)/8, $0x3f0000003f000000
DATA exp1<>+8(SB)/8, $0x3f0000003f000000
DATA exp1<>+16(SB)/8, $0x3f0000003f000000
DATA exp1<>+24(SB)/8, $0x3f0000003f000000
GLOBL exp1<>(SB), RODATA|NOPTR, $32

// one = 1.0
DATA one<>+0(SB)/8, $0x3f8000003f800000
DATA one<>+8(SB)/8, $0x3f8000003f800000
DATA one<>+16(SB)/8, $0x3f8000003f800000
DATA one<>+24(SB)/8, $0x3f8000003f800000
GLOBL one<>(SB), RODATA|NOPTR, $32

// bias: 127, the bias of a float32 exponent
DATA bias<>+0(SB)/8, $0x0000007f0000007f
DATA bias<>+8(SB)/8, $0x0000007f0000007f
DATA bias<>+16(SB)/8, $0x0000007f0000007f
DATA bias<>+24(SB)/8, $0x0000007f0000007f
GLOBL bias<>(SB), RODATA|NOPTR, $32

// EXP replaces x by exp(x), eight at a time; n and r are scratch. With n = round(x/ln 2):
//	r = x − n·ln2Hi − n·ln2Lo;  exp(x) = 2^n · (1 + r + r²·(exp1 + r·(exp2 + …)))
// 2^n is multiplied in two halves, so that results reach denormals and +Inf. NaN stays: VMAXPS and VMINPS return their
// last operand then, which is x.
#define EXP(x, n, r) \
	VMOVUPS      expLo<>(SB), r    \
	VMAXPS       x, r, x           \
	VMOVUPS      expHi<>(SB), r    \
	VMINPS       x, r, x           \
	VMULPS       log2e<>(SB), x, n \
	VROUNDPS     $0, n, n          \
	VFNMADD231PS ln2Hi<>(SB), n, x \
	VFNMADD231PS ln2Lo<>(SB), n, x \
	VMOVUPS      exp6<>(SB), r     \
	VFMADD213PS  exp5<>(SB), x, r  \
	VFMADD213PS  exp4<>(SB), x, r  \
	VFMADD213PS  exp3<>(SB), x, r  \
	VFMADD213PS  exp2<>(SB), x, r  \
	VFMADD213PS  exp1<>(SB), x, r  \
	VFMADD213PS  one<>(SB), x, r   \
	VFMADD213PS  one<>(SB), x, r   \
	VCVTPS2DQ    n, n              \
	VPSRAD       $1, n, x          \
	VPSUBD       x, n, n           \
	VPADDD       bias<>(SB), x, x  \
	VPADDD       bias<>(SB), n, n  \
	VPSLLD       $23, x, x         \
	VPSLLD       $23, n, n         \
	VMULPS       x, r, r           \
	VMULPS       n, r, x

// HSUM adds the eight lanes of y into lane 0 of x, y's low half; t is scratch of 128 bits.
#define HSUM(y, x, t) \
	VEXTRACTF128 $1, y, t \
	VADDPS       t, x, x  \
	VMOVHLPS     x, x, t  \
	VADDPS       t, x, x  \
	VMOVSHDUP    x, t     \
	VADDSS       t, x, x

// func expAsm(dst, x *float32, n int, shift float32) (sum float32)
TEXT ·expAsm(SB), NOSPLIT, $0-36
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS shift+24(FP), Y6
	VXORPS Y7, Y7, Y7           // sum = 0

loop:                           // for n > 0, n -= 8
	VMOVUPS (SI), Y0
	VSUBPS Y6, Y0, Y0           // x - shift
	EXP(Y0, Y1, Y2)
	VMOVUPS Y0, (DI)            // dst = exp(x - shift)
	VADDPS Y0, Y7, Y7           // sum += dst
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JG   loop
	HSUM(Y7, X7, X0)
	VMOVSS X7, sum+32(FP)
	VZEROUPPER
	RET
