//go:build vulkan

package vulkan

import "mien/engine"

// TopK counts, for each element, those of its row that go before it, which is its place. That is n² comparisons a row: little for the
// experts of a token, and about a millisecond of a large GPU where a row of 50,000 tokens is sorted.
func (b *Backend) TopK(index, x *engine.Tensor) {
	n := x.Len()
	b.kernel("topk").outInts(index).in(x).u32(n, x.Dim(-1), index.Dim(-1)).work(4 * float64(n) * float64(x.Dim(-1))).each(n)
}
