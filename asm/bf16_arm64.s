//go:build !purego

#include "textflag.h"
#include "words_arm64.h"

DATA bf16Const<>+0(SB)/4, $1
DATA bf16Const<>+4(SB)/4, $0x7fff // just under half of a bfloat16's last place
DATA bf16Const<>+8(SB)/4, $0x400000 // the bit of a quiet NaN
GLOBL bf16Const<>(SB), RODATA|NOPTR, $12

// func narrowAsm(dst *uint16, src *float32, n int): dst = bfloat16(src), eight at a time
// Adding 0x7fff and the last bit that stays carries into that bit where it must. A NaN is cut off and made quiet.
TEXT ·narrowAsm(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD n+16(FP), R3
	MOVD $bf16Const<>(SB), R4
	VLD1R.P 4(R4), [V16.S4]
	VLD1R.P 4(R4), [V17.S4]
	VLD1R.P 4(R4), [V18.S4]

loop:                                   // for n > 0, n -= 8
	VLD1.P 32(R1), [V0.S4, V1.S4]
	VUSHR $16, V0.S4, V2.S4
	VUSHR $16, V1.S4, V3.S4
	VAND V16.B16, V2.B16, V2.B16        // the last bit that stays
	VAND V16.B16, V3.B16, V3.B16
	VADD V17.S4, V2.S4, V2.S4
	VADD V17.S4, V3.S4, V3.S4
	VADD V0.S4, V2.S4, V2.S4            // rounded
	VADD V1.S4, V3.S4, V3.S4
	FCMEQ(0, 0, 4)                      // is a number
	FCMEQ(1, 1, 5)
	VORR V18.B16, V0.B16, V0.B16        // quiet
	VORR V18.B16, V1.B16, V1.B16
	VBSL V0.B16, V2.B16, V4.B16         // number ? rounded : quiet
	VBSL V1.B16, V3.B16, V5.B16
	SHRN16(4, 6)                        // upper halves
	SHRN16HIGH(5, 6)
	VST1.P [V6.H8], 16(R0)
	SUBS $8, R3, R3
	BGT  loop
	RET

// func widenAsm(dst *float32, src *uint16, n int): dst = float32(src), eight at a time
TEXT ·widenAsm(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD n+16(FP), R3

loop:                                   // for n > 0, n -= 8
	VLD1.P 16(R1), [V0.H8]
	SHLL16(0, 1)
	SHLL16HIGH(0, 2)
	VST1.P [V1.S4, V2.S4], 32(R0)
	SUBS $8, R3, R3
	BGT  loop
	RET
