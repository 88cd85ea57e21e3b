// The exponential of all AVX-512 kernels, in powers of two.

DATA power5<>+0(SB)/4, $0x3af4b480 // 0.0018669516: the polynomial of least relative error for 2^r, 0 ≤ r < 1, that begins with 1
GLOBL power5<>(SB), RODATA|NOPTR, $4
DATA power4<>+0(SB)/4, $0x3c13be0f // 0.0090174815
GLOBL power4<>(SB), RODATA|NOPTR, $4
DATA power3<>+0(SB)/4, $0x3d648e08 // 0.055799514
GLOBL power3<>(SB), RODATA|NOPTR, $4
DATA power2<>+0(SB)/4, $0x3e75edb5 // 0.24016459
GLOBL power2<>(SB), RODATA|NOPTR, $4
DATA power1<>+0(SB)/4, $0x3f31725d // 0.6931513
GLOBL power1<>(SB), RODATA|NOPTR, $4
DATA unit<>+0(SB)/4, $0x3f800000   // 1
GLOBL unit<>(SB), RODATA|NOPTR, $4
DATA log2e<>+0(SB)/4, $0x3fb8aa3b  // 1.442695, log₂ e
GLOBL log2e<>(SB), RODATA|NOPTR, $4

// POWERS fills Z16–Z21 for EXP2, and Z22.
#define POWERS \
	VBROADCASTSS power5<>(SB), Z16 \ // of r⁵
	VBROADCASTSS power4<>(SB), Z17 \ // of r⁴
	VBROADCASTSS power3<>(SB), Z18 \ // of r³
	VBROADCASTSS power2<>(SB), Z19 \ // of r²
	VBROADCASTSS power1<>(SB), Z20 \ // of r
	VBROADCASTSS unit<>(SB), Z21   \ // 1
	VBROADCASTSS log2e<>(SB), Z22    // to make powers of two of those of e

// FRACTION is r = x − ⌊x⌋, 0 for infinities.
#define FRACTION(x, r) VREDUCEPS $9, x, r

// POLYNOMIAL is p = 2^r with a relative error of 1.4e-7, of which 8.2e-8 are the polynomial's.
#define POLYNOMIAL(r, p) \
	VMOVAPS      Z16, p    \ // p = power5
	VFMADD213PS  Z17, r, p \ // p = p*r + power4
	VFMADD213PS  Z18, r, p \ // p = p*r + power3
	VFMADD213PS  Z19, r, p \ // p = p*r + power2
	VFMADD213PS  Z20, r, p \ // p = p*r + power1
	VFMADD213PS  Z21, r, p   // p = p*r + 1

// EXP2 replaces x by 2^x = 2^⌊x⌋ · 2^(x−⌊x⌋), also where that is a denormal, 0 or infinite; r and p are scratch. NaN stays.
// VSCALEFPS takes the floor of x itself.
#define EXP2(x, r, p) \
	FRACTION(x, r)   \ // r = x − ⌊x⌋
	POLYNOMIAL(r, p) \ // p = 2^r
	VSCALEFPS x, p, x  // x = p · 2^⌊x⌋
