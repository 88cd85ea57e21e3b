// What exp and GELU share on NEON.

// Constants of exp; EXPCONSTANTS loads them into all lanes of V16 to V28, in this order.
DATA expConst<>+0(SB)/4, $0xc2d00000   // V16  expLo = -104.0: exp(x) rounds to 0 in float32 from here down
DATA expConst<>+4(SB)/4, $0x42b20000   // V17  expHi = 89.0: exp(x) is +Inf in float32 from here up
DATA expConst<>+8(SB)/4, $0x3fb8aa3b   // V18  log2e = 1.4426950408889634: 1/ln 2
DATA expConst<>+12(SB)/4, $0x3f318000  // V19  ln2Hi = 0.693359375: ln 2 in nine bits, so that x − n·ln2Hi is exact
DATA expConst<>+16(SB)/4, $0xb95e8083  // V20  ln2Lo = -0.00021219444: the rest of ln 2
DATA expConst<>+20(SB)/4, $0x39506967  // V21  exp6 = 0.000198756915: coefficient of r⁷ in exp(r), |r| ≤ ln 2/2
DATA expConst<>+24(SB)/4, $0x3ab743ce  // V22  exp5 = 0.0013981999507: coefficient of r⁶
DATA expConst<>+28(SB)/4, $0x3c088908  // V23  exp4 = 0.0083334519073: coefficient of r⁵
DATA expConst<>+32(SB)/4, $0x3d2aa9c1  // V24  exp3 = 0.041665795894: coefficient of r⁴
DATA expConst<>+36(SB)/4, $0x3e2aaaaa  // V25  exp2 = 0.16666665459: coefficient of r³
DATA expConst<>+40(SB)/4, $0x3f000000  // V26  exp1 = 0.50000001201: coefficient of r²; in float32 it is 0.5
DATA expConst<>+44(SB)/4, $0x3f800000  // V27  one = 1.0: coefficient of r, and the constant term
DATA expConst<>+48(SB)/4, $0x0000007f  // V28  bias = 127: the bias of a float32 exponent, as int32
GLOBL expConst<>(SB), RODATA|NOPTR, $52

// EXPCONSTANTS sets V16 to V28. Clobbers R4.
#define EXPCONSTANTS \
	MOVD $expConst<>(SB), R4 \
	VLD1R.P 4(R4), [V16.S4]  \ // expLo
	VLD1R.P 4(R4), [V17.S4]  \ // expHi
	VLD1R.P 4(R4), [V18.S4]  \ // log2e
	VLD1R.P 4(R4), [V19.S4]  \ // ln2Hi
	VLD1R.P 4(R4), [V20.S4]  \ // ln2Lo
	VLD1R.P 4(R4), [V21.S4]  \ // exp6
	VLD1R.P 4(R4), [V22.S4]  \ // exp5
	VLD1R.P 4(R4), [V23.S4]  \ // exp4
	VLD1R.P 4(R4), [V24.S4]  \ // exp3
	VLD1R.P 4(R4), [V25.S4]  \ // exp2
	VLD1R.P 4(R4), [V26.S4]  \ // exp1
	VLD1R.P 4(R4), [V27.S4]  \ // one
	VLD1R.P 4(R4), [V28.S4]    // bias

// EXP computes V2 = exp(x) for x in V0. With n = round(x/ln 2) and r = x − n·ln2Hi − n·ln2Lo:
//	exp(x) = 2^n · (1 + r + r²·(exp1 + r·(exp2 + …)))
// The polynomial, of Cephes' expf, has degree 7 and a relative error of 3e-9; p and q take turns in it, V2 and V3, as VFMLA adds
// to a copy of the next coefficient. 2^n is multiplied in two halves, so that results reach denormals and +Inf. FMAX and FMIN
// keep NaN. Clobbers V0, V1, V3.
#define EXP \
	FMAX(16, 0, 0)                \ // x = max(x, -104)
	FMIN(17, 0, 0)                \ // x = min(x, 89)
	FMUL(18, 0, 1)                \ // n = x * log2e
	FRINTN(1, 1)                  \ // n = round(n), ties to even
	VFMLS V19.S4, V1.S4, V0.S4    \ // x -= n * ln2Hi, exactly
	VFMLS V20.S4, V1.S4, V0.S4    \ // x -= n * ln2Lo: r of the formula
	VORR V22.B16, V22.B16, V2.B16 \ // p = exp5
	VFMLA V21.S4, V0.S4, V2.S4    \ // p += exp6 * x
	VORR V23.B16, V23.B16, V3.B16 \ // q = exp4
	VFMLA V2.S4, V0.S4, V3.S4     \ // q += p * x
	VORR V24.B16, V24.B16, V2.B16 \ // p = exp3
	VFMLA V3.S4, V0.S4, V2.S4     \ // p += q * x
	VORR V25.B16, V25.B16, V3.B16 \ // q = exp2
	VFMLA V2.S4, V0.S4, V3.S4     \ // q += p * x
	VORR V26.B16, V26.B16, V2.B16 \ // p = exp1
	VFMLA V3.S4, V0.S4, V2.S4     \ // p += q * x
	VORR V27.B16, V27.B16, V3.B16 \ // q = 1
	VFMLA V2.S4, V0.S4, V3.S4     \ // q += p * x
	VORR V27.B16, V27.B16, V2.B16 \ // p = 1
	VFMLA V3.S4, V0.S4, V2.S4     \ // p += q * x
	FCVTNS(1, 1)                  \ // n = int32(n)
	SSHR1(1, 0)                   \ // h = n >> 1
	VSUB V0.S4, V1.S4, V1.S4      \ // n -= h
	VADD V28.S4, V0.S4, V0.S4     \ // h += 127
	VADD V28.S4, V1.S4, V1.S4     \ // n += 127
	VSHL $23, V0.S4, V0.S4        \ // h <<= 23: now the bits of 2^h as a float32
	VSHL $23, V1.S4, V1.S4        \ // n <<= 23: now the bits of 2^n
	FMUL(0, 2, 2)                 \ // p *= 2^h
	FMUL(1, 2, 2)                   // p *= 2^n: exp(x)
