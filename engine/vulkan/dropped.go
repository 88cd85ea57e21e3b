//go:build vulkan

package vulkan

import (
	"runtime"
	"sync"
)

// A tensor that nobody frees, as where a computation ended in the middle of an op, is left to the garbage collector, which knows nothing of
// the device. It says here what it collected, and the next Alloc frees that: between methods, when no address is on its way to a command.
type dropped struct {
	mutex  sync.Mutex // cleanups run beside the program
	blocks []block
}

// watch has a block of a tensor freed when it is dropped.
func (d *dropped) watch(b *block) { b.watched = runtime.AddCleanup(b, d.add, *b) }

func (d *dropped) add(b block) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.blocks = append(d.blocks, b)
}

// take returns what was dropped since the last call.
func (d *dropped) take() (blocks []block) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	blocks, d.blocks = d.blocks, nil
	return blocks
}
