//go:build !purego

#include "textflag.h"
#include "words_neon_arm64.h"
#include "exp_neon_arm64.h"

// func expSIMDAsm(dst, x *float32, n int, shift float32) (sum float32)
//	for i := range n {
//		dst[i] = exp(x[i] - shift)
//		sum += dst[i]
//	}
//	R0  dst    R1  x    R3  n, elements left: a multiple of 4, and positive
//	V0  v, x - shift    V2  e    V4  s, the sum: element i goes to lane i%4    V5  shift in all lanes
TEXT ·expSIMDAsm(SB), NOSPLIT, $0-36
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R3
	MOVD $shift+24(FP), R4       // R4 = &shift
	VLD1R (R4), [V5.S4]          // shift in all lanes
	EXPCONSTANTS                 // V16 to V28
	VEOR V4.B16, V4.B16, V4.B16  // s = 0

loop:                            // four elements a round
	VLD1.P 16(R1), [V0.S4]       // v = x[:4]; x = x[4:]
	FSUB(5, 0, 0)                // v -= shift
	EXP                          // e = exp(v)
	FADD(2, 4, 4)                // s += e
	VST1.P [V2.S4], 16(R0)       // dst[:4] = e; dst = dst[4:]
	SUBS $4, R3, R3              // n -= 4
	BGT  loop                    // if n > 0 { goto loop }
	FADDP(4, 4, 4)               // s[0], s[1] = s[0]+s[1], s[2]+s[3]
	FADDP(4, 4, 4)               // s[0] = s[0] + s[1]
	FMOVS F4, sum+32(FP)         // return s[0]
	RET
