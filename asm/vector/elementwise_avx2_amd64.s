//go:build !purego

#include "textflag.h"

// n is a multiple of 8, and positive. The loops take 32 elements in four vectors and then eight at a time. CX counts the elements
// left, less 32 while it is in the first loop.

// BINARY is a kernel of two operands and one instruction OP:
//	for i := range n { dst[i] = a[i] OP b[i] }
//	DI  dst    SI  a    BX  b    CX  n    Y0–Y3  v0 to v3, 8 elements each
// One operation an element, rounded once as in the reference: the bits are the same, save which NaN it is.
#define BINARY(name, OP) \
TEXT name(SB), NOSPLIT, $0-32 \
	MOVQ dst+0(FP), DI     \
	MOVQ a+8(FP), SI       \
	MOVQ b+16(FP), BX      \
	MOVQ n+24(FP), CX      \
	SUBQ $32, CX           \ // n -= 32
	JLT  rest              \ // if n < 0 { goto rest }
four:                      \ // 32 elements a round
	VMOVUPS (SI), Y0       \ // v0 = a[:8]
	VMOVUPS 32(SI), Y1     \ // v1 = a[8:16]
	VMOVUPS 64(SI), Y2     \ // v2 = a[16:24]
	VMOVUPS 96(SI), Y3     \ // v3 = a[24:32]
	OP      (BX), Y0, Y0   \ // v0 = v0 OP b[:8]
	OP      32(BX), Y1, Y1 \ // v1 = v1 OP b[8:16]
	OP      64(BX), Y2, Y2 \ // v2 = v2 OP b[16:24]
	OP      96(BX), Y3, Y3 \ // v3 = v3 OP b[24:32]
	VMOVUPS Y0, (DI)       \ // dst[:8] = v0
	VMOVUPS Y1, 32(DI)     \ // dst[8:16] = v1
	VMOVUPS Y2, 64(DI)     \ // dst[16:24] = v2
	VMOVUPS Y3, 96(DI)     \ // dst[24:32] = v3
	ADDQ $128, SI          \ // a = a[32:]
	ADDQ $128, BX          \ // b = b[32:]
	ADDQ $128, DI          \ // dst = dst[32:]
	SUBQ $32, CX           \ // n -= 32
	JGE  four              \ // if n >= 0 { goto four }
rest:                      \ // 0, 8, 16 or 24 elements are left
	ADDQ $32, CX           \ // n += 32
	JZ   done              \ // if n == 0 { goto done }
one:                       \ // eight elements a round
	VMOVUPS (SI), Y0       \ // v0 = a[:8]
	OP      (BX), Y0, Y0   \ // v0 = v0 OP b[:8]
	VMOVUPS Y0, (DI)       \ // dst[:8] = v0
	ADDQ $32, SI           \ // a = a[8:]
	ADDQ $32, BX           \ // b = b[8:]
	ADDQ $32, DI           \ // dst = dst[8:]
	SUBQ $8, CX            \ // n -= 8
	JG   one               \ // if n > 0 { goto one }
done:                      \
	VZEROUPPER             \ // upper halves left behind would slow down SSE code
	RET

// func addSIMDAsm(dst, a, b *float32, n int): dst[i] = a[i] + b[i]
BINARY(·addSIMDAsm, VADDPS)

// func subSIMDAsm(dst, a, b *float32, n int): dst[i] = a[i] - b[i]
BINARY(·subSIMDAsm, VSUBPS)

// func mulSIMDAsm(dst, a, b *float32, n int): dst[i] = a[i] * b[i]
BINARY(·mulSIMDAsm, VMULPS)

// func maximumSIMDAsm(dst, a, b *float32, n int)
//	for i := range n { dst[i] = max(a[i], b[i]) }
//	DI  dst    SI  a    BX  b    CX  n    Y0  v, 8 elements    Y1  w, 8 elements    Y2  where w is NaN
// VMAXPS gives its second source, here v, where either is NaN.
TEXT ·maximumSIMDAsm(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), BX
	MOVQ n+24(FP), CX

one:                           // eight elements a round
	VMOVUPS (SI), Y0           // v = a[:8]
	VMOVUPS (BX), Y1           // w = b[:8]
	VCMPPS  $3, Y1, Y1, Y2     // where w is NaN
	VMAXPS  Y0, Y1, Y0         // v = max(w, v)
	VBLENDVPS Y2, Y1, Y0, Y0   // v = w where w is NaN
	VMOVUPS Y0, (DI)           // dst[:8] = v
	ADDQ $32, SI               // a = a[8:]
	ADDQ $32, BX               // b = b[8:]
	ADDQ $32, DI               // dst = dst[8:]
	SUBQ $8, CX                // n -= 8
	JG   one                   // if n > 0 { goto one }
	VZEROUPPER                 // upper halves left behind would slow down SSE code
	RET

// func mulAddSIMDAsm(dst, a, b *float32, n int)
//	for i := range n { dst[i] = fma(a[i], b[i], dst[i]) }
//	DI  dst    SI  a    BX  b    CX  n    Y0, Y1  v0 and v1, 8 elements each, from dst    Y4, Y5  a0 and a1, likewise from a
// a·b is not rounded before it is added: see axpySIMDAsm.
TEXT ·mulAddSIMDAsm(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), BX
	MOVQ n+24(FP), CX
	SUBQ $16, CX                // n -= 16
	JLT  rest                   // if n < 0 { goto rest }

two:                            // 16 elements a round
	VMOVUPS (DI), Y0            // v0 = dst[:8]
	VMOVUPS 32(DI), Y1          // v1 = dst[8:16]
	VMOVUPS (SI), Y4            // a0 = a[:8]
	VMOVUPS 32(SI), Y5          // a1 = a[8:16]
	VFMADD231PS (BX), Y4, Y0    // v0 += a0 * b[:8]
	VFMADD231PS 32(BX), Y5, Y1  // v1 += a1 * b[8:16]
	VMOVUPS Y0, (DI)            // dst[:8] = v0
	VMOVUPS Y1, 32(DI)          // dst[8:16] = v1
	ADDQ $64, SI                // a = a[16:]
	ADDQ $64, BX                // b = b[16:]
	ADDQ $64, DI                // dst = dst[16:]
	SUBQ $16, CX                // n -= 16
	JGE  two                    // if n >= 0 { goto two }

rest:                           // 0 or 8 elements are left
	ADDQ $16, CX                // n += 16
	JZ   done                   // if n == 0 { goto done }
	VMOVUPS (DI), Y0            // v0 = dst[:8]
	VMOVUPS (SI), Y4            // a0 = a[:8]
	VFMADD231PS (BX), Y4, Y0    // v0 += a0 * b[:8]
	VMOVUPS Y0, (DI)            // dst[:8] = v0

done:
	VZEROUPPER                  // upper halves left behind would slow down SSE code
	RET

// func scaleSIMDAsm(dst, x *float32, n int, s float32)
//	for i := range n { dst[i] = s * x[i] }
//	DI  dst    SI  x    CX  n    Y0–Y3  v0 to v3, 8 elements each    Y4  s in all lanes
TEXT ·scaleSIMDAsm(SB), NOSPLIT, $0-28
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS s+24(FP), Y4  // s in all lanes
	SUBQ $32, CX               // n -= 32
	JLT  rest                  // if n < 0 { goto rest }

four:                          // 32 elements a round
	VMULPS (SI), Y4, Y0        // v0 = s * x[:8]
	VMULPS 32(SI), Y4, Y1      // v1 = s * x[8:16]
	VMULPS 64(SI), Y4, Y2      // v2 = s * x[16:24]
	VMULPS 96(SI), Y4, Y3      // v3 = s * x[24:32]
	VMOVUPS Y0, (DI)           // dst[:8] = v0
	VMOVUPS Y1, 32(DI)         // dst[8:16] = v1
	VMOVUPS Y2, 64(DI)         // dst[16:24] = v2
	VMOVUPS Y3, 96(DI)         // dst[24:32] = v3
	ADDQ $128, SI              // x = x[32:]
	ADDQ $128, DI              // dst = dst[32:]
	SUBQ $32, CX               // n -= 32
	JGE  four                  // if n >= 0 { goto four }

rest:                          // 0, 8, 16 or 24 elements are left
	ADDQ $32, CX               // n += 32
	JZ   done                  // if n == 0 { goto done }

one:                           // eight elements a round
	VMULPS (SI), Y4, Y0        // v0 = s * x[:8]
	VMOVUPS Y0, (DI)           // dst[:8] = v0
	ADDQ $32, SI               // x = x[8:]
	ADDQ $32, DI               // dst = dst[8:]
	SUBQ $8, CX                // n -= 8
	JG   one                   // if n > 0 { goto one }

done:
	VZEROUPPER                 // upper halves left behind would slow down SSE code
	RET

// func axpySIMDAsm(dst, x *float32, n int, s float32)
//	for i := range n { dst[i] = fma(s, x[i], dst[i]) }
//	DI  dst    SI  x    CX  n    Y0–Y3  v0 to v3, 8 elements each    Y4  s in all lanes
// s·x is not rounded before it is added. Plain Go rounds it on this architecture, which is why the wrapper pads the last elements
// to a vector instead of giving them to the reference.
TEXT ·axpySIMDAsm(SB), NOSPLIT, $0-28
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS s+24(FP), Y4   // s in all lanes
	SUBQ $32, CX                // n -= 32
	JLT  rest                   // if n < 0 { goto rest }

four:                           // 32 elements a round
	VMOVUPS (DI), Y0            // v0 = dst[:8]
	VMOVUPS 32(DI), Y1          // v1 = dst[8:16]
	VMOVUPS 64(DI), Y2          // v2 = dst[16:24]
	VMOVUPS 96(DI), Y3          // v3 = dst[24:32]
	VFMADD231PS (SI), Y4, Y0    // v0 += s * x[:8]
	VFMADD231PS 32(SI), Y4, Y1  // v1 += s * x[8:16]
	VFMADD231PS 64(SI), Y4, Y2  // v2 += s * x[16:24]
	VFMADD231PS 96(SI), Y4, Y3  // v3 += s * x[24:32]
	VMOVUPS Y0, (DI)            // dst[:8] = v0
	VMOVUPS Y1, 32(DI)          // dst[8:16] = v1
	VMOVUPS Y2, 64(DI)          // dst[16:24] = v2
	VMOVUPS Y3, 96(DI)          // dst[24:32] = v3
	ADDQ $128, SI               // x = x[32:]
	ADDQ $128, DI               // dst = dst[32:]
	SUBQ $32, CX                // n -= 32
	JGE  four                   // if n >= 0 { goto four }

rest:                           // 0, 8, 16 or 24 elements are left
	ADDQ $32, CX                // n += 32
	JZ   done                   // if n == 0 { goto done }

one:                            // eight elements a round
	VMOVUPS (DI), Y0            // v0 = dst[:8]
	VFMADD231PS (SI), Y4, Y0    // v0 += s * x[:8]
	VMOVUPS Y0, (DI)            // dst[:8] = v0
	ADDQ $32, SI                // x = x[8:]
	ADDQ $32, DI                // dst = dst[8:]
	SUBQ $8, CX                 // n -= 8
	JG   one                    // if n > 0 { goto one }

done:
	VZEROUPPER                  // upper halves left behind would slow down SSE code
	RET
