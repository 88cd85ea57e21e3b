//go:build vulkan

package vulkan

import (
	"mien/engine/vulkan/vk"
)

// downloads is the memory for what comes from the device.
type downloads struct {
	memory  *vk.Memory
	stream  *stream
	copies  map[*block]int // slot of a block's early copy
	holders [slots]*block
	batches [slots]uint64 // that make the copies
	next    int
}

// The first slots of the memory hold early copies of figures. Download finds them there, without waiting for what was
// enqueued after them: so the host hears of a step while the next one is under way.
const slots, slotBytes = 64, 64

func (d *downloads) open(device *vk.Device, s *stream) (err error) {
	d.stream, d.copies = s, map[*block]int{}
	d.memory, err = device.Allocate(slots*slotBytes+pieceBytes, vk.FromDevice)
	return err
}

func (d *downloads) close() {
	if d.memory != nil {
		d.memory.Free()
	}
}

// early enqueues a copy of the first bytes of a block for the host.
func (d *downloads) early(b *block, n int) {
	slot := d.next
	d.next = (slot + 1) % slots
	delete(d.copies, d.holders[slot])
	d.copies[b], d.holders[slot] = slot, b
	d.batches[slot] = d.fetch(slot*slotBytes, b, 0, n)
}

// forget drops the early copy of a block that changes.
func (d *downloads) forget(b *block) { delete(d.copies, b) }

// fetch enqueues a copy of part of a block and returns in which batch.
func (d *downloads) fetch(to int, b *block, offset, n int) uint64 {
	start := b.address() + uint64(offset)
	there := d.memory.Address + uint64(to)
	return d.stream.record([]span{{start, start + uint64(n)}}, []span{{there, there + uint64(n)}}, 0, copying(func(batch *batch) {
		batch.Copy(d.memory.Buffer, to, b.Slab.Memory.Buffer, b.Offset+offset, n)
		batch.ForHost()
	}))
}

// read copies part of a block to dst and waits for it.
func (d *downloads) read(dst []byte, b *block, offset int) error {
	if slot, ok := d.copies[b]; ok && offset+len(dst) <= slotBytes {
		return d.wait(dst, slot*slotBytes+offset, d.batches[slot])
	}
	for len(dst) > 0 && d.stream.err == nil {
		n := min(len(dst), pieceBytes)
		if err := d.wait(dst[:n], slots*slotBytes, d.fetch(slots*slotBytes, b, offset, n)); err != nil {
			return err
		}
		dst, offset = dst[n:], offset+n
	}
	return d.stream.err
}

// wait copies what a batch wrote.
func (d *downloads) wait(dst []byte, from int, batch uint64) error {
	d.stream.finish(batch)
	if d.stream.err != nil {
		return d.stream.err
	}
	if err := d.memory.Read(); err != nil {
		return err
	}
	copy(dst, d.memory.Bytes[from:])
	return nil
}
