// What the row kernels of attention share: the columns of a row's last vector.

// TAIL sets K1 to the columns of the last, incomplete vector (none when all are complete), and R15 to the bytes before it. R10 is
// n. Clobbers AX and CX.
#define TAIL \
	MOVQ  R10, CX   \
	ANDQ  $15, CX   \ // n % 16
	MOVQ  $1, AX    \
	SHLQ  CX, AX    \ // 1 << (n%16)
	DECQ  AX        \ // 1<<(n%16) - 1
	KMOVW AX, K1    \ // columns 0 to n%16 - 1
	MOVQ  R10, R15  \
	ANDQ  $-16, R15 \ // n &^ 15
	SHLQ  $2, R15     // in bytes
