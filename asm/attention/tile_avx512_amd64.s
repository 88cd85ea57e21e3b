//go:build !purego

#include "textflag.h"

// MACn multiplies a word of A and a vector of words of B and adds to the sums, in row i = n/4 of the tile and vector v = n%4. A word
// is a float32 here, so that is one fma, rounded once. Rows 4 and 5 use the registers of rows 0 and 1 for their words of A again.
#define MAC0 VFMADD231PS Z24, Z28, Z0   // s[0][0:16] += a[0][p] * b[p][0:16]
#define MAC1 VFMADD231PS Z25, Z28, Z1   // s[0][16:32] += a[0][p] * b[p][16:32]
#define MAC2 VFMADD231PS Z26, Z28, Z2   // s[0][32:48] += a[0][p] * b[p][32:48]
#define MAC3 VFMADD231PS Z27, Z28, Z3   // s[0][48:64] += a[0][p] * b[p][48:64]
#define MAC4 VFMADD231PS Z24, Z29, Z4   // s[1][0:16] += a[1][p] * b[p][0:16]
#define MAC5 VFMADD231PS Z25, Z29, Z5   // s[1][16:32] += a[1][p] * b[p][16:32]
#define MAC6 VFMADD231PS Z26, Z29, Z6   // s[1][32:48] += a[1][p] * b[p][32:48]
#define MAC7 VFMADD231PS Z27, Z29, Z7   // s[1][48:64] += a[1][p] * b[p][48:64]
#define MAC8 VFMADD231PS Z24, Z30, Z8   // s[2][0:16] += a[2][p] * b[p][0:16]
#define MAC9 VFMADD231PS Z25, Z30, Z9   // s[2][16:32] += a[2][p] * b[p][16:32]
#define MAC10 VFMADD231PS Z26, Z30, Z10 // s[2][32:48] += a[2][p] * b[p][32:48]
#define MAC11 VFMADD231PS Z27, Z30, Z11 // s[2][48:64] += a[2][p] * b[p][48:64]
#define MAC12 VFMADD231PS Z24, Z31, Z12 // s[3][0:16] += a[3][p] * b[p][0:16]
#define MAC13 VFMADD231PS Z25, Z31, Z13 // s[3][16:32] += a[3][p] * b[p][16:32]
#define MAC14 VFMADD231PS Z26, Z31, Z14 // s[3][32:48] += a[3][p] * b[p][32:48]
#define MAC15 VFMADD231PS Z27, Z31, Z15 // s[3][48:64] += a[3][p] * b[p][48:64]
#define MAC16 VFMADD231PS Z24, Z28, Z16 // s[4][0:16] += a[4][p] * b[p][0:16]
#define MAC17 VFMADD231PS Z25, Z28, Z17 // s[4][16:32] += a[4][p] * b[p][16:32]
#define MAC18 VFMADD231PS Z26, Z28, Z18 // s[4][32:48] += a[4][p] * b[p][32:48]
#define MAC19 VFMADD231PS Z27, Z28, Z19 // s[4][48:64] += a[4][p] * b[p][48:64]
#define MAC20 VFMADD231PS Z24, Z29, Z20 // s[5][0:16] += a[5][p] * b[p][0:16]
#define MAC21 VFMADD231PS Z25, Z29, Z21 // s[5][16:32] += a[5][p] * b[p][16:32]
#define MAC22 VFMADD231PS Z26, Z29, Z22 // s[5][32:48] += a[5][p] * b[p][32:48]
#define MAC23 VFMADD231PS Z27, Z29, Z23 // s[5][48:64] += a[5][p] * b[p][48:64]

// The sums and registers of the tile are in tile_avx512_amd64.h.
//
// func tileAVX512Asm(m, n, k int, a *float32, rs, ps int, b, c *float32, ldc int, accumulate bool, ahead unsafe.Pointer, aheadStep, aheadRows int)
TEXT ·tileAVX512Asm(SB), NOSPLIT, $0-104
#include "tile_avx512_amd64.h"
