//go:build vulkan

package vulkan

import (
	"slices"

	"mien/engine/vulkan/vk"
)

// What the host writes goes through a ring of memory that both see, and from there in stream order to where it belongs: a tensor can be
// overwritten while a kernel that reads its old contents is still under way. What the host reads comes through another.

// ringBytes is the size of the ring for uploads, and pieceBytes what is copied at once, so that copying to it and from it overlap.
const ringBytes, pieceBytes = 32 << 20, 8 << 20

// uploads is the ring for what goes to the device.
type uploads struct {
	memory *vk.Memory
	stream *stream
	next   int     // offset of the next piece
	used   []piece // in the order in which they were written
}

// piece is a part of the ring that a batch copies from.
type piece struct {
	from, to int
	batch    uint64
}

func (u *uploads) open(device *vk.Device, s *stream, bytes int) (err error) {
	if bytes == 0 {
		bytes = ringBytes
	}
	u.stream = s
	u.memory, err = device.Allocate(bytes, vk.ToDevice)
	return err
}

func (u *uploads) close() {
	if u.memory != nil {
		u.memory.Free()
	}
}

// write copies src to a block, in stream order. It returns when src has been read.
func (u *uploads) write(to *block, offset int, src []byte) {
	for len(src) > 0 && u.stream.err == nil {
		n := min(len(src), pieceBytes, u.memory.Size/2)
		at := u.reserve(n)
		copy(u.memory.Bytes[at:], src[:n])
		if err := u.memory.Written(); err != nil {
			u.stream.fail(err)
			return
		}
		start, there := to.address()+uint64(offset), to.Offset+offset
		number := u.stream.record(nil, []span{{start, start + uint64(n)}}, 0, copying(func(b *batch) {
			b.Copy(to.Slab.Memory.Buffer, there, u.memory.Buffer, at, n)
		}))
		u.used = append(u.used, piece{at, at + n, number})
		src, offset = src[n:], offset+n
	}
}

// reserve returns the offset of n bytes that no batch reads any more.
func (u *uploads) reserve(n int) int {
	if u.next+n > u.memory.Size {
		u.next = 0
	}
	at := u.next
	u.next += n
	for _, p := range slices.Backward(u.used) {
		if p.from < at+n && at < p.to {
			u.stream.finish(p.batch)
			break
		}
	}
	u.used = slices.DeleteFunc(u.used, func(p piece) bool { return p.batch <= u.stream.done })
	return at
}
