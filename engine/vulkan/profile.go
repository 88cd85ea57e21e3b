//go:build vulkan

package vulkan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"mien/engine"
	"mien/engine/vulkan/vk"
)

// profile adds up the times of kernels, as the device tells them: from when all before a kernel was done to when it was, too. So kernels
// that run side by side share the time that they take together.
type profile struct {
	device  *vk.PhysicalDevice
	kernels map[string]*engine.KernelTime
}

func newProfile(device *vk.PhysicalDevice) *profile {
	return &profile{device, map[string]*engine.KernelTime{}}
}

// count counts a call of a kernel.
func (p *profile) count(name string, flops float64, spans ...[]span) {
	k := p.kernels[name]
	if k == nil {
		k = &engine.KernelTime{Name: name}
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
func (p *profile) add(b *batch) error {
	if len(b.noted) == 0 {
		return nil
	}
	ticks, err := b.Timestamps(2 * len(b.noted))
	if err != nil {
		return err
	}
	for i, name := range b.noted {
		p.kernels[name].Time += time.Duration(p.device.Elapsed(ticks[2*i], ticks[2*i+1]))
	}
	return nil
}

// StartProfile begins to note the times of kernels.
func (b *Backend) StartProfile() error {
	if !b.device.HasTimestamps() {
		return fmt.Errorf("%s notes no times, so there is no profile", b.Name())
	}
	err := b.Sync()
	b.stream.profile = newProfile(b.device.PhysicalDevice)
	return err
}

// Profile returns the times of all kernels since StartProfile, the longest first.
func (b *Backend) Profile() ([]engine.KernelTime, error) {
	if b.stream.profile == nil {
		return nil, nil
	}
	err := b.Sync()
	var list []engine.KernelTime
	for k := range maps.Values(b.stream.profile.kernels) {
		list = append(list, *k)
	}
	slices.SortFunc(list, func(x, y engine.KernelTime) int {
		return cmp.Or(cmp.Compare(y.Time, x.Time), cmp.Compare(x.Name, y.Name))
	})
	return list, err
}
