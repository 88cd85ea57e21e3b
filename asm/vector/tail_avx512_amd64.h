// The AVX-512 kernels take any number of elements. K1 masks the lanes of a vector that hold elements: lanes outside read
// as 0, and memory there is neither read nor written.

// TAILMASK sets K1 for the CX elements left, 0 ≤ CX < 16. Clobbers AX.
#define TAILMASK \
	MOVL  $1, AX \
	SHLL  CX, AX \ // 1 << n
	DECL  AX     \ // 1<<n - 1
	KMOVW AX, K1   // lanes 0 to n-1

// HSUM adds the sixteen lanes of z into lane 0 of x; y and x are z's lower parts, and t is scratch. Lanes are added by halves, so
// a sum is that of a tree four deep, and not of a chain.
#define HSUM(z, y, x, ty, tx) \
	VEXTRACTF64X4 $1, z, ty \ // lanes 8–15
	VADDPS        ty, y, y  \ // z[0:8] + z[8:16]
	VEXTRACTF128  $1, y, tx \ // lanes 4–7 of that
	VADDPS        tx, x, x  \ // y[0:4] + y[4:8]
	VMOVHLPS      x, x, tx  \ // lanes 2, 3
	VADDPS        tx, x, x  \ // x[0:2] + x[2:4]
	VMOVSHDUP     x, tx     \ // lane 1
	VADDSS        tx, x, x    // x[0] + x[1]
