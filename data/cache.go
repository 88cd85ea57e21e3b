package data

import (
	"slices"
	"sync"
)

// A cache of decoded frames within a memory budget.

// Budget is a memory budget shared by several caches. Safe for concurrent use.
type Budget struct {
	mu   sync.Mutex
	free int64 // bytes neither used nor reserved by a running Open
}

// NewBudget returns a budget in bytes; a cache does not keep samples that do not fit.
func NewBudget(bytes int64) *Budget { return &Budget{free: bytes} }

func (b *Budget) reserve(size int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if size > b.free {
		return false
	}
	b.free -= size
	return true
}

func (b *Budget) release(size int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free += size
}

// Cache keeps the samples of ds in memory at h×w pixels, once they have been opened, until the budget is used up; samples that
// no longer fit are decoded each time. Nothing is ever evicted: if every epoch visits every sample once, evicting the oldest
// would miss every time. Random crops are then taken from frames of h×w, so choose a size somewhat above the model's. Safe for
// concurrent use if ds is.
func Cache(ds Dataset, memory *Budget, h, w int) Dataset {
	return &cache{Dataset: ds, opt: OpenOptions{H: h, W: w}, memory: memory}
}

type cache struct {
	Dataset
	opt     OpenOptions
	memory  *Budget
	samples sync.Map // number → *memSample
}

// Open decodes the whole sample into the cache if it fits, without a lock: two goroutines that open the same sample at the same
// time do the work twice, which is rare and harmless.
func (c *cache) Open(i int) (Sample, error) {
	if kept, ok := c.samples.Load(i); ok {
		return kept.(Sample), nil
	}
	sample, err := OpenSized(c.Dataset, i, c.opt)
	if err != nil {
		return nil, err
	}
	size := int64(sample.Len()) * int64(c.opt.H) * int64(c.opt.W) * 3
	if size > maxVideoBytes || !c.memory.reserve(size) {
		return sample, nil
	}
	f, err := sample.Read(allOf(sample.Len()))
	if err != nil {
		c.memory.release(size)
		return nil, err
	}
	frames := slices.Collect(slices.Chunk(f.Pix, f.H*f.W*3))
	kept, earlier := c.samples.LoadOrStore(i, &memSample{c.Name(i), f.H, f.W, frames})
	if earlier {
		c.memory.release(size)
	}
	return kept.(Sample), nil
}

// Sizer is a Dataset that can resize while decoding, which saves memory for long videos. Cache uses it.
type Sizer interface {
	OpenSized(i int, opt OpenOptions) (Sample, error)
}

// OpenSized opens sample i of any dataset at a size: if ds is not a Sizer, frames are resized when read.
func OpenSized(ds Dataset, i int, opt OpenOptions) (Sample, error) {
	if s, ok := ds.(Sizer); ok {
		return s.OpenSized(i, opt)
	}
	sample, err := ds.Open(i)
	if err != nil {
		return nil, err
	}
	return sized{sample, opt}, nil
}

func allOf(n int) []int {
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	return indices
}
