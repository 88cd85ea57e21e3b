//go:build vulkan

package vulkan

import (
	"encoding/binary"
	"math"

	"mien/engine"
)

// Random numbers: a thread makes four, of one block of Philox.

func (b *Backend) RandomNormal(dst *engine.Tensor, key engine.Key) {
	table := b.normalTable()
	b.kernel("random_normal").out(dst).memory(table, true, false).random(key).u32(dst.Len()).each(ceilDiv(dst.Len(), 4))
}

// normalTable uploads engine.NormalTable when it is first used, and keeps it. It is not live, as no tensor holds it.
func (b *Backend) normalTable() *block {
	if b.normal != nil {
		return b.normal
	}
	table := engine.NormalTable[:]
	at := b.scratch(binary.Size(table))
	b.memory.disown(at)
	bytes, _ := binary.Append(nil, binary.LittleEndian, table) // floats have a size
	b.upload.write(at, 0, bytes)
	b.normal = at
	return at
}

func (b *Backend) RandomMask(dst *engine.Tensor, p float64, key engine.Key) {
	drop, kept := math.Ceil(p*(1<<32)), 1/(1-p) // a whole number is below x where it is below ⌈x⌉
	if drop > math.MaxUint32 {
		drop, kept = 0, 0 // none is kept
	}
	b.kernel("random_mask").out(dst).random(key).f32(kept).u32(int(drop), dst.Len()).each(ceilDiv(dst.Len(), 4))
}

// random pushes the four words of a key of random numbers.
func (c *call) random(key engine.Key) *call {
	low := func(v uint64) int { return int(uint32(v)) }
	return c.u32(low(key.Seed), low(key.Seed>>32), low(key.Stream), low(key.Stream>>32))
}
