//go:build !purego

#include "textflag.h"

// fmaLoopAVX512Asm keeps the multipliers busy with operands in registers, to measure their peak:
//
//	for range n { for r := range s { s[r] = fma(x, y, s[r]) } } // twelve s of sixteen lanes, x = y = 0
//
// func fmaLoopAVX512Asm(n int)
TEXT ·fmaLoopAVX512Asm(SB), NOSPLIT, $0-8
	MOVQ n+0(FP), CX          // rounds left
	VPXORD Z12, Z12, Z12      // x = 0
	VPXORD Z13, Z13, Z13      // y = 0

round:                            // twelve independent sums hide the latency of the FMA units
	VFMADD231PS Z12, Z13, Z0  // s[0] += x * y
	VFMADD231PS Z12, Z13, Z1  // s[1] += x * y
	VFMADD231PS Z12, Z13, Z2  // s[2] += x * y
	VFMADD231PS Z12, Z13, Z3  // s[3] += x * y
	VFMADD231PS Z12, Z13, Z4  // s[4] += x * y
	VFMADD231PS Z12, Z13, Z5  // s[5] += x * y
	VFMADD231PS Z12, Z13, Z6  // s[6] += x * y
	VFMADD231PS Z12, Z13, Z7  // s[7] += x * y
	VFMADD231PS Z12, Z13, Z8  // s[8] += x * y
	VFMADD231PS Z12, Z13, Z9  // s[9] += x * y
	VFMADD231PS Z12, Z13, Z10 // s[10] += x * y
	VFMADD231PS Z12, Z13, Z11 // s[11] += x * y
	DECQ CX
	JNZ  round                // if n--; n > 0 { goto round }
	VZEROUPPER
	RET
