//go:build vulkan

package vulkan

import (
	"encoding/binary"

	"mien/engine"
)

// Products with one weight a group of rows. Where groups begin is known to the device alone, so the shader finds the group of each tile.

func (b *Backend) GroupedGemm(a engine.GroupedArgs) {
	weights := checkGrouped(&a)
	if a.X.Rows() == 0 || len(weights) == 0 {
		return
	}
	layers := b.layers(weights, a.B)
	defer b.memory.free(layers)
	b.groupedTiles(&a, weights, layers)
	if a.Mode == engine.GroupedWeightGrad {
		b.groupedBias(&a, layers)
	}
}

// groupedTiles computes the products.
func (b *Backend) groupedTiles(a *engine.GroupedArgs, weights []*engine.Tensor, layers *block) {
	rows, n, k := a.X.Rows(), a.Y.Dim(-1), a.X.Dim(-1)
	left, right, flags := groupedForms(a, weights)
	small := b.matricesFor(left, right)
	t, tiles := groupedTiling(small.tileSizes(), a.Mode, len(weights), rows, n, k)
	forward, inputGrad := a.Mode == engine.GroupedForward, a.Mode == engine.GroupedInputGrad
	across, biases, result := k, a.B[:0], weights[0] // gradients of biases come later
	switch {
	case forward:
		across, biases, result = n, a.B, a.Y
	case inputGrad:
		result = a.X
	}
	b.tile("grouped", small, t).tensor(a.X, engine.Float32, !inputGrad, inputGrad).tensor(a.Y, engine.Float32, !forward, forward).
		optional(a.Pre, result, false, true).ints(a.Offsets).memory(layers, true, false).alsoAll(weights, a.Mode == engine.GroupedWeightGrad).alsoAll(biases, false).
		u32(int(a.Mode), len(weights), n, k, tiles, left, right, flags).work(2*float64(rows)*float64(n)*float64(k)).
		groups(tiles*ceilDiv(across, t.size), 1, 1)
}

// groupedBias adds the gradients of biases.
func (b *Backend) groupedBias(a *engine.GroupedArgs, layers *block) {
	const columns = 32 // of a workgroup
	n := a.Y.Dim(-1)
	b.kernel("grouped_bias").in(a.Y).ints(a.Offsets).memory(layers, true, false).alsoAll(a.B, true).
		u32(len(a.B), n).groups(len(a.B)*ceilDiv(n, columns), 1, 1)
}

// checkGrouped panics if the shader doesn't support the arguments, and returns the weights.
func checkGrouped(a *engine.GroupedArgs) []*engine.Tensor {
	known("GroupedGemm", a.Mode, engine.GroupedWeightGrad)
	known("GroupedGemm", a.Precision, engine.BF16)
	allFloat32("GroupedGemm", a.X, a.Y, a.Pre)
	allFloat32("GroupedGemm", a.B...)
	countable("GroupedGemm", a.X, a.Y)
	if a.Offsets.DType() != engine.Int32 {
		panic(unsupported("offsets of GroupedGemm", a.Offsets))
	}
	if a.Packed != nil {
		return groupedPacked(a)
	}
	allFloat32("GroupedGemm", a.W...)
	return a.W
}

// groupedPacked returns the weights that are packed, all alike.
func groupedPacked(a *engine.GroupedArgs) (weights []*engine.Tensor) {
	first := a.Packed[0]
	for _, p := range a.Packed {
		w := unpacked(p)
		if a.Mode != engine.GroupedForward || p.Precision != first.Precision || w.DType() != unpacked(first).DType() {
			panic(unsupported("GroupedGemm with weights packed at "+first.Precision.String(), w))
		}
		weights = append(weights, w)
	}
	return weights
}

// layers uploads the addresses of weights and of biases, which may be missing.
func (b *Backend) layers(weights, biases []*engine.Tensor) *block {
	var table []byte
	for e, w := range weights {
		table = binary.LittleEndian.AppendUint64(table, addressOf(w))
		bias := b.missing()
		if e < len(biases) {
			bias = addressOf(biases[e])
		}
		table = binary.LittleEndian.AppendUint64(table, bias)
	}
	return b.table(table)
}

// groupedTiling returns the tiles of a grouped product, and how many at most lie below each other in the results of all groups: those
// of a group are whole ones.
func groupedTiling(sizes []tileSize, mode engine.GroupedMode, groups, rows, n, k int) (t tiling, tiles int) {
	switch mode {
	case engine.GroupedForward:
		t = tilingFor(sizes, 1, rows, n, k, 1)
	case engine.GroupedInputGrad:
		t = tilingFor(sizes, 1, rows, k, n, 1)
	default:
		t = tilingFor(sizes, groups, n, k, ceilDiv(rows, groups), 1)
		return t, groups * ceilDiv(n, t.size)
	}
	return t, (rows + groups*(t.size-1)) / t.size
}

// groupedForms returns the forms of both operands and the flags of the epilogue.
func groupedForms(a *engine.GroupedArgs, weights []*engine.Tensor) (left, right, flags int) {
	n, k, p := a.Y.Dim(-1), a.X.Dim(-1), a.Precision
	if a.Packed != nil {
		p = a.Packed[0].Precision
	}
	x, y, w := formOf(p, k, a.X), formOf(p, n, a.Y), formOf(p, k, weights...)
	switch a.Mode {
	case engine.GroupedForward:
		even := n%4 == 0 && allAligned(a.Y, a.Pre) && allAligned(a.B...)
		return x | formAlongK, w | formAlongK, flag(withBias, len(a.B) > 0) | flag(withPre, a.Pre != nil) | flag(withGELU, a.GELU) |
			flag(withAligned, even)
	case engine.GroupedInputGrad:
		return y | formAlongK, w, flag(withAligned, k%4 == 0 && allAligned(a.X))
	}
	return y, x, withC | flag(withAligned, k%4 == 0 && allAligned(weights...))
}
