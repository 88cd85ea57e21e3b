//go:build !purego

#include "textflag.h"

// MACn multiplies a word of A and a vector of words of B and adds to the sums, in row i = n/4 of the tile and vector v = n%4. A word
// is two bfloat16 here, consecutive terms of the sum, so a step adds two products (a·b below), each with one rounding: first those of
// the upper halves, then those of the lower. Numbers below 2^−126 count as zero. The assembler lacks the instruction,
// VDPBF16PS Z(28 + n/4%4), Z(24 + n%4), Zn.
#define MAC0 LONG $0x403e9262; WORD $0xc452  // s[0][0:16] += a[0][p] · b[p][0:16]
#define MAC1 LONG $0x40369262; WORD $0xcc52  // s[0][16:32] += a[0][p] · b[p][16:32]
#define MAC2 LONG $0x402e9262; WORD $0xd452  // s[0][32:48] += a[0][p] · b[p][32:48]
#define MAC3 LONG $0x40269262; WORD $0xdc52  // s[0][48:64] += a[0][p] · b[p][48:64]
#define MAC4 LONG $0x403e9262; WORD $0xe552  // s[1][0:16] += a[1][p] · b[p][0:16]
#define MAC5 LONG $0x40369262; WORD $0xed52  // s[1][16:32] += a[1][p] · b[p][16:32]
#define MAC6 LONG $0x402e9262; WORD $0xf552  // s[1][32:48] += a[1][p] · b[p][32:48]
#define MAC7 LONG $0x40269262; WORD $0xfd52  // s[1][48:64] += a[1][p] · b[p][48:64]
#define MAC8 LONG $0x403e1262; WORD $0xc652  // s[2][0:16] += a[2][p] · b[p][0:16]
#define MAC9 LONG $0x40361262; WORD $0xce52  // s[2][16:32] += a[2][p] · b[p][16:32]
#define MAC10 LONG $0x402e1262; WORD $0xd652 // s[2][32:48] += a[2][p] · b[p][32:48]
#define MAC11 LONG $0x40261262; WORD $0xde52 // s[2][48:64] += a[2][p] · b[p][48:64]
#define MAC12 LONG $0x403e1262; WORD $0xe752 // s[3][0:16] += a[3][p] · b[p][0:16]
#define MAC13 LONG $0x40361262; WORD $0xef52 // s[3][16:32] += a[3][p] · b[p][16:32]
#define MAC14 LONG $0x402e1262; WORD $0xf752 // s[3][32:48] += a[3][p] · b[p][32:48]
#define MAC15 LONG $0x40261262; WORD $0xff52 // s[3][48:64] += a[3][p] · b[p][48:64]
#define MAC16 LONG $0x403e8262; WORD $0xc452 // s[4][0:16] += a[4][p] · b[p][0:16]
#define MAC17 LONG $0x40368262; WORD $0xcc52 // s[4][16:32] += a[4][p] · b[p][16:32]
#define MAC18 LONG $0x402e8262; WORD $0xd452 // s[4][32:48] += a[4][p] · b[p][32:48]
#define MAC19 LONG $0x40268262; WORD $0xdc52 // s[4][48:64] += a[4][p] · b[p][48:64]
#define MAC20 LONG $0x403e8262; WORD $0xe552 // s[5][0:16] += a[5][p] · b[p][0:16]
#define MAC21 LONG $0x40368262; WORD $0xed52 // s[5][16:32] += a[5][p] · b[p][16:32]
#define MAC22 LONG $0x402e8262; WORD $0xf552 // s[5][32:48] += a[5][p] · b[p][32:48]
#define MAC23 LONG $0x40268262; WORD $0xfd52 // s[5][48:64] += a[5][p] · b[p][48:64]

// The sums and registers of the tile are in tile_avx512_amd64.h.
//
// func bf16TileAVX512Asm(m, n, k int, a *float32, rs, ps int, b, c *float32, ldc int, accumulate bool, ahead unsafe.Pointer, aheadStep, aheadRows int)
TEXT ·bf16TileAVX512Asm(SB), NOSPLIT, $0-104
#include "tile_avx512_amd64.h"
