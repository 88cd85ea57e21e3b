//go:build vulkan

package vulkan

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// KernelTime is what a profile says about one kernel.
type KernelTime struct {
	Name  string
	Calls int
	Time  time.Duration
	FLOPs float64 // of all calls, 0 where they are not counted
	Bytes float64 // read and written by all calls, each tensor once
}

// Profile adds up the times of kernels, as the device tells them. Kernels that run side by side each count their whole time.
type Profile struct {
	period  float64 // nanoseconds of a tick
	kernels map[string]*KernelTime
}

func newProfile(period float64) *Profile { return &Profile{period, map[string]*KernelTime{}} }

// begin counts a kernel and returns its name.
func (p *Profile) count(name string, flops float64, spans ...[]span) {
	k := p.kernels[name]
	if k == nil {
		k = &KernelTime{Name: name}
		p.kernels[name] = k
	}
	k.Calls++
	k.FLOPs += flops
	for _, list := range spans {
		for _, s := range list {
			k.Bytes += float64(s.to - s.from)
		}
	}
}

// add reads the times of a batch that is done.
func (p *Profile) add(b *batch) error {
	if len(b.noted) == 0 {
		return nil
	}
	ticks, err := b.Timestamps(2 * len(b.noted))
	if err != nil {
		return err
	}
	for i, name := range b.noted {
		p.kernels[name].Time += time.Duration(float64(ticks[2*i+1]-ticks[2*i]) * p.period)
	}
	return nil
}

// Profile returns the times of all kernels so far, the longest first; nil without Config.Profile.
func (b *Backend) Profile() ([]KernelTime, error) {
	if b.stream.profile == nil {
		return nil, nil
	}
	err := b.Sync()
	var list []KernelTime
	for k := range maps.Values(b.stream.profile.kernels) {
		list = append(list, *k)
	}
	slices.SortFunc(list, func(x, y KernelTime) int { return cmp.Or(cmp.Compare(y.Time, x.Time), cmp.Compare(x.Name, y.Name)) })
	return list, err
}
