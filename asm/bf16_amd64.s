//go:build !purego

#include "textflag.h"

DATA bf16Const<>+0(SB)/4, $1
DATA bf16Const<>+4(SB)/4, $0x7fff // just under half of a bfloat16's last place
DATA bf16Const<>+8(SB)/4, $0x40   // the bit of a quiet NaN
GLOBL bf16Const<>(SB), RODATA|NOPTR, $12

// func narrowAsm(dst *uint16, src *float32, n int): dst = bfloat16(src), eight at a time
// Adding 0x7fff and the last bit that stays carries into that bit where it must. A NaN is cut off and made quiet.
TEXT ·narrowAsm(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	VPBROADCASTD bf16Const<>+0(SB), Y5
	VPBROADCASTD bf16Const<>+4(SB), Y6
	VPBROADCASTD bf16Const<>+8(SB), Y7

narrow:                         // for n > 0, n -= 8
	VMOVUPS (SI), Y0
	VPSRLD $16, Y0, Y1
	VPAND Y1, Y5, Y2            // the last bit that stays
	VPADDD Y6, Y2, Y2
	VPADDD Y0, Y2, Y2
	VPSRLD $16, Y2, Y2          // rounded
	VPOR Y7, Y1, Y1             // cut off, quiet
	VCMPPS $3, Y0, Y0, Y0       // is NaN
	VBLENDVPS Y0, Y1, Y2, Y2
	VEXTRACTI128 $1, Y2, X3
	VPACKUSDW X3, X2, X2
	VMOVDQU X2, (DI)
	ADDQ $32, SI
	ADDQ $16, DI
	SUBQ $8, CX
	JG   narrow
	VZEROUPPER
	RET

// func widenAsm(dst *float32, src *uint16, n int): dst = float32(src), eight at a time
TEXT ·widenAsm(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX

widen:                          // for n > 0, n -= 8
	VPMOVZXWD (SI), Y0
	VPSLLD $16, Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ $16, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JG   widen
	VZEROUPPER
	RET
