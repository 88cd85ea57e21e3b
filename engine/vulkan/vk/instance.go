//go:build vulkan

package vk

import (
	"errors"
	"slices"
)

// Instance is a connection to the loader.
type Instance struct {
	handle uintptr
	procs  instanceProcs
	arena  *arena
}

// Open connects to the system's loader. The error says what is missing.
func Open() (*Instance, error) {
	get, err := library()
	if err != nil {
		return nil, err
	}
	var global procs
	if err := resolve(&global, lookUp(get, 0)); err != nil {
		return nil, err
	}
	in := &Instance{arena: newArena()}
	if err := in.create(global); err != nil {
		in.arena.close()
		return nil, err
	}
	if err := in.resolve(lookUp(get, in.handle)); err != nil {
		in.arena.close()
		return nil, err
	}
	return in, nil
}

// resolve finds the functions, that which gives back the handle first; without all of them it does.
func (in *Instance) resolve(find func(name string) uintptr) error {
	err := resolve(&in.procs, find)
	if err != nil && in.procs.DestroyInstance != 0 {
		call(in.procs.DestroyInstance, in.handle, 0)
	}
	return err
}

func (in *Instance) create(global procs) error {
	a := in.arena
	version := put(a, uint32(0))
	if err := try(global.EnumerateInstanceVersion, address(version)); err != nil {
		return err
	}
	if *version < version13 {
		return errors.New("the Vulkan loader is older than version 1.3")
	}
	name := putText(a, "mien")
	app := put(a, applicationInfo{head: head{kind: kindApplicationInfo}, applicationName: name, engineName: name, apiVersion: version13})
	info := put(a, instanceCreateInfo{head: head{kind: kindInstanceCreateInfo}, applicationInfo: address(app)})
	known, err := extensions(func(n *uint32, properties uintptr) error {
		return try(global.EnumerateInstanceExtensionProperties, 0, address(n), properties)
	}, a)
	if err != nil {
		return err
	}
	if slices.Contains(known, portabilityExtension) { // lists drivers on top of another interface, as on macOS, too
		const enumeratePortability = 1
		info.flags, info.extensionCount, info.extensionNames = enumeratePortability, 1, putTexts(a, []string{portabilityExtension})
	}
	handle := put(a, uintptr(0))
	if err := try(global.CreateInstance, address(info), 0, address(handle)); err != nil {
		return err
	}
	in.handle = *handle
	return nil
}

// extensions returns the names that a function enumerates: how many there are, and then their properties, more than an arena holds.
func extensions(enumerate func(n *uint32, properties uintptr) error, a *arena) (names []string, err error) {
	n := put(a, uint32(0))
	if err := enumerate(n, 0); err != nil {
		return nil, err
	}
	all := pinned(make([]extensionProperties, *n))
	defer all.unpin()
	if err := enumerate(n, all.address()); err != nil {
		return nil, err
	}
	for _, e := range all.values[:*n] {
		names = append(names, text(e.name[:]))
	}
	return names, nil
}

// Close disconnects. Devices must be closed before.
func (in *Instance) Close() {
	call(in.procs.DestroyInstance, in.handle, 0)
	in.arena.close()
}

// Devices lists what the drivers offer, in their order.
func (in *Instance) Devices() ([]*PhysicalDevice, error) {
	in.arena.reset()
	n := put(in.arena, uint32(0))
	if err := try(in.procs.EnumeratePhysicalDevices, in.handle, address(n), 0); err != nil {
		return nil, err
	}
	handles := putSlice(in.arena, make([]uintptr, *n))
	if err := try(in.procs.EnumeratePhysicalDevices, in.handle, address(n), first(handles)); err != nil {
		return nil, err
	}
	var devices []*PhysicalDevice
	for _, handle := range slices.Clone(handles) {
		d := &PhysicalDevice{instance: in, handle: handle}
		d.describe()
		devices = append(devices, d)
	}
	return devices, nil
}
