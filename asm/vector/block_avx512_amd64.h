// What the row kernels of attention share: exp, and the columns of a row's last vector.

DATA expLowest<>+0(SB)/4, $0xc2d00000 // −104: below it exp is 0 in float32
GLOBL expLowest<>(SB), RODATA|NOPTR, $4
DATA perLn2<>+0(SB)/4, $0x3fb8aa3b    // 1/ln 2
GLOBL perLn2<>(SB), RODATA|NOPTR, $4
DATA ln2High<>+0(SB)/4, $0x3f318000   // 0.693359375, the part of ln 2 that is exact
GLOBL ln2High<>(SB), RODATA|NOPTR, $4
DATA ln2Rest<>+0(SB)/4, $0xb95e8083   // −0.00021219444, and the rest
GLOBL ln2Rest<>(SB), RODATA|NOPTR, $4
DATA taylor5<>+0(SB)/4, $0x3c083142   // 0.0083125252: the polynomial of least relative error on ±ln 2/2 that begins with 1 + r
GLOBL taylor5<>(SB), RODATA|NOPTR, $4
DATA taylor4<>+0(SB)/4, $0x3d2b94f8   // 0.041890115
GLOBL taylor4<>(SB), RODATA|NOPTR, $4
DATA taylor3<>+0(SB)/4, $0x3e2aabd7   // 0.16667114
GLOBL taylor3<>(SB), RODATA|NOPTR, $4
DATA taylor2<>+0(SB)/4, $0x3efffefe   // 0.49999231
GLOBL taylor2<>(SB), RODATA|NOPTR, $4
DATA unit<>+0(SB)/4, $0x3f800000      // 1
GLOBL unit<>(SB), RODATA|NOPTR, $4
DATA minusInf<>+0(SB)/4, $0xff800000  // −∞, the maximum of no logits
GLOBL minusInf<>(SB), RODATA|NOPTR, $4

// CONSTANTS fills Z16–Z25 for EXP.
#define CONSTANTS \
	VBROADCASTSS expLowest<>(SB), Z16 \ // x below it has exp(x) = 0
	VBROADCASTSS perLn2<>(SB), Z17    \ // 1/ln 2
	VBROADCASTSS ln2High<>(SB), Z18   \ // ln 2, the exact part
	VBROADCASTSS ln2Rest<>(SB), Z19   \ // ln 2, the rest
	VBROADCASTSS taylor5<>(SB), Z20   \ // of r⁵
	VBROADCASTSS taylor4<>(SB), Z21   \ // of r⁴
	VBROADCASTSS taylor3<>(SB), Z22   \ // of r³
	VBROADCASTSS taylor2<>(SB), Z23   \ // of r²
	VBROADCASTSS unit<>(SB), Z24      \ // 1
	VBROADCASTSS minusInf<>(SB), Z25    // −∞

// EXP replaces x by exp(x); n and p are scratch. With n = round(x/ln 2) and r = x − n·ln 2, |r| ≤ ln 2/2:
//
//	exp(x) = 2^n · (1 + r·(1 + r·(taylor2 + r·(taylor3 + r·(taylor4 + r·taylor5)))))
//
// with a relative error below 2e-7, of which 1.06e-7 is the polynomial's, where the result is a normal number. ln 2 comes in two
// parts: n times the first is exact, so r keeps its bits. NaN stays: VMAXPS returns its first operand then, which is x. exp(+Inf)
// is NaN, as r is Inf − Inf; a softmax does not meet it.
#define EXP(x, n, p) \
	VMAXPS       x, Z16, x \ // x = max(x, −104)
	VMULPS       Z17, x, n \ // n = x / ln 2
	VRNDSCALEPS  $8, n, n  \ // n = round(n), ties to even
	VFNMADD231PS Z18, n, x \ // r = x - n*ln2High
	VFNMADD231PS Z19, n, x \ // r -= n*ln2Rest
	VMOVAPS      Z20, p    \ // p = taylor5
	VFMADD213PS  Z21, x, p \ // p = p*r + taylor4
	VFMADD213PS  Z22, x, p \ // p = p*r + taylor3
	VFMADD213PS  Z23, x, p \ // p = p*r + taylor2
	VFMADD213PS  Z24, x, p \ // p = p*r + 1
	VFMADD213PS  Z24, x, p \ // p = p*r + 1
	VSCALEFPS    n, p, x     // exp(x) = p · 2^n, with denormals

// TAIL sets K1 to the columns of the last, incomplete vector (none when all are complete), and R15 to the bytes before it. R10 is
// n. Clobbers AX and CX.
#define TAIL \
	MOVQ  R10, CX   \
	ANDQ  $15, CX   \ // n % 16
	MOVQ  $1, AX    \
	SHLQ  CX, AX    \ // 1 << (n%16)
	DECQ  AX        \ // 1<<(n%16) - 1
	KMOVW AX, K1    \ // columns 0 to n%16 - 1
	MOVQ  R10, R15  \
	ANDQ  $-16, R15 \ // n &^ 15
	SHLQ  $2, R15     // in bytes
