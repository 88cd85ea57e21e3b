//go:build !purego

#include "textflag.h"

// A word is two bfloat16, consecutive terms of the sum, and a step adds both products. The assembler lacks the instruction,
// VDPBF16PS Z(28 + n/4%4), Z(24 + n%4), Zn.
#define MAC0 LONG $0x403e9262; WORD $0xc452
#define MAC1 LONG $0x40369262; WORD $0xcc52
#define MAC2 LONG $0x402e9262; WORD $0xd452
#define MAC3 LONG $0x40269262; WORD $0xdc52
#define MAC4 LONG $0x403e9262; WORD $0xe552
#define MAC5 LONG $0x40369262; WORD $0xed52
#define MAC6 LONG $0x402e9262; WORD $0xf552
#define MAC7 LONG $0x40269262; WORD $0xfd52
#define MAC8 LONG $0x403e1262; WORD $0xc652
#define MAC9 LONG $0x40361262; WORD $0xce52
#define MAC10 LONG $0x402e1262; WORD $0xd652
#define MAC11 LONG $0x40261262; WORD $0xde52
#define MAC12 LONG $0x403e1262; WORD $0xe752
#define MAC13 LONG $0x40361262; WORD $0xef52
#define MAC14 LONG $0x402e1262; WORD $0xf752
#define MAC15 LONG $0x40261262; WORD $0xff52
#define MAC16 LONG $0x403e8262; WORD $0xc452
#define MAC17 LONG $0x40368262; WORD $0xcc52
#define MAC18 LONG $0x402e8262; WORD $0xd452
#define MAC19 LONG $0x40268262; WORD $0xdc52
#define MAC20 LONG $0x403e8262; WORD $0xe552
#define MAC21 LONG $0x40368262; WORD $0xed52
#define MAC22 LONG $0x402e8262; WORD $0xf552
#define MAC23 LONG $0x40268262; WORD $0xfd52

// func attentionTileBF16Asm(m, n, k int, a *float32, rs, ps int, b, c *float32, ldc int, accumulate bool)
TEXT ·attentionTileBF16Asm(SB), NOSPLIT, $0-73
#include "tile_avx512_amd64.h"
