//go:build !purego

#include "textflag.h"
#include "tail_avx512_amd64.h"

DATA bf16Const512<>+0(SB)/4, $1
DATA bf16Const512<>+4(SB)/4, $0x7fff // just under half of a bfloat16's last place
DATA bf16Const512<>+8(SB)/4, $0x40   // the bit of a quiet NaN
GLOBL bf16Const512<>(SB), RODATA|NOPTR, $12

// NARROW rounds the floats in Z0 to the nearest bfloat16, ties to even: adding 0x7fff and the last bit that stays carries into
// that bit where it must. A NaN is cut off and made quiet. Clobbers Z1, Z2, K2; the result is in Z0's lower words.
#define NARROW \
	VPSRLD    $16, Z0, Z1    \
	VPANDD    Z1, Z16, Z2    \
	VPADDD    Z17, Z2, Z2    \
	VPADDD    Z0, Z2, Z2     \
	VCMPPS    $3, Z0, Z0, K2 \
	VPSRLD    $16, Z2, Z0    \
	VPORD     Z1, Z18, K2, Z0

// func narrow512(dst *uint16, src *float32, n int): dst = bfloat16(src)
TEXT ·narrow512(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	VPBROADCASTD bf16Const512<>+0(SB), Z16
	VPBROADCASTD bf16Const512<>+4(SB), Z17
	VPBROADCASTD bf16Const512<>+8(SB), Z18
	SUBQ $16, CX
	JLT  tail

loop:                           // for n ≥ 16
	VMOVUPS (SI), Z0
	NARROW
	VPMOVDW Z0, (DI)
	ADDQ $64, SI
	ADDQ $32, DI
	SUBQ $16, CX
	JGE  loop

tail:
	ADDQ $16, CX
	JZ   done
	TAILMASK
	VMOVUPS.Z (SI), K1, Z0
	NARROW
	VPMOVDW Z0, K1, (DI)

done:
	VZEROUPPER
	RET

// func widen512(dst *float32, src *uint16, n int): dst = float32(src)
TEXT ·widen512(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	SUBQ $16, CX
	JLT  tail

loop:                           // for n ≥ 16
	VPMOVZXWD (SI), Z0
	VPSLLD $16, Z0, Z0
	VMOVUPS Z0, (DI)
	ADDQ $32, SI
	ADDQ $64, DI
	SUBQ $16, CX
	JGE  loop

tail:
	ADDQ $16, CX
	JZ   done
	TAILMASK
	VPMOVZXWD.Z (SI), K1, Z0
	VPSLLD $16, Z0, Z0
	VMOVUPS Z0, K1, (DI)

done:
	VZEROUPPER
	RET
