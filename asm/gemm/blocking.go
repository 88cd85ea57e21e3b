package gemm

import (
	"unsafe"

	"github.com/klauspost/cpuid/v2"

	"mien/asm/internal/kernel"
)

// blocking holds the block sizes of the matrix product.
//
// A block of B, kc rows by nc columns, is packed into panels of NR columns and stays in the L2 cache while it is multiplied with all rows
// of A, in strips of up to MR rows. A is read in place when it is stored row by row. Otherwise mc rows of it are copied, again for each
// block of B; blocks are wider then, with their panels in the L3 cache, and meet the copied rows nc columns at a time. Only kc affects
// the order of summation, and it depends on K alone, so an element is bit for bit the same however C is cut and whatever the caches.
type blocking struct {
	l2     int // elements of which the L2 cache has room
	nr, mc int
}

const (
	// The sum over K is cut every 1536 steps at most. C is read and written once for each cut, which costs more than a strip that is too
	// long for L1: most of it leaves L1 anyway before the next panel comes, pushed out by the panel that streams past.
	maxKC = 1536
	// Cuts of the sum are multiples of this, so that packing works on whole cache lines.
	stepGrain = 16
	// Where rows of A are copied, as many blocks share the copy.
	wideBlocks = 12
)

func newBlocking[F kernel.Float](mr, nr int) blocking {
	l2 := cpuid.CPU.Cache.L2
	if l2 <= 0 {
		l2 = 512 << 10
	}
	return blocking{l2: l2 / int(unsafe.Sizeof(F(0))), nr: nr, mc: 16 * mr}
}

// step returns the block size kc for a sum of k terms: blocks are of equal size, so that none is too short to repay reading
// and writing C.
func (bl blocking) step(k int) int {
	cuts := max(1, kernel.CeilDiv(k, maxKC))
	return kernel.RoundUp(max(1, kernel.CeilDiv(k, cuts)), stepGrain)
}

// columns returns the block size nc for m rows of A and a sum of k terms. Three quarters of L2 are for two blocks, the one in use and the
// next, which is fetched meanwhile, and for the rows where these take no more than half of that, and so stay from block to block.
func (bl blocking) columns(m, k int) int {
	kc := bl.step(k)
	room, panel := bl.l2*3/4, kc*bl.nr
	if a := m * kc; a <= room/2 {
		room -= a
	}
	return max((room/2+panel/2)/panel, 1) * bl.nr
}

// BlockColumns returns how many columns of op(B) the strips of A [m, kk] are multiplied with in turn, while these columns stay in the cache,
// if A is read in place. C is best cut at multiples of it.
func (k *Kernels[F]) BlockColumns(m, kk int) int { return k.blocking.columns(m, kk) }
