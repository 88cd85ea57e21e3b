//go:build !purego

#include "textflag.h"
#include "tail_avx512_amd64.h"

// CX counts the elements left, less 16 while it is in a loop; x[:n] is a vector under a mask of its first n lanes.

// CONSTANT fills d with a 32-bit number.
#define CONSTANT(number, d) \
	MOVL         $number, AX \
	VPBROADCASTD AX, d         // d = number, in all lanes

// ROUND rounds the sixteen floats of Z0 to bfloat16s in their lower halves. It works on the bits: adding 0x7FFF, and 1 more when the last
// bit to be kept is odd, carries into the upper half exactly when rounding to nearest, ties to even, goes up. VCVTNEPS2BF16, which few
// CPUs have, would take subnormal numbers for zero.
#define ROUND \
	VPSRLD $16, Z0, Z1       \ // u = x >> 16
	VPANDD Z29, Z1, Z1       \ // u &= 1
	VPADDD Z30, Z1, Z1       \ // u += 0x7FFF
	VPADDD Z0, Z1, Z1        \ // u += x, rounded
	VCMPPS $3, Z0, Z0, K2    \ // x != x: NaN
	VPORD  Z31, Z0, K2, Z1   \ // u = x | quiet where x is NaN
	VPSRLD $16, Z1, Z0         // u >> 16

// func roundAVX512Asm(dst *uint16, x *float32, n int)
//	for i := range n { dst[i] = toBF16(x[i]) }
//	DI  dst    SI  x    CX  n    Z0  v, 16 elements    Z1, K2  scratch    Z29–Z31  constants of ROUND
TEXT ·roundAVX512Asm(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	CONSTANT(1, Z29)          // the last bit that is kept
	CONSTANT(0x7FFF, Z30)     // just under half of its place
	CONSTANT(0x00400000, Z31) // quiet
	SUBQ $16, CX              // n -= 16
	JLT  tail                 // if n < 0 { goto tail }

one:                              // 16 elements a round
	VMOVUPS (SI), Z0          // v = x[:16]
	ROUND                     // v = bf16(v)
	VPMOVDW Z0, (DI)          // dst[:16] = v
	ADDQ $64, SI              // x = x[16:]
	ADDQ $32, DI              // dst = dst[16:]
	SUBQ $16, CX              // n -= 16
	JGE  one                  // if n >= 0 { goto one }

tail:                             // 0 to 15 elements are left
	ADDQ $16, CX              // n += 16
	JZ   done                 // if n == 0 { goto done }
	TAILMASK                  // mask = 1<<n - 1
	VMOVUPS.Z (SI), K1, Z0    // v = x[:n], 0 in the other lanes
	ROUND                     // v = bf16(v)
	VPMOVDW Z0, K1, (DI)      // dst[:n] = v

done:
	VZEROUPPER                // upper halves left behind would slow down SSE code
	RET

// func widenAVX512Asm(dst *float32, x *uint16, n int)
//	for i := range n { dst[i] = math.Float32frombits(uint32(x[i]) << 16) }
//	DI  dst    SI  x    CX  n    Z0  v, 16 elements
TEXT ·widenAVX512Asm(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	SUBQ $16, CX              // n -= 16
	JLT  tail                 // if n < 0 { goto tail }

one:                              // 16 elements a round
	VPMOVZXWD (SI), Z0        // v = x[:16]
	VPSLLD $16, Z0, Z0        // v <<= 16
	VMOVUPS Z0, (DI)          // dst[:16] = v
	ADDQ $32, SI              // x = x[16:]
	ADDQ $64, DI              // dst = dst[16:]
	SUBQ $16, CX              // n -= 16
	JGE  one                  // if n >= 0 { goto one }

tail:                             // 0 to 15 elements are left
	ADDQ $16, CX              // n += 16
	JZ   done                 // if n == 0 { goto done }
	TAILMASK                  // mask = 1<<n - 1
	VPMOVZXWD.Z (SI), K1, Z0  // v = x[:n], 0 in the other lanes
	VPSLLD $16, Z0, Z0        // v <<= 16
	VMOVUPS Z0, K1, (DI)      // dst[:n] = v

done:
	VZEROUPPER                // upper halves left behind would slow down SSE code
	RET
