package cpu

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"mien/engine"
)

// Where the time of a step goes, by method of the backend: from each call to its return, on all threads.

var _ engine.Profiler = (*Backend)(nil)

// StartProfile begins to note the times of methods.
func (c *Backend) StartProfile() error {
	c.profile = map[string]*engine.KernelTime{}
	return nil
}

// Profile returns the times of all methods since StartProfile, the longest first.
func (c *Backend) Profile() (times []engine.KernelTime, err error) {
	for k := range maps.Values(c.profile) {
		times = append(times, *k)
	}
	slices.SortFunc(times, func(a, b engine.KernelTime) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(a.Name, b.Name))
	})
	return times, nil
}

// timed notes a call of a method until done, if a profile is wanted. What the method calls meanwhile is part of it.
func (c *Backend) timed(name string, flops float64, tensors ...*engine.Tensor) (done func()) {
	return c.timedLists(name, flops, tensors)
}

// timedLists is timed for lists of tensors.
func (c *Backend) timedLists(name string, flops float64, lists ...[]*engine.Tensor) (done func()) {
	c.pool.methods++
	if c.profile == nil {
		return c.ended
	}
	profile, start := c.profile, time.Now()
	c.profile = nil
	k := profile[name]
	if k == nil {
		k = &engine.KernelTime{Name: name}
		profile[name] = k
	}
	k.Calls++
	k.FLOPs += flops
	for _, tensors := range lists {
		for _, t := range tensors {
			if t != nil {
				k.Bytes += float64(t.Len() * t.DType().Size())
			}
		}
	}
	return func() {
		k.Time += time.Since(start)
		c.profile = profile
		c.pool.methods--
	}
}

// ended notes the end of a method of which no time is noted.
func (c *Backend) ended() { c.pool.methods-- }

// gemmName tells the products of a linear layer apart: X·Wᵀ of the forward pass, dY·W of its input's gradient, dYᵀ·X of its weight's.
func gemmName(a *engine.GemmArgs) string {
	switch {
	case a.TransA:
		return "Gemm Aᵀ·B"
	case a.TransB || a.Packed != nil:
		return "Gemm A·Bᵀ"
	}
	return "Gemm A·B"
}

func gemmFLOPs(a *engine.GemmArgs) float64 {
	return 2 * float64(a.Batch) * float64(a.M) * float64(a.N) * float64(a.K)
}

// attentionFLOPs counts the two products of a forward pass; the five of a backward pass are two and a half times as many.
func attentionFLOPs(a *engine.AttentionArgs) float64 {
	return 4 * float64(a.Batch*a.Heads*a.HeadDim) * float64(a.Tokens) * float64(a.Tokens)
}
