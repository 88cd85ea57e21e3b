// What the tiles of half a panel share, which AVX2 and AVX-VNNI have for int8: rows that are not there, and the scaled sums.
//
//	AX  rows left    DX  row of C    DI, R15  bytes from a row of C, of A, to the next    R14  scale of the row    SI  bias

// NEXTROW makes the next row of A the same as this one when there is none, so that all rows can always be computed without a
// branch; what is computed twice is never written.
#define NEXTROW(this, next, number) \
	MOVQ  this, next  \ // next = this
	CMPQ  AX, $number \ // if rows > number { next += lda }
	JLE   2(PC)       \ // 2(PC) is two instructions on
	ADDQ  R15, next

// SCALE writes a row of C, the scaled sums, and leaves when it was the last. Each operation rounds, as in the reference: an fma
// would change bits.
#define SCALE(s0, s1, column0, column1, row) \
	VBROADCASTSS (R14), row  \ // rowScales[i]
	VCVTDQ2PS s0, s0         \ // y0 = float32(s0)
	VCVTDQ2PS s1, s1         \ // y1 = float32(s1)
	VMULPS    column0, s0, s0\ // y0 *= columnScales[0:8]
	VMULPS    column1, s1, s1\ // y1 *= columnScales[8:16]
	VMULPS    row, s0, s0    \ // y0 *= rowScales[i]
	VMULPS    row, s1, s1    \ // y1 *= rowScales[i]
	VADDPS    (SI), s0, s0   \ // y0 += bias[0:8]
	VADDPS    32(SI), s1, s1 \ // y1 += bias[8:16]
	VMOVUPS   s0, (DX)       \ // c[i][0:8] = y0
	VMOVUPS   s1, 32(DX)     \ // c[i][8:16] = y1
	ADDQ      $4, R14        \ // rowScales++
	ADDQ      DI, DX         \ // c += a row
	DECQ      AX             \
	JZ        done             // if i++; i == rows { goto done }
