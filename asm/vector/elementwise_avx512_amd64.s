//go:build !purego

#include "textflag.h"
#include "tail_avx512_amd64.h"

// The loops take 64 elements in four vectors, then 16 at a time, and the rest under a mask. CX counts the elements left, less what a
// round of the loop takes while it is in it; x[:n] is a vector under a mask of its first n lanes.

// BINARY is a kernel of two operands and one instruction OP:
//	for i := range n { dst[i] = a[i] OP b[i] }
//	DI  dst    SI  a    BX  b    CX  n    Z0–Z3  v0 to v3, 16 elements each
// One operation an element, rounded once as in the reference: the bits are the same, save which NaN it is.
#define BINARY(name, OP) \
TEXT name(SB), NOSPLIT, $0-32 \
	MOVQ dst+0(FP), DI      \
	MOVQ a+8(FP), SI        \
	MOVQ b+16(FP), BX       \
	MOVQ n+24(FP), CX       \
	SUBQ $64, CX            \ // n -= 64
	JLT  rest               \ // if n < 0 { goto rest }
four:                       \ // 64 elements a round
	VMOVUPS (SI), Z0        \ // v0 = a[:16]
	VMOVUPS 64(SI), Z1      \ // v1 = a[16:32]
	VMOVUPS 128(SI), Z2     \ // v2 = a[32:48]
	VMOVUPS 192(SI), Z3     \ // v3 = a[48:64]
	OP      (BX), Z0, Z0    \ // v0 = v0 OP b[:16]
	OP      64(BX), Z1, Z1  \ // v1 = v1 OP b[16:32]
	OP      128(BX), Z2, Z2 \ // v2 = v2 OP b[32:48]
	OP      192(BX), Z3, Z3 \ // v3 = v3 OP b[48:64]
	VMOVUPS Z0, (DI)        \ // dst[:16] = v0
	VMOVUPS Z1, 64(DI)      \ // dst[16:32] = v1
	VMOVUPS Z2, 128(DI)     \ // dst[32:48] = v2
	VMOVUPS Z3, 192(DI)     \ // dst[48:64] = v3
	ADDQ $256, SI           \ // a = a[64:]
	ADDQ $256, BX           \ // b = b[64:]
	ADDQ $256, DI           \ // dst = dst[64:]
	SUBQ $64, CX            \ // n -= 64
	JGE  four               \ // if n >= 0 { goto four }
rest:                       \ // 0 to 63 elements are left
	ADDQ $48, CX            \ // n += 64 - 16
	JLT  tail               \ // if n < 0 { goto tail }
one:                        \ // 16 elements a round
	VMOVUPS (SI), Z0        \ // v0 = a[:16]
	OP      (BX), Z0, Z0    \ // v0 = v0 OP b[:16]
	VMOVUPS Z0, (DI)        \ // dst[:16] = v0
	ADDQ $64, SI            \ // a = a[16:]
	ADDQ $64, BX            \ // b = b[16:]
	ADDQ $64, DI            \ // dst = dst[16:]
	SUBQ $16, CX            \ // n -= 16
	JGE  one                \ // if n >= 0 { goto one }
tail:                       \ // 0 to 15 elements are left
	ADDQ $16, CX            \ // n += 16
	JZ   done               \ // if n == 0 { goto done }
	TAILMASK                \ // mask = 1<<n - 1
	VMOVUPS.Z (SI), K1, Z0  \ // v0 = a[:n], 0 in the other lanes
	VMOVUPS.Z (BX), K1, Z1  \ // v1 = b[:n], 0 in the other lanes
	OP      Z1, Z0, Z0      \ // v0 = v0 OP v1
	VMOVUPS Z0, K1, (DI)    \ // dst[:n] = v0
done:                       \
	VZEROUPPER              \ // upper halves left behind would slow down SSE code
	RET

// func addAVX512Asm(dst, a, b *float32, n int): dst[i] = a[i] + b[i]
BINARY(·addAVX512Asm, VADDPS)

// func subAVX512Asm(dst, a, b *float32, n int): dst[i] = a[i] - b[i]
BINARY(·subAVX512Asm, VSUBPS)

// func mulAVX512Asm(dst, a, b *float32, n int): dst[i] = a[i] * b[i]
BINARY(·mulAVX512Asm, VMULPS)

// func maximumAVX512Asm(dst, a, b *float32, n int)
//	for i := range n { dst[i] = max(a[i], b[i]) }
//	DI  dst    SI  a    BX  b    CX  n    Z0  v, 16 elements    Z1  w, 16 elements    K2  where w is NaN
// VMAXPS gives its second source, here v, where either is NaN.
TEXT ·maximumAVX512Asm(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), BX
	MOVQ n+24(FP), CX
	SUBQ $16, CX               // n -= 16
	JLT  tail                  // if n < 0 { goto tail }

one:                           // 16 elements a round
	VMOVUPS (SI), Z0           // v = a[:16]
	VMOVUPS (BX), Z1           // w = b[:16]
	VCMPPS  $3, Z1, Z1, K2     // where w is NaN
	VMAXPS  Z0, Z1, Z0         // v = max(w, v)
	VMOVAPS Z1, K2, Z0         // v = w where w is NaN
	VMOVUPS Z0, (DI)           // dst[:16] = v
	ADDQ $64, SI               // a = a[16:]
	ADDQ $64, BX               // b = b[16:]
	ADDQ $64, DI               // dst = dst[16:]
	SUBQ $16, CX               // n -= 16
	JGE  one                   // if n >= 0 { goto one }

tail:                          // 0 to 15 elements are left
	ADDQ $16, CX               // n += 16
	JZ   done                  // if n == 0 { goto done }
	TAILMASK                   // mask = 1<<n - 1
	VMOVUPS.Z (SI), K1, Z0     // v = a[:n], 0 in the other lanes
	VMOVUPS.Z (BX), K1, Z1     // w = b[:n], 0 in the other lanes
	VCMPPS  $3, Z1, Z1, K2     // where w is NaN
	VMAXPS  Z0, Z1, Z0         // v = max(w, v)
	VMOVAPS Z1, K2, Z0         // v = w where w is NaN
	VMOVUPS Z0, K1, (DI)       // dst[:n] = v

done:
	VZEROUPPER                 // upper halves left behind would slow down SSE code
	RET

// func mulAddAVX512Asm(dst, a, b *float32, n int)
//	for i := range n { dst[i] = fma(a[i], b[i], dst[i]) }
//	DI  dst    SI  a    BX  b    CX  n    Z0–Z3  v0 to v3, 16 elements each, from dst    Z4–Z7  a0 to a3, likewise from a
// a·b is not rounded before it is added.
TEXT ·mulAddAVX512Asm(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), BX
	MOVQ n+24(FP), CX
	SUBQ $64, CX                  // n -= 64
	JLT  rest                     // if n < 0 { goto rest }

four:                             // 64 elements a round
	VMOVUPS (DI), Z0              // v0 = dst[:16]
	VMOVUPS 64(DI), Z1            // v1 = dst[16:32]
	VMOVUPS 128(DI), Z2           // v2 = dst[32:48]
	VMOVUPS 192(DI), Z3           // v3 = dst[48:64]
	VMOVUPS (SI), Z4              // a0 = a[:16]
	VMOVUPS 64(SI), Z5            // a1 = a[16:32]
	VMOVUPS 128(SI), Z6           // a2 = a[32:48]
	VMOVUPS 192(SI), Z7           // a3 = a[48:64]
	VFMADD231PS (BX), Z4, Z0      // v0 += a0 * b[:16]
	VFMADD231PS 64(BX), Z5, Z1    // v1 += a1 * b[16:32]
	VFMADD231PS 128(BX), Z6, Z2   // v2 += a2 * b[32:48]
	VFMADD231PS 192(BX), Z7, Z3   // v3 += a3 * b[48:64]
	VMOVUPS Z0, (DI)              // dst[:16] = v0
	VMOVUPS Z1, 64(DI)            // dst[16:32] = v1
	VMOVUPS Z2, 128(DI)           // dst[32:48] = v2
	VMOVUPS Z3, 192(DI)           // dst[48:64] = v3
	ADDQ $256, SI                 // a = a[64:]
	ADDQ $256, BX                 // b = b[64:]
	ADDQ $256, DI                 // dst = dst[64:]
	SUBQ $64, CX                  // n -= 64
	JGE  four                     // if n >= 0 { goto four }

rest:                             // 0 to 63 elements are left
	ADDQ $48, CX                  // n += 64 - 16
	JLT  tail                     // if n < 0 { goto tail }

one:                              // 16 elements a round
	VMOVUPS (DI), Z0              // v0 = dst[:16]
	VMOVUPS (SI), Z4              // a0 = a[:16]
	VFMADD231PS (BX), Z4, Z0      // v0 += a0 * b[:16]
	VMOVUPS Z0, (DI)              // dst[:16] = v0
	ADDQ $64, SI                  // a = a[16:]
	ADDQ $64, BX                  // b = b[16:]
	ADDQ $64, DI                  // dst = dst[16:]
	SUBQ $16, CX                  // n -= 16
	JGE  one                      // if n >= 0 { goto one }

tail:                             // 0 to 15 elements are left
	ADDQ $16, CX                  // n += 16
	JZ   done                     // if n == 0 { goto done }
	TAILMASK                      // mask = 1<<n - 1
	VMOVUPS.Z (DI), K1, Z0        // v0 = dst[:n], 0 in the other lanes
	VMOVUPS.Z (SI), K1, Z4        // a0 = a[:n], 0 in the other lanes
	VFMADD231PS (BX), Z4, K1, Z0  // v0[:n] += a0 * b[:n]
	VMOVUPS Z0, K1, (DI)          // dst[:n] = v0

done:
	VZEROUPPER                    // upper halves left behind would slow down SSE code
	RET

// func scaleAVX512Asm(dst, x *float32, n int, s float32)
//	for i := range n { dst[i] = s * x[i] }
//	DI  dst    SI  x    CX  n    Z0–Z3  v0 to v3, 16 elements each    Z4  s in all lanes
TEXT ·scaleAVX512Asm(SB), NOSPLIT, $0-28
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS s+24(FP), Z4  // s in all lanes
	SUBQ $64, CX               // n -= 64
	JLT  rest                  // if n < 0 { goto rest }

four:                          // 64 elements a round
	VMULPS (SI), Z4, Z0        // v0 = s * x[:16]
	VMULPS 64(SI), Z4, Z1      // v1 = s * x[16:32]
	VMULPS 128(SI), Z4, Z2     // v2 = s * x[32:48]
	VMULPS 192(SI), Z4, Z3     // v3 = s * x[48:64]
	VMOVUPS Z0, (DI)           // dst[:16] = v0
	VMOVUPS Z1, 64(DI)         // dst[16:32] = v1
	VMOVUPS Z2, 128(DI)        // dst[32:48] = v2
	VMOVUPS Z3, 192(DI)        // dst[48:64] = v3
	ADDQ $256, SI              // x = x[64:]
	ADDQ $256, DI              // dst = dst[64:]
	SUBQ $64, CX               // n -= 64
	JGE  four                  // if n >= 0 { goto four }

rest:                          // 0 to 63 elements are left
	ADDQ $48, CX               // n += 64 - 16
	JLT  tail                  // if n < 0 { goto tail }

one:                           // 16 elements a round
	VMULPS (SI), Z4, Z0        // v0 = s * x[:16]
	VMOVUPS Z0, (DI)           // dst[:16] = v0
	ADDQ $64, SI               // x = x[16:]
	ADDQ $64, DI               // dst = dst[16:]
	SUBQ $16, CX               // n -= 16
	JGE  one                   // if n >= 0 { goto one }

tail:                          // 0 to 15 elements are left
	ADDQ $16, CX               // n += 16
	JZ   done                  // if n == 0 { goto done }
	TAILMASK                   // mask = 1<<n - 1
	VMULPS.Z (SI), Z4, K1, Z0  // v0 = s * x[:n], 0 in the other lanes
	VMOVUPS Z0, K1, (DI)       // dst[:n] = v0

done:
	VZEROUPPER                 // upper halves left behind would slow down SSE code
	RET

// func axpyAVX512Asm(dst, x *float32, n int, s float32)
//	for i := range n { dst[i] = fma(s, x[i], dst[i]) }
//	DI  dst    SI  x    CX  n    Z0–Z3  v0 to v3, 16 elements each    Z4  s in all lanes
// s·x is not rounded before it is added. Plain Go rounds it on this architecture.
TEXT ·axpyAVX512Asm(SB), NOSPLIT, $0-28
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS s+24(FP), Z4     // s in all lanes
	SUBQ $64, CX                  // n -= 64
	JLT  rest                     // if n < 0 { goto rest }

four:                             // 64 elements a round
	VMOVUPS (DI), Z0              // v0 = dst[:16]
	VMOVUPS 64(DI), Z1            // v1 = dst[16:32]
	VMOVUPS 128(DI), Z2           // v2 = dst[32:48]
	VMOVUPS 192(DI), Z3           // v3 = dst[48:64]
	VFMADD231PS (SI), Z4, Z0      // v0 += s * x[:16]
	VFMADD231PS 64(SI), Z4, Z1    // v1 += s * x[16:32]
	VFMADD231PS 128(SI), Z4, Z2   // v2 += s * x[32:48]
	VFMADD231PS 192(SI), Z4, Z3   // v3 += s * x[48:64]
	VMOVUPS Z0, (DI)              // dst[:16] = v0
	VMOVUPS Z1, 64(DI)            // dst[16:32] = v1
	VMOVUPS Z2, 128(DI)           // dst[32:48] = v2
	VMOVUPS Z3, 192(DI)           // dst[48:64] = v3
	ADDQ $256, SI                 // x = x[64:]
	ADDQ $256, DI                 // dst = dst[64:]
	SUBQ $64, CX                  // n -= 64
	JGE  four                     // if n >= 0 { goto four }

rest:                             // 0 to 63 elements are left
	ADDQ $48, CX                  // n += 64 - 16
	JLT  tail                     // if n < 0 { goto tail }

one:                              // 16 elements a round
	VMOVUPS (DI), Z0              // v0 = dst[:16]
	VFMADD231PS (SI), Z4, Z0      // v0 += s * x[:16]
	VMOVUPS Z0, (DI)              // dst[:16] = v0
	ADDQ $64, SI                  // x = x[16:]
	ADDQ $64, DI                  // dst = dst[16:]
	SUBQ $16, CX                  // n -= 16
	JGE  one                      // if n >= 0 { goto one }

tail:                             // 0 to 15 elements are left
	ADDQ $16, CX                  // n += 16
	JZ   done                     // if n == 0 { goto done }
	TAILMASK                      // mask = 1<<n - 1
	VMOVUPS.Z (DI), K1, Z0        // v0 = dst[:n], 0 in the other lanes
	VFMADD231PS (SI), Z4, K1, Z0  // v0[:n] += s * x[:n]
	VMOVUPS Z0, K1, (DI)          // dst[:n] = v0

done:
	VZEROUPPER                    // upper halves left behind would slow down SSE code
	RET
