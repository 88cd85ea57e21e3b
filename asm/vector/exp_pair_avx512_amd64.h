#include "exp_avx512_amd64.h"

DATA minusInf<>+0(SB)/4, $0xff800000 // −∞, the maximum of no logits
GLOBL minusInf<>(SB), RODATA|NOPTR, $4

// EXPPAIR replaces x in Z0 and Z1 by exp(scale·(x − m)). Both go along side by side, and the polynomial is added up by halves, so that
// instructions wait less for each other. Clobbers Z2, Z3, Z8–Z13.
#define EXPPAIR \
	VFMSUB213PS Z4, Z22, Z0  \ // y = x*scale*log2e - m*scale*log2e, here and below first of Z0 and then of Z1
	VFMSUB213PS Z4, Z22, Z1  \
	FRACTION(Z0, Z2)         \ // r = y - floor(y)
	FRACTION(Z1, Z8)         \
	VMOVAPS     Z16, Z3      \ // p = power5
	VMOVAPS     Z16, Z9      \
	VMULPS      Z2, Z2, Z10  \ // q = r*r
	VMULPS      Z8, Z8, Z11  \
	VFMADD213PS Z17, Z2, Z3  \ // p = p*r + power4
	VFMADD213PS Z17, Z8, Z9  \
	VMOVAPS     Z18, Z12     \ // t = power3
	VMOVAPS     Z18, Z13     \
	VFMADD213PS Z19, Z2, Z12 \ // t = t*r + power2
	VFMADD213PS Z19, Z8, Z13 \
	VFMADD213PS Z21, Z20, Z2 \ // r = power1*r + 1
	VFMADD213PS Z21, Z20, Z8 \
	VFMADD213PS Z12, Z10, Z3 \ // p = p*q + t
	VFMADD213PS Z13, Z11, Z9 \
	VFMADD213PS Z2, Z10, Z3  \ // p = p*q + r, 2^r
	VFMADD213PS Z8, Z11, Z9  \
	VSCALEFPS   Z0, Z3, Z0   \ // x = p * 2^floor(y)
	VSCALEFPS   Z1, Z9, Z1
