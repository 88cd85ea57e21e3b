//go:build vulkan

package vulkan

import (
	"encoding/binary"
	"math"

	"mien/engine"
)

// StepFigures sums the squares of all gradients in one dispatch, by a table of where they are, and computes the figures in another. The
// host reads figures often, and must not wait for what comes after them.
func (b *Backend) StepFigures(a engine.FiguresArgs) {
	allFloat32("StepFigures", append([]*engine.Tensor{a.Figures, a.Previous, a.Loss}, a.Grads...)...)
	parts := min(partsOf(a.Grads), b.device.Groups)
	partial := b.working(parts * len(a.Grads))
	defer b.release(partial)
	table := b.table(gradTable(a.Grads))
	defer b.memory.free(table)
	squares := b.kernel("squares").out(partial).memory(table, true, false)
	for _, g := range a.Grads {
		squares.also(g, false)
	}
	squares.groups(parts, len(a.Grads), 1)
	first := 0
	if a.Previous == nil {
		first = 1
	}
	b.kernel("figures").out(a.Figures).in(a.Previous).in(a.Loss).in(partial).f32(a.MaxNorm).u32(partial.Len(), first).groups(1, 1, 1)
	b.download.early(a.Figures.Buffer().(*block), slotBytes)
}

// gradTable has the address and the length of each tensor: a Member of squares.comp.
func gradTable(tensors []*engine.Tensor) (table []byte) {
	for _, t := range tensors {
		table = binary.LittleEndian.AppendUint64(table, addressOf(t))
		table = binary.LittleEndian.AppendUint64(table, uint64(t.Len()))
	}
	return table
}

// partTerms is how many elements of the largest tensor a thread has at least, and mostPieces how many workgroups share a tensor at most.
const partTerms, mostPieces = 16, 64

// partsOf returns how many workgroups share each tensor of a table. Those of small tensors find nothing to do, which costs little.
func partsOf(tensors []*engine.Tensor) int {
	if len(tensors) > 65535 {
		panic(unsupported("a table of tensors", len(tensors)))
	}
	largest := 0
	for _, t := range tensors {
		largest = max(largest, t.Len())
	}
	if largest > math.MaxInt32 {
		panic(unsupported("a tensor in a table", largest))
	}
	return min(max(1, ceilDiv(largest, partTerms*workgroup)), mostPieces)
}
