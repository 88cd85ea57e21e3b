//go:build vulkan

package vulkan

// How a product is cut into workgroups. It depends on shapes alone, not on the device, and so do the results.

// tiling is the tiles of a product's result, of size × size elements, and the parts of K that workgroups sum.
type tiling struct {
	size, micro int // micro × micro blocks of 4 × 4 elements a thread
	parts       int
	depth       int // steps of K in a part
}

// sizes are the tiles to choose from, and what a multiply-add costs with each, as small tiles read every number more often.
var sizes = []tileSize{{128, 2, 4}, {64, 1, 6}, {32, 1, 10}}

type tileSize struct{ size, micro, cost int }

// A large GPU: how many workgroups run at once at full speed; what adding a number to a sum of parts costs, and another dispatch, in
// the units of sizes.
const (
	processors   = 128
	partCost     = 2
	dispatchCost = 2_000_000
)

// slice is a multiple of the steps of K that any tile stages at once, and mostParts and mostPartial limit the memory for partial sums.
const slice, mostParts, mostPartial = 64, 32, 1 << 24

// tilingFor chooses the fastest tiling with one of these tiles by an estimate: as many rounds of workgroups as it takes, each as long as its part of K, and the
// sum of the parts, of which there are at most so many.
func tilingFor(sizes []tileSize, batch, m, n, k, most int) (best tiling) {
	least := -1
	for _, s := range sizes {
		tiles := batch * ceilDiv(m, s.size) * ceilDiv(n, s.size)
		for parts := 1; parts <= min(most, max(1, k/slice)); parts++ {
			t := tiling{size: s.size, micro: s.micro, depth: ceilDiv(ceilDiv(k, parts), slice) * slice}
			t.parts = max(1, ceilDiv(k, max(t.depth, 1)))
			cost := ceilDiv(tiles*t.parts, processors) * s.size * s.size * t.depth * s.cost
			if t.parts > 1 {
				cost += (t.parts+2)*batch*m*n*partCost + dispatchCost
			}
			if least < 0 || cost < least {
				best, least = t, cost
			}
			if (parts+1)*batch*m*n > mostPartial || tiles*parts > 2*processors {
				break
			}
		}
	}
	return best
}

// groups returns how many workgroups compute a product.
func (t tiling) groups(batch, m, n int) int {
	return batch * t.parts * ceilDiv(m, t.size) * ceilDiv(n, t.size)
}
