//go:build vulkan

package vulkan

import "mien/engine"

// Route is a counting sort by parts of a workgroup's size: the choices of each expert are counted in each part, the counts are summed, and
// then each choice has its place. The slots of an expert are in order, so whether one is beyond the capacity is seen from the one that many
// places before it.
func (b *Backend) Route(a engine.RouteArgs) {
	if got := [2]engine.DType{a.Choice.DType(), a.Keep.DType()}; got != [2]engine.DType{engine.Int32, engine.Float32} {
		panic(unsupported("Route", got))
	}
	n := a.Choice.Len()
	parts := ceilDiv(n, workgroup)
	counts := b.scratch(4 * parts * a.Experts)
	defer b.memory.free(counts)
	ordered, tokens := flag(1, a.Order != nil), n/a.K
	b.Fill(a.Chosen, -1)
	b.kernel("route_count", ordered).ints(a.Choice).ints(a.Order).memory(counts, false, true).
		u32(n, a.K, tokens, a.Experts).groups(parts, 1, 1)
	b.kernel("route_sum").memory(counts, true, true).outInts(a.Offsets).u32(parts, a.Experts).groups(1, 1, 1)
	b.kernel("route_place", ordered).ints(a.Choice).ints(a.Order).memory(counts, true, false).ints(a.Offsets).outInts(a.Slot).
		outInts(a.Place).outInts(a.Token).outInts(a.Chosen).u32(n, a.K, tokens, a.Experts).groups(parts, 1, 1)
	b.kernel("route_keep", ordered).out(a.Keep).ints(a.Slot).ints(a.Choice).ints(a.Offsets).
		u32(n, a.K, a.Experts, a.Capacity, a.Group).each(n)
}
