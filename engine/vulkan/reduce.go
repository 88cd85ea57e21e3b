//go:build vulkan

package vulkan

import (
	"math"

	"mien/engine"
)

// SumTo sums one axis after the other, the last one first.
func (b *Backend) SumTo(dst, src *engine.Tensor, accumulate bool) {
	allFloat32("SumTo", dst, src)
	if src.Len() > math.MaxInt32 {
		panic(unsupported("SumTo", src))
	}
	b.sumSteps(dst, src, sumsOf(src.Extents(), dst.Extents()), accumulate)
}

func (b *Backend) sumSteps(dst, src *engine.Tensor, steps []middle, accumulate bool) {
	m := steps[0]
	if len(steps) == 1 {
		b.sumMiddle(dst, src, m, 1, accumulate)
		return
	}
	partial := b.working(m.outer * m.inner)
	defer b.release(partial)
	b.sumMiddle(partial, src, m, 1, false)
	b.sumSteps(dst, partial, steps[1:], accumulate)
}

// middle is the shape [outer, n, inner] of a tensor whose middle axis is summed.
type middle struct{ outer, n, inner int }

// sumsOf returns the sums that lead from one shape to another. Neighbouring axes are summed as one; if there is none, an axis of
// extent 1 is.
func sumsOf(from, to []int) (steps []middle) {
	strides := engine.BroadcastStrides(from, to)
	inner, open := 1, false
	for i := len(from) - 1; i >= 0; i-- {
		switch {
		case from[i] == 1:
		case strides[i] != 0:
			inner, open = inner*from[i], false
		case open:
			m := &steps[len(steps)-1]
			m.outer, m.n = engine.Elements(from[:i]), m.n*from[i]
		default:
			steps, open = append(steps, middle{engine.Elements(from[:i]), from[i], inner}), true
		}
	}
	if steps == nil {
		steps = []middle{{1, 1, inner}}
	}
	return steps
}

// A device is full with about fullDevice threads. A thread adds at least fewTerms numbers, or else the sum is not cut into blocks.
const fullDevice, fewTerms = 1 << 18, 16

// sumMiddle computes dst = scale·Σ src over the middle axis, or adds that to dst. Few long sums are cut into blocks, and the blocks' sums
// summed in the same way.
func (b *Backend) sumMiddle(dst, src *engine.Tensor, m middle, scale float64, accumulate bool) {
	lanes := 8
	if m.inner < 16 && m.n >= 64 {
		lanes = 64
	}
	blocks := 1
	if threads := m.outer * m.inner * lanes; threads > 0 && m.n > 4*fewTerms*lanes {
		blocks = max(1, min(m.n/(fewTerms*lanes), fullDevice/threads))
	}
	if blocks == 1 {
		b.sumBlocks(dst, src, m, 1, lanes, scale, accumulate)
		return
	}
	partial := b.working(m.outer * blocks * m.inner)
	defer b.release(partial)
	b.sumBlocks(partial, src, m, blocks, lanes, 1, false)
	b.sumMiddle(dst, partial, middle{m.outer, blocks, m.inner}, scale, accumulate)
}

// sumBlocks is one dispatch: dst is [outer, blocks, inner].
func (b *Backend) sumBlocks(dst, src *engine.Tensor, m middle, blocks, lanes int, scale float64, accumulate bool) {
	results, add := m.outer*blocks*m.inner, 0
	c := b.kernel("sum", lanes)
	if accumulate {
		c, add = c.update(dst), 1
	} else {
		c = c.out(dst)
	}
	c.in(src).f32(scale).u32(results, blocks, ceilDiv(m.n, blocks), m.n, m.inner, add).groups(ceilDiv(results, workgroup/lanes), 1, 1)
}
