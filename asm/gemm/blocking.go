package gemm

import (
	"unsafe"

	"github.com/klauspost/cpuid/v2"

	"mien/asm/internal/kernel"
)

// blocking holds the block sizes of the matrix product.
//
// A block of B, kc rows by nc columns, is packed into panels of NR columns and stays in the L2 cache while it is
// multiplied with all rows of A, in strips of up to MR rows; each strip, MR × kc, stays in L1 for all panels. A is read in place when
// it is stored row by row. Otherwise mc rows of it are copied, again for each block of B; blocks are wider then, with their panels in
// the L3 cache, and meet the copied rows nc columns at a time. Only kc affects the order of summation, so an element is bit for bit the same however C is cut.
type blocking struct{ kc, nc, wide, mc int }

const (
	// The sum over K is cut every 768 steps at most: a strip of 6 rows then fills 18 KiB of L1.
	maxKC = 768
	// Cuts of the sum are multiples of this, so that packing works on whole cache lines.
	stepGrain = 16
)

func newBlocking[F kernel.Float](mr, nr int) blocking {
	l2 := cpuid.CPU.Cache.L2
	if l2 <= 0 {
		l2 = 512 << 10
	}
	nc := max(l2*3/8/int(unsafe.Sizeof(F(0)))/maxKC/nr, 1) * nr
	return blocking{kc: maxKC, nc: nc, wide: 6 * nc, mc: 16 * mr}
}

// BlockColumns returns how many columns of op(B) a strip of A is multiplied with while it is in the cache, if A is read in place. C is
// best cut at multiples of it.
func (k *Kernels[F]) BlockColumns() int { return k.blocking.nc }

// step returns the block size along K for a sum of k terms: blocks are of equal size, so that none is too short to repay reading
// and writing C.
func (bl blocking) step(k int) int {
	cuts := max(1, kernel.CeilDiv(k, bl.kc))
	return kernel.RoundUp(max(1, kernel.CeilDiv(k, cuts)), stepGrain)
}
