package data

import "sync"

// Budget is memory that several caches share. Safe for concurrent use.
type Budget struct {
	mu   sync.Mutex
	free int64 // bytes neither used nor reserved by an Open under way
}

// NewBudget returns a budget of so many bytes; a cache keeps nothing of what does not fit.
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

// Cache keeps the samples of ds in memory at h×w pixels, once they have been opened, until the budget is used up;
// what does not fit any more is decoded again each time. Nothing is ever replaced: where every epoch visits every
// sample once, throwing out the oldest would miss each time. Random crops are then taken from frames of h×w, so give
// a size somewhat above the model's. h and w both 0 keep the files' own sizes. Safe for concurrent use, where that
// is true of ds.
func Cache(ds Dataset, memory *Budget, h, w int) Dataset {
	return &cache{Dataset: ds, opt: OpenOptions{H: h, W: w}, memory: memory, clips: map[int]*memClip{}}
}

type cache struct {
	Dataset
	opt    OpenOptions
	memory *Budget

	mu    sync.Mutex
	clips map[int]*memClip
}

func (c *cache) Open(i int) (Clip, error) {
	c.mu.Lock()
	kept := c.clips[i]
	c.mu.Unlock()
	if kept != nil {
		return kept, nil
	}
	clip, err := OpenSized(c.Dataset, i, c.opt)
	if err != nil {
		return nil, err
	}
	return c.keep(i, clip)
}

// keep decodes the whole clip into the cache where it fits, outside the lock: two goroutines that open the same
// sample at the same time do the work twice, which is rare and harmless.
func (c *cache) keep(i int, clip Clip) (Clip, error) {
	size, err := c.size(clip)
	if err != nil {
		return nil, err
	}
	if size > maxClipBytes || !c.memory.reserve(size) {
		return clip, nil
	}
	frames, err := clip.Read(allOf(clip.Len()))
	if err != nil {
		c.memory.release(size)
		return nil, err
	}
	kept := &memClip{name: c.Name(i), h: frames.H, w: frames.W}
	for t := range frames.T {
		kept.frames = append(kept.frames, frames.Frame(t))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if earlier := c.clips[i]; earlier != nil {
		c.memory.release(size)
		return earlier, nil
	}
	c.clips[i] = kept
	return kept, nil
}

// size is what the whole clip will take.
func (c *cache) size(clip Clip) (int64, error) {
	h, w := c.opt.H, c.opt.W
	if h == 0 {
		f, err := clip.Read([]int{0})
		if err != nil {
			return 0, err
		}
		h, w = f.H, f.W
	}
	return int64(clip.Len()) * int64(h) * int64(w) * 3, nil
}

// Sizer is a Dataset that can resize while it decodes, which spares memory for long videos. Cache uses it.
type Sizer interface {
	OpenSized(i int, opt OpenOptions) (Clip, error)
}

// OpenSized opens sample i of any data set at a size: where ds is no Sizer, frames are resized when read.
func OpenSized(ds Dataset, i int, opt OpenOptions) (Clip, error) {
	if s, ok := ds.(Sizer); ok {
		return s.OpenSized(i, opt)
	}
	clip, err := ds.Open(i)
	if err != nil {
		return nil, err
	}
	return sized{clip, opt}, nil
}

func allOf(n int) []int {
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	return indices
}
