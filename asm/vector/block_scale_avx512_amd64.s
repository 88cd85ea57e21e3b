//go:build !purego

#include "textflag.h"
#include "block_avx512_amd64.h"

// func attentionScaleAsm(dst *float32, ldd int, src *float32, lds, rows, n int, factors *float32, step int)
TEXT ·attentionScaleAsm(SB), NOSPLIT, $0-64
	MOVQ dst+0(FP), DI
	MOVQ ldd+8(FP), R8
	MOVQ src+16(FP), DX
	MOVQ lds+24(FP), R12
	MOVQ rows+32(FP), R9
	MOVQ n+40(FP), R10
	MOVQ factors+48(FP), R11
	MOVQ step+56(FP), R13
	SHLQ $2, R13
	SHLQ $2, R8
	SHLQ $2, R12
	TAIL

scale:                          // for each row
	VBROADCASTSS (R11), Z0
	XORQ SI, SI
	CMPQ SI, R15
	JEQ  scaleTail

scaleLoop:
	VMULPS (DX)(SI*1), Z0, Z1
	VMOVUPS Z1, (DI)(SI*1)
	ADDQ $64, SI
	CMPQ SI, R15
	JLT  scaleLoop

scaleTail:
	VMULPS.Z (DX)(SI*1), Z0, K1, Z1
	VMOVUPS Z1, K1, (DI)(SI*1)
	ADDQ R8, DI
	ADDQ R12, DX
	ADDQ R13, R11
	DECQ R9
	JNZ  scale
	VZEROUPPER
	RET
