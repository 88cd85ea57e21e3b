//go:build vulkan

// Package vulkan is the backend that computes on Vulkan 1.3 devices, without cgo. It is compiled with the build tag vulkan alone.
//
// A method of engine.Backend becomes one or a few dispatches: a shader, its push constants (addresses and numbers) and a count of
// workgroups (call.go). They are recorded and handed to the device in batches (stream.go), with barriers only where a dispatch touches
// what one before it wrote (hazards.go). Tensors lie in slabs of device memory from load to save (slabs.go); what goes up or down passes
// through a ring that the host sees (staging.go). Shaders are GLSL in shaders/, compiled ahead to spv/ (compile).
//
// Start with elementwise.go and shaders/binary.comp, the simplest ops; docs/gpu.md tells the whole story. Float64 is the CPU's alone.
package vulkan

import (
	"fmt"

	"mien/engine"
	"mien/engine/slab"
	"mien/engine/vulkan/vk"
)

// Config says on which device a backend computes, and how. The zero value is right for the first usable device.
type Config struct {
	Device int // number in Devices

	// Slab is the bytes of a piece of device memory, which many tensors share; 0 is 256 MiB.
	Slab int
	// Cache is the folder in which compiled shaders are kept for the next process; none if empty. Whatever is wrong with it costs time alone.
	Cache string
	// Groups, for tests, is how many workgroups a dispatch has at most along its first axis; what the device allows if 0.
	Groups int
	// Ring, for tests, is the bytes of the ring through which uploads pass; 32 MiB if 0.
	Ring int
	// HalfMatrices, for tests, multiplies at bf16 by matrices of float16, which software Vulkan has.
	HalfMatrices bool
	// Refuse, for tests, tells whether an allocation of device memory fails, and Lose whether the device is lost when work is handed over
	// or waited for.
	Refuse func(bytes int) bool
	Lose   func() bool
}

// Backend is a Vulkan backend.
type Backend struct {
	instance    *vk.Instance
	device      *vk.Device
	stream      stream
	memory      slabs
	dropped     engine.Dropped[slab.Range[*vk.Memory]]
	upload      uploads
	download    downloads
	shaders     pipelines
	matrices    *matrices // nil if there are none
	matrixError error     // what was wrong with them
	call        call
	normal      *block // engine.NormalTable, once it is needed
}

var (
	_ engine.Backend  = (*Backend)(nil)
	_ engine.Profiler = (*Backend)(nil)
)

// New opens a device. The error says in one line why there is none.
func New(config Config) (*Backend, error) {
	instance, err := vk.Open()
	if err != nil {
		return nil, err
	}
	b := &Backend{instance: instance}
	if err := b.open(config); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *Backend) open(config Config) error {
	device, err := choose(b.instance, config.Device)
	if err != nil {
		return err
	}
	if b.device, err = device.Open(); err != nil {
		return fmt.Errorf("%s could not be opened: %w", device.Name, err)
	}
	if config.Groups > 0 {
		b.device.Groups = min(b.device.Groups, config.Groups)
	}
	b.matrices = chooseMatrices(device, config.HalfMatrices)
	b.memory = slabs{device: b.device, size: config.Slab, refuse: config.Refuse, idle: b.Sync}
	if err := b.shaders.open(b.device, cacheFile(config.Cache, b.device)); err != nil {
		return err
	}
	if err := b.stream.open(b.device, config); err != nil {
		return err
	}
	if err := b.upload.open(b.device, &b.stream, config.Ring); err != nil {
		return err
	}
	return b.download.open(b.device, &b.stream)
}

// Name returns "vulkan/" and the name of the device.
func (b *Backend) Name() string { return "vulkan/" + b.device.Name }

// Supports accepts f32 and bf16.
func (b *Backend) Supports(p engine.Precision, training bool) error {
	switch {
	case p > engine.Int8:
		return fmt.Errorf("%s does not know the precision %v", b.Name(), p)
	case p == engine.Int8 && training:
		return fmt.Errorf("%s cannot train at int8, which has no gradients: choose f32 or bf16", b.Name())
	case p == engine.Int8:
		return fmt.Errorf("%s has no int8: choose f32 or bf16, or --device cpu", b.Name())
	}
	return nil
}

// Activations are float32: operands are rounded on their way into the registers.
func (b *Backend) Activations(engine.Precision) engine.DType { return engine.Float32 }

func (b *Backend) Alloc(bytes int) (engine.Buffer, error) {
	if b.stream.err != nil {
		return nil, b.wrapped(b.stream.err)
	}
	for _, at := range b.dropped.Take() {
		b.memory.free(&block{Range: at})
	}
	at, err := b.memory.alloc(bytes)
	if err != nil {
		return nil, err
	}
	at.watched = engine.Watch(&b.dropped, at, at.Range)
	return at, nil
}

// Free is at once, as whoever gets the memory next comes later in the stream.
func (b *Backend) Free(buffer engine.Buffer) {
	at := buffer.(*block)
	at.watched.Stop()
	b.download.forget(at)
	b.memory.free(at)
}

func (b *Backend) Stats() engine.Stats { return b.memory.stats }

func (b *Backend) Upload(dst engine.Buffer, offset int, src []byte) {
	at := dst.(*block)
	b.download.forget(at)
	b.upload.write(at, offset, src)
}

func (b *Backend) Download(dst []byte, src engine.Buffer, offset int) error {
	return b.wrapped(b.download.read(dst, src.(*block), offset))
}

func (b *Backend) Flush() { b.stream.flush() }

func (b *Backend) Sync() error {
	b.stream.finish(b.stream.number)
	return b.wrapped(b.stream.err)
}

// Counts returns how many kernels, barriers and submissions there were so far.
func (b *Backend) Counts() Counts { return b.stream.counts }

// Close waits for the device, keeps what it compiled, and releases everything.
func (b *Backend) Close() error {
	if b.device == nil {
		return nil
	}
	err := b.Sync()
	b.shaders.save()
	b.close()
	return err
}

// close releases what there is, in reverse order.
func (b *Backend) close() {
	if b.device != nil {
		b.device.Wait()
		b.download.close()
		b.upload.close()
		b.stream.close()
		b.shaders.close()
		b.memory.close()
		b.device.Close()
		b.device = nil
	}
	b.instance.Close()
}

// wrapped names the device in an error.
func (b *Backend) wrapped(err error) error {
	if err == nil {
		return nil
	}
	return &engine.DeviceError{Backend: b.Name(), Err: err}
}

// unsupported is the panic value for an argument that this backend does not implement.
func unsupported(op string, got any) *engine.ShapeError {
	return &engine.ShapeError{Op: op, Got: got, Want: "something that the Vulkan backend supports"}
}

// known panics if value is beyond the last of its enumeration.
func known[E ~uint8](op string, value, last E) {
	if value > last {
		panic(unsupported(op, value))
	}
}
