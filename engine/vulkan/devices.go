//go:build vulkan

package vulkan

import (
	"errors"
	"fmt"
	"strings"

	"mien/engine/vulkan/vk"
)

// Device describes a device in the list of this machine.
type Device struct {
	Number      int // for Config.Device
	Name        string
	Driver      string
	Type        string // discrete, integrated, virtual, software or other
	Vulkan      string // version
	MemoryBytes int    // near the device
	SharedBytes int    // of a workgroup
	Matrices    []vk.Matrix
	Err         error // why it cannot be used, or nil
}

// Devices lists this machine's devices, in the order of their numbers.
func Devices() ([]Device, error) {
	instance, err := vk.Open()
	if err != nil {
		return nil, err
	}
	defer instance.Close()
	found, err := instance.Devices()
	if err != nil {
		return nil, err
	}
	var devices []Device
	for i, d := range found {
		devices = append(devices, Device{Number: i, Name: d.Name, Driver: d.Driver, Type: d.Type.String(), Err: d.Usable(),
			Vulkan: fmt.Sprintf("%d.%d", d.Version[0], d.Version[1]), MemoryBytes: nearBytes(d), SharedBytes: d.SharedBytes, Matrices: d.Matrices})
	}
	return devices, nil
}

func nearBytes(d *vk.PhysicalDevice) (n int) {
	for _, heap := range d.Heaps {
		if heap.Near {
			n = max(n, heap.Bytes)
		}
	}
	return n
}

// choose returns a device by its number.
func choose(instance *vk.Instance, number int) (*vk.PhysicalDevice, error) {
	devices, err := instance.Devices()
	if err != nil {
		return nil, err
	}
	switch {
	case len(devices) == 0:
		return nil, errors.New("no Vulkan device was found: install its driver")
	case number < 0 || number >= len(devices):
		return nil, fmt.Errorf("there is no device %d: choose one of %s", number, names(devices))
	}
	d := devices[number]
	if err := d.Usable(); err != nil {
		return nil, fmt.Errorf("%s cannot be used: %w", d.Name, err)
	}
	return d, nil
}

func names(devices []*vk.PhysicalDevice) string {
	var list []string
	for i, d := range devices {
		list = append(list, fmt.Sprintf("%d (%s)", i, d.Name))
	}
	return strings.Join(list, ", ")
}
