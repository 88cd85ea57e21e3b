//go:build vulkan

package vk

// Device is an open device with one queue.
type Device struct {
	*PhysicalDevice
	handle, queue uintptr
	procs         deviceProcs
	arena         *arena
	args          [16]uintptr // of the call that is made
}

// Open opens a device. Its methods are not safe for concurrent use.
func (d *PhysicalDevice) Open() (*Device, error) {
	dev := &Device{PhysicalDevice: d, arena: newArena()}
	if err := dev.open(); err != nil {
		dev.arena.close()
		return nil, err
	}
	return dev, nil
}

func (d *Device) open() error {
	a := d.arena
	family := uint32(d.queueFamily())
	priority := put(a, float32(1))
	queue := put(a, deviceQueueCreateInfo{head: head{kind: kindDeviceQueueCreateInfo}, family: family, count: 1, priorities: address(priority)})
	extensions := d.enabledExtensions()
	info := put(a, deviceCreateInfo{head: head{kind: kindDeviceCreateInfo, next: d.enable(a)}, queueCount: 1, queues: address(queue),
		extensionCount: uint32(len(extensions)), extensionNames: putTexts(a, extensions)})
	handle := put(a, uintptr(0))
	if err := try(d.instance.procs.CreateDevice, d.PhysicalDevice.handle, address(info), 0, address(handle)); err != nil {
		return err
	}
	d.handle = *handle
	if err := d.resolve(lookUp(d.instance.procs.GetDeviceProcAddr, d.handle)); err != nil {
		return err
	}
	call(d.procs.GetDeviceQueue, d.handle, uintptr(family), 0, address(handle))
	d.queue = *handle
	return nil
}

// resolve finds the functions, that which gives back the handle first; without all of them it does.
func (d *Device) resolve(find func(name string) uintptr) error {
	err := resolve(&d.procs, find)
	if err != nil && d.procs.DestroyDevice != 0 {
		call(d.procs.DestroyDevice, d.handle, 0)
	}
	return err
}

// Wait returns when the device has nothing left to do.
func (d *Device) Wait() error { return try(d.procs.DeviceWaitIdle, d.handle) }

// Close releases the device. All that was made on it must have been destroyed.
func (d *Device) Close() {
	call(d.procs.DestroyDevice, d.handle, 0)
	d.arena.close()
}

// create calls a function that makes an object of Vulkan from a struct.
func create[T any](d *Device, proc uintptr, info T) (handle uint64, err error) {
	out := put(d.arena, uint64(0))
	err = try(proc, d.handle, address(put(d.arena, info)), 0, address(out))
	return *out, err
}

func (d *Device) destroy(proc uintptr, handle uint64) { call(proc, d.handle, uintptr(handle), 0) }
