//go:build !purego

#include "textflag.h"
#include "sum_avx2_amd64.h"

// Constants, eight times each, so that they serve as memory operands: two float32 or int32 to a word of eight bytes.

// expLo = -104.0: exp(x) rounds to 0 in float32 from here down
DATA expLo<>+0(SB)/8, $0xc2d00000c2d00000   // expLo[0], expLo[1] = -104.0, -104.0
DATA expLo<>+8(SB)/8, $0xc2d00000c2d00000   // expLo[2], expLo[3] = -104.0, -104.0
DATA expLo<>+16(SB)/8, $0xc2d00000c2d00000  // expLo[4], expLo[5] = -104.0, -104.0
DATA expLo<>+24(SB)/8, $0xc2d00000c2d00000  // expLo[6], expLo[7] = -104.0, -104.0
GLOBL expLo<>(SB), RODATA|NOPTR, $32

// expHi = 89.0: exp(x) is +Inf in float32 from here up
DATA expHi<>+0(SB)/8, $0x42b2000042b20000   // expHi[0], expHi[1] = 89.0, 89.0
DATA expHi<>+8(SB)/8, $0x42b2000042b20000   // expHi[2], expHi[3] = 89.0, 89.0
DATA expHi<>+16(SB)/8, $0x42b2000042b20000  // expHi[4], expHi[5] = 89.0, 89.0
DATA expHi<>+24(SB)/8, $0x42b2000042b20000  // expHi[6], expHi[7] = 89.0, 89.0
GLOBL expHi<>(SB), RODATA|NOPTR, $32

// log2e = 1.4426950408889634: 1/ln 2
DATA log2e<>+0(SB)/8, $0x3fb8aa3b3fb8aa3b   // log2e[0], log2e[1] = 1.4426950, 1.4426950
DATA log2e<>+8(SB)/8, $0x3fb8aa3b3fb8aa3b   // log2e[2], log2e[3] = 1.4426950, 1.4426950
DATA log2e<>+16(SB)/8, $0x3fb8aa3b3fb8aa3b  // log2e[4], log2e[5] = 1.4426950, 1.4426950
DATA log2e<>+24(SB)/8, $0x3fb8aa3b3fb8aa3b  // log2e[6], log2e[7] = 1.4426950, 1.4426950
GLOBL log2e<>(SB), RODATA|NOPTR, $32

// ln2Hi = 0.693359375: ln 2 in nine bits, so that x − n·ln2Hi is exact
DATA ln2Hi<>+0(SB)/8, $0x3f3180003f318000   // ln2Hi[0], ln2Hi[1] = 0.693359375, 0.693359375
DATA ln2Hi<>+8(SB)/8, $0x3f3180003f318000   // ln2Hi[2], ln2Hi[3] = 0.693359375, 0.693359375
DATA ln2Hi<>+16(SB)/8, $0x3f3180003f318000  // ln2Hi[4], ln2Hi[5] = 0.693359375, 0.693359375
DATA ln2Hi<>+24(SB)/8, $0x3f3180003f318000  // ln2Hi[6], ln2Hi[7] = 0.693359375, 0.693359375
GLOBL ln2Hi<>(SB), RODATA|NOPTR, $32

// ln2Lo = -0.00021219444: the rest of ln 2
DATA ln2Lo<>+0(SB)/8, $0xb95e8083b95e8083   // ln2Lo[0], ln2Lo[1] = -0.00021219444, -0.00021219444
DATA ln2Lo<>+8(SB)/8, $0xb95e8083b95e8083   // ln2Lo[2], ln2Lo[3] = -0.00021219444, -0.00021219444
DATA ln2Lo<>+16(SB)/8, $0xb95e8083b95e8083  // ln2Lo[4], ln2Lo[5] = -0.00021219444, -0.00021219444
DATA ln2Lo<>+24(SB)/8, $0xb95e8083b95e8083  // ln2Lo[6], ln2Lo[7] = -0.00021219444, -0.00021219444
GLOBL ln2Lo<>(SB), RODATA|NOPTR, $32

// exp6 = 0.000198756915: coefficient of r⁷ in exp(r), |r| ≤ ln 2/2
DATA exp6<>+0(SB)/8, $0x3950696739506967   // exp6[0], exp6[1] = 0.000198756915, 0.000198756915
DATA exp6<>+8(SB)/8, $0x3950696739506967   // exp6[2], exp6[3] = 0.000198756915, 0.000198756915
DATA exp6<>+16(SB)/8, $0x3950696739506967  // exp6[4], exp6[5] = 0.000198756915, 0.000198756915
DATA exp6<>+24(SB)/8, $0x3950696739506967  // exp6[6], exp6[7] = 0.000198756915, 0.000198756915
GLOBL exp6<>(SB), RODATA|NOPTR, $32

// exp5 = 0.0013981999507: coefficient of r⁶
DATA exp5<>+0(SB)/8, $0x3ab743ce3ab743ce   // exp5[0], exp5[1] = 0.0013981999507, 0.0013981999507
DATA exp5<>+8(SB)/8, $0x3ab743ce3ab743ce   // exp5[2], exp5[3] = 0.0013981999507, 0.0013981999507
DATA exp5<>+16(SB)/8, $0x3ab743ce3ab743ce  // exp5[4], exp5[5] = 0.0013981999507, 0.0013981999507
DATA exp5<>+24(SB)/8, $0x3ab743ce3ab743ce  // exp5[6], exp5[7] = 0.0013981999507, 0.0013981999507
GLOBL exp5<>(SB), RODATA|NOPTR, $32

// exp4 = 0.0083334519073: coefficient of r⁵
DATA exp4<>+0(SB)/8, $0x3c0889083c088908   // exp4[0], exp4[1] = 0.0083334519073, 0.0083334519073
DATA exp4<>+8(SB)/8, $0x3c0889083c088908   // exp4[2], exp4[3] = 0.0083334519073, 0.0083334519073
DATA exp4<>+16(SB)/8, $0x3c0889083c088908  // exp4[4], exp4[5] = 0.0083334519073, 0.0083334519073
DATA exp4<>+24(SB)/8, $0x3c0889083c088908  // exp4[6], exp4[7] = 0.0083334519073, 0.0083334519073
GLOBL exp4<>(SB), RODATA|NOPTR, $32

// exp3 = 0.041665795894: coefficient of r⁴
DATA exp3<>+0(SB)/8, $0x3d2aa9c13d2aa9c1   // exp3[0], exp3[1] = 0.041665795894, 0.041665795894
DATA exp3<>+8(SB)/8, $0x3d2aa9c13d2aa9c1   // exp3[2], exp3[3] = 0.041665795894, 0.041665795894
DATA exp3<>+16(SB)/8, $0x3d2aa9c13d2aa9c1  // exp3[4], exp3[5] = 0.041665795894, 0.041665795894
DATA exp3<>+24(SB)/8, $0x3d2aa9c13d2aa9c1  // exp3[6], exp3[7] = 0.041665795894, 0.041665795894
GLOBL exp3<>(SB), RODATA|NOPTR, $32

// exp2 = 0.16666665459: coefficient of r³
DATA exp2<>+0(SB)/8, $0x3e2aaaaa3e2aaaaa   // exp2[0], exp2[1] = 0.16666665459, 0.16666665459
DATA exp2<>+8(SB)/8, $0x3e2aaaaa3e2aaaaa   // exp2[2], exp2[3] = 0.16666665459, 0.16666665459
DATA exp2<>+16(SB)/8, $0x3e2aaaaa3e2aaaaa  // exp2[4], exp2[5] = 0.16666665459, 0.16666665459
DATA exp2<>+24(SB)/8, $0x3e2aaaaa3e2aaaaa  // exp2[6], exp2[7] = 0.16666665459, 0.16666665459
GLOBL exp2<>(SB), RODATA|NOPTR, $32

// exp1 = 0.50000001201: coefficient of r²; in float32 it is 0.5
DATA exp1<>+0(SB)/8, $0x3f0000003f000000   // exp1[0], exp1[1] = 0.5, 0.5
DATA exp1<>+8(SB)/8, $0x3f0000003f000000   // exp1[2], exp1[3] = 0.5, 0.5
DATA exp1<>+16(SB)/8, $0x3f0000003f000000  // exp1[4], exp1[5] = 0.5, 0.5
DATA exp1<>+24(SB)/8, $0x3f0000003f000000  // exp1[6], exp1[7] = 0.5, 0.5
GLOBL exp1<>(SB), RODATA|NOPTR, $32

// one = 1.0: coefficient of r, and the constant term
DATA one<>+0(SB)/8, $0x3f8000003f800000   // one[0], one[1] = 1.0, 1.0
DATA one<>+8(SB)/8, $0x3f8000003f800000   // one[2], one[3] = 1.0, 1.0
DATA one<>+16(SB)/8, $0x3f8000003f800000  // one[4], one[5] = 1.0, 1.0
DATA one<>+24(SB)/8, $0x3f8000003f800000  // one[6], one[7] = 1.0, 1.0
GLOBL one<>(SB), RODATA|NOPTR, $32

// bias = 127: the bias of a float32 exponent, as int32
DATA bias<>+0(SB)/8, $0x0000007f0000007f   // bias[0], bias[1] = 127, 127
DATA bias<>+8(SB)/8, $0x0000007f0000007f   // bias[2], bias[3] = 127, 127
DATA bias<>+16(SB)/8, $0x0000007f0000007f  // bias[4], bias[5] = 127, 127
DATA bias<>+24(SB)/8, $0x0000007f0000007f  // bias[6], bias[7] = 127, 127
GLOBL bias<>(SB), RODATA|NOPTR, $32

// EXP replaces x by exp(x), eight at a time; n and r are scratch. With n = round(x/ln 2):
//	r = x − n·ln2Hi − n·ln2Lo;  exp(x) = 2^n · (1 + r + r²·(exp1 + r·(exp2 + …)))
// The polynomial, of Cephes' expf, has degree 7 and a relative error of 3e-9; normal results are within 0.9 ulp. 2^n is
// multiplied in two halves, so that results reach denormals and +Inf. NaN stays: VMAXPS and VMINPS return their first operand
// then, as Go writes them, which is x. The register r holds p, and x holds h at the end.
#define EXP(x, n, r) \
	VMOVUPS      expLo<>(SB), r    \ // lo = -104
	VMAXPS       x, r, x           \ // x = max(x, lo)
	VMOVUPS      expHi<>(SB), r    \ // hi = 89
	VMINPS       x, r, x           \ // x = min(x, hi)
	VMULPS       log2e<>(SB), x, n \ // n = x * log2e
	VROUNDPS     $0, n, n          \ // n = round(n), ties to even
	VFNMADD231PS ln2Hi<>(SB), n, x \ // x -= n * ln2Hi, exactly
	VFNMADD231PS ln2Lo<>(SB), n, x \ // x -= n * ln2Lo: r of the formula
	VMOVUPS      exp6<>(SB), r     \ // p = exp6
	VFMADD213PS  exp5<>(SB), x, r  \ // p = p*x + exp5
	VFMADD213PS  exp4<>(SB), x, r  \ // p = p*x + exp4
	VFMADD213PS  exp3<>(SB), x, r  \ // p = p*x + exp3
	VFMADD213PS  exp2<>(SB), x, r  \ // p = p*x + exp2
	VFMADD213PS  exp1<>(SB), x, r  \ // p = p*x + exp1
	VFMADD213PS  one<>(SB), x, r   \ // p = p*x + 1
	VFMADD213PS  one<>(SB), x, r   \ // p = p*x + 1
	VCVTPS2DQ    n, n              \ // n = int32(n)
	VPSRAD       $1, n, x          \ // h = n >> 1
	VPSUBD       x, n, n           \ // n -= h
	VPADDD       bias<>(SB), x, x  \ // h += 127
	VPADDD       bias<>(SB), n, n  \ // n += 127
	VPSLLD       $23, x, x         \ // h <<= 23: now the bits of 2^h as a float32
	VPSLLD       $23, n, n         \ // n <<= 23: now the bits of 2^n
	VMULPS       x, r, r           \ // p *= 2^h
	VMULPS       n, r, x             // x = p * 2^n

// func expSIMDAsm(dst, x *float32, n int, shift float32) (sum float32)
//	for i := range n {
//		dst[i] = exp(x[i] - shift)
//		sum += dst[i]
//	}
//	DI  dst    SI  x    CX  n, elements left: a multiple of 8, and positive
//	Y0  e, eight elements    Y1, Y2  scratch of EXP    Y6  shift in all lanes    Y7  s, the sum: element i goes to lane i%8
TEXT ·expSIMDAsm(SB), NOSPLIT, $0-36
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS shift+24(FP), Y6  // shift in all lanes
	VXORPS Y7, Y7, Y7              // s = 0

loop:                              // eight elements a round
	VMOVUPS (SI), Y0               // e = x[:8]
	VSUBPS Y6, Y0, Y0              // e -= shift
	EXP(Y0, Y1, Y2)                // e = exp(e)
	VMOVUPS Y0, (DI)               // dst[:8] = e
	VADDPS Y0, Y7, Y7              // s += e
	ADDQ $32, SI                   // x = x[8:]
	ADDQ $32, DI                   // dst = dst[8:]
	SUBQ $8, CX                    // n -= 8
	JG   loop                      // if n > 0 { goto loop }
	HSUM(Y7, X7, X0)               // sum = s[0] + … + s[7]
	VMOVSS X7, sum+32(FP)          // return sum
	VZEROUPPER                     // upper halves left behind would slow down SSE code
	RET
