package data

import (
	"context"
	"slices"
	"sync/atomic"
)

// A cache of decoded frames within a memory budget.

// Budget is a memory budget shared by several caches. Safe for concurrent use.
type Budget struct {
	free atomic.Int64 // bytes neither used nor reserved by a running Open
}

// NewBudget returns a budget in bytes; a cache does not keep samples that do not fit.
func NewBudget(bytes int64) *Budget {
	b := &Budget{}
	b.free.Store(bytes)
	return b
}

// take reserves bytes, of which free.Add gives back what is not used. Two goroutines that ask for the last bytes at the same time
// may both be refused, which the next Open makes up for.
func (b *Budget) take(bytes int64) bool {
	if b.free.Add(-bytes) >= 0 {
		return true
	}
	b.free.Add(bytes)
	return false
}

// Cache keeps the samples of d in memory at h×w pixels, or images at their own size if both are 0, once they have been opened, until
// the budget is used up; samples that no longer fit are decoded each time. Nothing is ever evicted: if every epoch visits every
// sample once, evicting the oldest would miss every time. Views are then made of frames of h×w, so where they are cropped choose a
// size somewhat above the model's. Safe for concurrent use if d is.
func Cache(d *Dataset, memory *Budget, h, w int) *Dataset {
	items := slices.Clone(d.Items)
	for i, item := range d.Items {
		c := &cached{Item: item, size: OpenOptions{H: h, W: w}, memory: memory}
		items[i].Open = c.open
	}
	return d.with(items)
}

type cached struct {
	Item
	size   OpenOptions
	memory *Budget
	kept   atomic.Pointer[sample]
}

// open decodes the whole sample into the cache if it fits, without a lock: two goroutines that open the same sample at the same
// time do the work twice, which is rare and harmless. A video with a damaged frame is not kept: whether that frame matters must not
// depend on what fits.
func (c *cached) open(ctx context.Context, opt OpenOptions) (Sample, error) {
	if opt != c.size && opt != (OpenOptions{}) {
		return c.Open(ctx, opt)
	}
	if kept := c.kept.Load(); kept != nil {
		return kept, nil
	}
	opened, err := c.Open(ctx, c.size)
	if err != nil {
		return nil, err
	}
	size := c.size
	if size == (OpenOptions{}) {
		f, err := opened.Read(ctx, []int{0})
		if err != nil {
			return opened, nil
		}
		size = OpenOptions{H: f.H, W: f.W}
	}
	bytes := int64(opened.Len()) * int64(size.H) * int64(size.W) * 3
	if bytes > maxVideoBytes || !c.memory.take(bytes) {
		return opened, nil
	}
	frames := make([]*Frames, opened.Len())
	for i := range frames {
		if frames[i], err = opened.Read(ctx, []int{i}); err != nil {
			c.memory.free.Add(bytes)
			return opened, nil
		}
	}
	if !c.kept.CompareAndSwap(nil, inMemory(c.Name, frames)) {
		c.memory.free.Add(bytes)
	}
	return c.kept.Load(), nil
}
