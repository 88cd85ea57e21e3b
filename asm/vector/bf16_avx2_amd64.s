//go:build !purego

#include "textflag.h"

// n is a multiple of 8, and positive.

// CONSTANT fills d with a 32-bit number.
#define CONSTANT(number, x, d) \
	MOVL         $number, AX \
	VMOVD        AX, x       \
	VPBROADCASTD x, d          // d = number, in all lanes

// func roundSIMDAsm(dst *uint16, x *float32, n int)
//	for i := range n { dst[i] = toBF16(x[i]) }
//	DI  dst    SI  x    CX  n, elements left    Y0  v, 8 elements    Y1  u    Y2  where v is NaN    Y13–Y15  constants
// It works on the bits, as toBF16 does.
TEXT ·roundSIMDAsm(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	CONSTANT(1, X13, Y13)          // the last bit that is kept
	CONSTANT(0x7FFF, X14, Y14)     // just under half of its place
	CONSTANT(0x00400000, X15, Y15) // quiet

loop:                              // eight elements a round
	VMOVUPS   (SI), Y0         // v = x[:8]
	VPSRLD    $16, Y0, Y1      // u = v >> 16
	VPAND     Y13, Y1, Y1      // u &= 1
	VPADDD    Y14, Y1, Y1      // u += 0x7FFF
	VPADDD    Y0, Y1, Y1       // u += v, rounded
	VCMPPS    $3, Y0, Y0, Y2   // where v is NaN
	VPOR      Y15, Y0, Y0      // v |= quiet
	VBLENDVPS Y2, Y0, Y1, Y1   // u = v where v is NaN
	VPSRLD    $16, Y1, Y1      // u >>= 16
	VPACKUSDW Y1, Y1, Y1       // each half of the register: four of u, twice
	VPERMQ    $0x08, Y1, Y1    // quarters 0, 2: in order
	VMOVDQU   X1, (DI)         // dst[:8] = u
	ADDQ $32, SI               // x = x[8:]
	ADDQ $16, DI               // dst = dst[8:]
	SUBQ $8, CX                // n -= 8
	JG   loop                  // if n > 0 { goto loop }
	VZEROUPPER                 // upper halves left behind would slow down SSE code
	RET

// func widenSIMDAsm(dst *float32, x *uint16, n int)
//	for i := range n { dst[i] = math.Float32frombits(uint32(x[i]) << 16) }
//	DI  dst    SI  x    CX  n, elements left    Y0  v, 8 elements
TEXT ·widenSIMDAsm(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX

loop:                              // eight elements a round
	VPMOVZXWD (SI), Y0         // v = x[:8]
	VPSLLD    $16, Y0, Y0      // v <<= 16
	VMOVUPS   Y0, (DI)         // dst[:8] = v
	ADDQ $16, SI               // x = x[8:]
	ADDQ $32, DI               // dst = dst[8:]
	SUBQ $8, CX                // n -= 8
	JG   loop                  // if n > 0 { goto loop }
	VZEROUPPER                 // upper halves left behind would slow down SSE code
	RET
