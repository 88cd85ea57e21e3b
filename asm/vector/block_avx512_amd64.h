// What the row kernels of attention share.

DATA expLowest<>+0(SB)/4, $0xc2d00000 // −104: below it exp is 0 in float32
GLOBL expLowest<>(SB), RODATA|NOPTR, $4
DATA perLn2<>+0(SB)/4, $0x3fb8aa3b // 1/ln 2
GLOBL perLn2<>(SB), RODATA|NOPTR, $4
DATA ln2High<>+0(SB)/4, $0x3f318000 // 0.693359375, the part of ln 2 that is exact
GLOBL ln2High<>(SB), RODATA|NOPTR, $4
DATA ln2Rest<>+0(SB)/4, $0xb95e8083 // −0.00021219444, and the rest
GLOBL ln2Rest<>(SB), RODATA|NOPTR, $4
DATA taylor5<>+0(SB)/4, $0x3c083142 // 0.0083125252: the polynomial of least error on ±ln 2/2 that begins with 1 + r
GLOBL taylor5<>(SB), RODATA|NOPTR, $4
DATA taylor4<>+0(SB)/4, $0x3d2b94f8 // 0.041890115
GLOBL taylor4<>(SB), RODATA|NOPTR, $4
DATA taylor3<>+0(SB)/4, $0x3e2aabd7 // 0.16667114
GLOBL taylor3<>(SB), RODATA|NOPTR, $4
DATA taylor2<>+0(SB)/4, $0x3efffefe // 0.49999231
GLOBL taylor2<>(SB), RODATA|NOPTR, $4
DATA unit<>+0(SB)/4, $0x3f800000 // 1
GLOBL unit<>(SB), RODATA|NOPTR, $4
DATA minusInf<>+0(SB)/4, $0xff800000
GLOBL minusInf<>(SB), RODATA|NOPTR, $4

// CONSTANTS fills Z16–Z25 for EXP.
#define CONSTANTS \
	VBROADCASTSS expLowest<>(SB), Z16 \
	VBROADCASTSS perLn2<>(SB), Z17    \
	VBROADCASTSS ln2High<>(SB), Z18   \
	VBROADCASTSS ln2Rest<>(SB), Z19   \
	VBROADCASTSS taylor5<>(SB), Z20   \
	VBROADCASTSS taylor4<>(SB), Z21   \
	VBROADCASTSS taylor3<>(SB), Z22   \
	VBROADCASTSS taylor2<>(SB), Z23   \
	VBROADCASTSS unit<>(SB), Z24      \
	VBROADCASTSS minusInf<>(SB), Z25

// EXP replaces x by exp(x); n and p are scratch. With n = round(x/ln 2) and r = x − n·ln 2:
//	exp(x) = 2^n · (1 + r·(1 + r·(taylor2 + …)))
// within two units in the last place. NaN stays: VMAXPS returns its last operand then, which is x.
#define EXP(x, n, p) \
	VMAXPS       x, Z16, x     \
	VMULPS       Z17, x, n     \
	VRNDSCALEPS  $8, n, n      \
	VFNMADD231PS Z18, n, x     \
	VFNMADD231PS Z19, n, x     \
	VMOVAPS      Z20, p        \
	VFMADD213PS  Z21, x, p     \
	VFMADD213PS  Z22, x, p     \
	VFMADD213PS  Z23, x, p     \
	VFMADD213PS  Z24, x, p     \
	VFMADD213PS  Z24, x, p     \
	VSCALEFPS    n, p, x

// TAIL sets K1 to the columns of the last, incomplete vector (none when all are complete), and R15 to the bytes before it. R10 is n.
#define TAIL \
	MOVQ  R10, CX      \
	ANDQ  $15, CX      \
	MOVQ  $1, AX       \
	SHLQ  CX, AX       \
	DECQ  AX           \
	KMOVW AX, K1       \
	MOVQ  R10, R15     \
	ANDQ  $-16, R15    \
	SHLQ  $2, R15
