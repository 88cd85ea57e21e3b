//go:build !purego

#include "textflag.h"
#include "exp_avx512_amd64.h"
#include "tail_avx512_amd64.h"

// Bounds of x and the rest of log₂ e.
DATA expConstAVX512<>+0(SB)/4, $-104.0       // exp(x) rounds to 0 in float32 from here down
DATA expConstAVX512<>+4(SB)/4, $89.0         // exp(x) is +Inf in float32 from here up
DATA expConstAVX512<>+8(SB)/4, $0x32a57060   // 1.925963e-08, log₂ e less what log2e holds of it
GLOBL expConstAVX512<>(SB), RODATA|NOPTR, $12

// EXP replaces x in Z0 by exp(x), 16 at a time, as precisely as 2^r is known: x·log₂ e is needed to more digits than one float32 holds.
//	t = x·log2e, rounded;  e = x·log₂ e − t;  exp(x) = 2^⌊t⌋ · 2^(t − ⌊t⌋ + e)
// NaN stays: VMAXPS and VMINPS return their first operand then, which is x. Large x must have been held back by CLAMP. Clobbers Z1 to Z3.
#define EXP \
	VMAXPS      Z0, Z15, Z0 \ // x = max(x, -104)
	VMULPS      Z22, Z0, Z1 \ // t = x * log2e
	VMOVAPS     Z1, Z2      \ // e = t
	VFMSUB231PS Z22, Z0, Z2 \ // e = x * log2e - t, exactly
	VFMADD231PS Z23, Z0, Z2 \ // e += x * the rest of log₂ e
	FRACTION(Z1, Z3)        \ // r = t - floor(t)
	VADDPS      Z2, Z3, Z3  \ // r += e
	POLYNOMIAL(Z3, Z0)      \ // p = 2^r
	VSCALEFPS   Z1, Z0, Z0    // x = p * 2^floor(t)

// CLAMP keeps x finite, at 89 at most; where x ≤ 0 there is nothing to clamp, and NOTHING takes its place.
#define CLAMP VMINPS Z0, Z24, Z0  // x = min(x, 89)
#define NOTHING

// EXPROW is a row:
//	for i := range n {
//		dst[i] = exp(TOP(x[i] - shift))
//		sum += dst[i]
//	}
//	DI  dst    SI  x    CX  n, less 16 inside the loop
//	Z0  e, 16 elements    Z5  s, the sum: element i goes to lane i%16
//	Z14  shift    Z15, Z24  bounds of x    Z16–Z23  constants of EXP
#define EXPROW(name, TOP) \
TEXT name(SB), NOSPLIT, $0-36 \
	MOVQ dst+0(FP), DI                     \
	MOVQ x+8(FP), SI                       \
	MOVQ n+16(FP), CX                      \
	VBROADCASTSS shift+24(FP), Z14         \ // shift in all lanes
	VBROADCASTSS expConstAVX512<>+0(SB), Z15 \ // -104
	VBROADCASTSS expConstAVX512<>+4(SB), Z24 \ // 89
	VBROADCASTSS expConstAVX512<>+8(SB), Z23 \ // the rest of log₂ e
	POWERS                                 \
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
	VMOVSS X5, sum+32(FP)                  \ // return sum
	VZEROUPPER                             \ // upper halves left behind would slow down SSE code
	RET

// func expAVX512Asm(dst, x *float32, n int, shift float32) (sum float32), for any x
EXPROW(·expAVX512Asm, CLAMP)

// func expBelowAVX512Asm(dst, x *float32, n int, shift float32) (sum float32), for x ≤ shift, as in softmax
EXPROW(·expBelowAVX512Asm, NOTHING)
