//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// Registers of the tile (AVX2, 6 rows by 16 columns)
//	Y0–Y11   s, the sums, two vectors to a row       Y12, Y13  b[p][0:16], a row of the panel
//	Y14, Y15 one element of A, in all lanes
//	R8–R13   rows of A    SI  4·p, bytes into a row    BX  the panel from row p on    CX  steps left
//	AX       rows left    DX  row of C    DI, R15  bytes from a row of C, of A, to the next
// and once the sums are complete
//	R12      addends, R13 of them left    R10  a row of one    R11  bytes to its next row    CX  its rows left

// ROW adds one element of A times 16 columns of B to the two sums of a row. An fma rounds once, so a sum of k terms is
// rounded k times, in the order of p.
#define ROW(a, off, tmp, s0, s1) \
	VBROADCASTSS off(a)(SI*1), tmp \ // tmp = a[i][p]
	VFMADD231PS  Y12, tmp, s0      \ // s0 += tmp * b[p][0:8]
	VFMADD231PS  Y13, tmp, s1        // s1 += tmp * b[p][8:16]

// STEP is one p of the sum over k.
#define STEP(boff, aoff) \
	VMOVUPS boff(BX), Y12         \ // b[p][0:8]
	VMOVUPS (boff+32)(BX), Y13    \ // b[p][8:16]
	ROW(R8, aoff, Y14, Y0, Y1)    \ // s[0] += a[0][p] * b[p]
	ROW(R9, aoff, Y15, Y2, Y3)    \ // s[1] += a[1][p] * b[p]
	ROW(R10, aoff, Y14, Y4, Y5)   \ // s[2] += a[2][p] * b[p]
	ROW(R11, aoff, Y15, Y6, Y7)   \ // s[3] += a[3][p] * b[p]
	ROW(R12, aoff, Y14, Y8, Y9)   \ // s[4] += a[4][p] * b[p]
	ROW(R13, aoff, Y15, Y10, Y11)   // s[5] += a[5][p] * b[p]

// NEXTROW makes the next row of A the same as this one when there is none, so that six rows can always be computed without a
// branch; what is computed twice is never written.
#define NEXTROW(this, next, number) \
	MOVQ  this, next  \ // next = this
	CMPQ  AX, $number \ // if rows > number { next += lda }
	JLE   2(PC)       \ // 2(PC) is two instructions on
	ADDQ  R15, next

// ADD adds a row of a matrix to the sums of a row, and goes on to the next addend after the last row.
#define ADD(s0, s1) \
	VADDPS (R10), s0, s0   \ // s0 += x[i][0:8]
	VADDPS 32(R10), s1, s1 \ // s1 += x[i][8:16]
	ADDQ   R11, R10        \ // i++
	DECQ   CX              \
	JZ     next              // if i == rows { goto next }

// STORE writes a row of C and leaves when it was the last.
#define STORE(s0, s1) \
	VMOVUPS s0, (DX)   \ // c[i][0:8] = s0
	VMOVUPS s1, 32(DX) \ // c[i][8:16] = s1
	ADDQ    DI, DX     \ // i++
	DECQ    AX         \
	JZ      done         // if i == rows { goto done }

// EACH does OP to the sums of each row.
#define EACH(OP) \
	OP(Y0, Y1)   \ // row 0
	OP(Y2, Y3)   \ // row 1
	OP(Y4, Y5)   \ // row 2
	OP(Y6, Y7)   \ // row 3
	OP(Y8, Y9)   \ // row 4
	OP(Y10, Y11)   // row 5

// tileSIMDAsm computes up to six rows of C in one panel of B:
//
//	for i := range rows {
//		var s [16]float32
//		for p := range k {
//			for j := range s {
//				s[j] = fma(a[i*lda+p], b[p*16+j], s[j])
//			}
//		}
//		for _, m := range add { // what C held, a bias, a residual
//			for j := 0; m.x != nil && j < 16; j++ {
//				s[j] += m.x[i*m.ld+j]
//			}
//		}
//		copy(c[i*ldc:], s[:])
//	}
//
// k ≥ 1. Each element is one chain of fmas, so its bits do not depend on where the tile lies. Gemm cuts long sums: all parts but
// the first find what C held among the addends. The chains of the twelve registers are independent, which hides the latency of
// an fma, four or five cycles on two units.
//
// func tileSIMDAsm(rows, k int, a *float32, lda int, b, c *float32, ldc int, add *tileAddends)
TEXT ·tileSIMDAsm(SB), NOSPLIT, $0-64
	MOVQ rows+0(FP), AX         // rows left
	MOVQ k+8(FP), CX            // steps left
	MOVQ a+16(FP), R8           // a[0]
	MOVQ lda+24(FP), R15
	MOVQ b+32(FP), BX
	MOVQ c+40(FP), DX
	MOVQ ldc+48(FP), DI
	SHLQ $2, R15                // lda in bytes
	SHLQ $2, DI                 // ldc in bytes
	NEXTROW(R8, R9, 1)          // a[1], or the last row again when rows ≤ 1
	NEXTROW(R9, R10, 2)         // a[2], or the last row again when rows ≤ 2
	NEXTROW(R10, R11, 3)        // a[3], or the last row again when rows ≤ 3
	NEXTROW(R11, R12, 4)        // a[4], or the last row again when rows ≤ 4
	NEXTROW(R12, R13, 5)        // a[5], or the last row again when rows ≤ 5
	XORQ SI, SI                 // p = 0
	VXORPS Y0, Y0, Y0           // s[0][0:8] = 0
	VXORPS Y1, Y1, Y1           // s[0][8:16] = 0
	VXORPS Y2, Y2, Y2           // s[1][0:8] = 0
	VXORPS Y3, Y3, Y3           // s[1][8:16] = 0
	VXORPS Y4, Y4, Y4           // s[2][0:8] = 0
	VXORPS Y5, Y5, Y5           // s[2][8:16] = 0
	VXORPS Y6, Y6, Y6           // s[3][0:8] = 0
	VXORPS Y7, Y7, Y7           // s[3][8:16] = 0
	VXORPS Y8, Y8, Y8           // s[4][0:8] = 0
	VXORPS Y9, Y9, Y9           // s[4][8:16] = 0
	VXORPS Y10, Y10, Y10        // s[5][0:8] = 0
	VXORPS Y11, Y11, Y11        // s[5][8:16] = 0
	SUBQ $4, CX                 // k -= 4: below 0 when fewer than 4 are left
	JLT  tail                   // if k < 0 { goto tail }

loop4:                              // for ; k >= 0; k -= 4 {
	STEP(0, 0)                  // s += a[:][p] * b[p]
	STEP(64, 4)                 // s += a[:][p+1] * b[p+1]
	STEP(128, 8)                // s += a[:][p+2] * b[p+2]
	STEP(192, 12)               // s += a[:][p+3] * b[p+3]
	ADDQ $256, BX               // b += 4 rows
	ADDQ $16, SI                // p += 4
	SUBQ $4, CX                 // k -= 4
	JGE  loop4                  // }

tail:
	ADDQ $4, CX                 // k += 4: 0 to 3 are left
	JZ   write                  // if k == 0 { goto write }

loop1:                              // for ; k > 0; k-- {
	STEP(0, 0)                  // s += a[:][p] * b[p]
	ADDQ $64, BX                // b += a row
	ADDQ $4, SI                 // p++
	DECQ CX                     // k--
	JNZ  loop1                  // }

write:
	MOVQ add+56(FP), R12        // m = &add[0]
	MOVQ $3, R13                // addends left

addend:                             // for range 3 {
	MOVQ tileAddend_x(R12), R10 // x = m.x
	TESTQ R10, R10
	JZ   next                   // if x == nil { goto next }
	MOVQ tileAddend_ld(R12), R11
	SHLQ $2, R11                // m.ld in bytes
	MOVQ AX, CX                 // i = 0
	EACH(ADD)                   // for i := range rows { s[i] += x[i] }

next:
	ADDQ $tileAddend__size, R12 // m++
	DECQ R13
	JNZ  addend                 // }
	EACH(STORE)                 // for i := range rows { c[i] = s[i] }

done:
	VZEROUPPER                  // avoids the penalty for mixing with SSE code
	RET

// fmaLoopSIMDAsm keeps the multipliers busy with operands in registers, to measure their peak:
//
//	for range n { for r := range s { s[r] = fma(x, y, s[r]) } } // twelve s of eight lanes, x = y = 0
//
// func fmaLoopSIMDAsm(n int)
TEXT ·fmaLoopSIMDAsm(SB), NOSPLIT, $0-8
	MOVQ n+0(FP), CX          // rounds left
	VXORPS Y12, Y12, Y12      // x = 0
	VXORPS Y13, Y13, Y13      // y = 0

round:                            // twelve independent sums hide the latency of the two FMA units
	VFMADD231PS Y12, Y13, Y0  // s[0] += x * y
	VFMADD231PS Y12, Y13, Y1  // s[1] += x * y
	VFMADD231PS Y12, Y13, Y2  // s[2] += x * y
	VFMADD231PS Y12, Y13, Y3  // s[3] += x * y
	VFMADD231PS Y12, Y13, Y4  // s[4] += x * y
	VFMADD231PS Y12, Y13, Y5  // s[5] += x * y
	VFMADD231PS Y12, Y13, Y6  // s[6] += x * y
	VFMADD231PS Y12, Y13, Y7  // s[7] += x * y
	VFMADD231PS Y12, Y13, Y8  // s[8] += x * y
	VFMADD231PS Y12, Y13, Y9  // s[9] += x * y
	VFMADD231PS Y12, Y13, Y10 // s[10] += x * y
	VFMADD231PS Y12, Y13, Y11 // s[11] += x * y
	DECQ CX
	JNZ  round                // if n--; n > 0 { goto round }
	VZEROUPPER
	RET
