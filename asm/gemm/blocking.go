package gemm

import (
	"unsafe"

	"github.com/klauspost/cpuid/v2"

	"mien/asm/internal/kernel"
)

// blocking says how much of the operands is worked on at a time.
//
// A block of B, kc rows by nc columns, is packed into panels of NR columns and stays in the L2 cache while all rows of A
// pass by, in strips of up to MR rows; such a strip, MR × kc, meets panel after panel. A is read in place when it is stored
// row by row. Else mc rows of it are copied, again for each block of B, and blocks are made wide: the L3 cache then
// delivers the panels. Only kc shapes the sums, so an element's bits do not depend on how C is cut.
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

// BlockColumns returns how many columns of op(B) a strip of A meets while it is in the cache, where A is read in place. Shares of C
// that are multiples of it lose nothing.
func (k *Kernels[F]) BlockColumns() int { return k.blocking.nc }

// step returns how long the pieces are into which a sum of k terms is cut: all alike, so that none is too short to pay for
// the reading and writing of C.
func (bl blocking) step(k int) int {
	cuts := max(1, kernel.CeilDiv(k, bl.kc))
	return kernel.RoundUp(max(1, kernel.CeilDiv(k, cuts)), stepGrain)
}
