// The AVX-512 kernels take any number of elements. K1 masks the lanes of a vector that hold elements: lanes outside read
// as 0, and memory there is neither read nor written.

// TAILMASK sets K1 for the CX elements left, CX < 16. Clobbers AX.
#define TAILMASK \
	MOVL  $1, AX \
	SHLL  CX, AX \
	DECL  AX     \
	KMOVW AX, K1

// HSUM adds the sixteen lanes of z into lane 0 of x; y and x are z's lower parts, and t is scratch.
#define HSUM(z, y, x, ty, tx) \
	VEXTRACTF64X4 $1, z, ty \
	VADDPS        ty, y, y  \
	VEXTRACTF128  $1, y, tx \
	VADDPS        tx, x, x  \
	VMOVHLPS      x, x, tx  \
	VADDPS        tx, x, x  \
	VMOVSHDUP     x, tx     \
	VADDSS        tx, x, x
