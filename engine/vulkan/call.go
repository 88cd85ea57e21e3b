//go:build vulkan

package vulkan

import (
	"encoding/binary"
	"math"

	"mien/engine"
	"mien/engine/vulkan/vk"
)

// call is one dispatch in the making: b.kernel names the shader; then come its push constants in the shader's order, addresses before
// numbers; and at last how many workgroups run. As in
//
//	b.kernel("axpy").update(dst).in(x).f32(s).u32(n).each(n)
type call struct {
	b             *Backend
	key           pipelineKey
	push          []byte
	reads, writes []span
	flops         float64
	pipeline      *vk.Pipeline
	x, y, z       int // workgroups
}

// workgroup is the number of threads of shaders that say nothing else.
const workgroup = 256

// kernel begins a dispatch of a shader with these values of its specialization constants 0, 1, ….
func (b *Backend) kernel(shader string, constants ...int) *call {
	c := &b.call
	*c = call{b: b, push: c.push[:0], reads: c.reads[:0], writes: c.writes[:0]}
	c.key.shader, c.key.n = shader, len(constants)
	for i, v := range constants {
		c.key.constants[i] = uint32(v)
	}
	return c
}

// in, out and update push the address of a Float32 tensor that is read, written or both; for nil one that nobody needs.
func (c *call) in(t *engine.Tensor) *call     { return c.tensor(t, engine.Float32, true, false) }
func (c *call) out(t *engine.Tensor) *call    { return c.tensor(t, engine.Float32, false, true) }
func (c *call) update(t *engine.Tensor) *call { return c.tensor(t, engine.Float32, true, true) }

// ints and outInts are in and out for Int32.
func (c *call) ints(t *engine.Tensor) *call    { return c.tensor(t, engine.Int32, true, false) }
func (c *call) outInts(t *engine.Tensor) *call { return c.tensor(t, engine.Int32, false, true) }

// as pushes the address of a tensor of another dtype that is read.
func (c *call) as(dtype engine.DType, t *engine.Tensor) *call { return c.tensor(t, dtype, true, false) }

func (c *call) tensor(t *engine.Tensor, dtype engine.DType, read, write bool) *call {
	if t == nil {
		return c.address(nil, 0, 0, false, false)
	}
	if t.DType() != dtype {
		panic(unsupported("an operand of "+c.key.shader, t.DType()))
	}
	countable(c.key.shader, t)
	size := dtype.Size()
	return c.address(t.Buffer().(*block), t.Offset()*size, t.Len()*size, read, write)
}

// optional is tensor for an operand of large extents that may be missing: then the address is that of another with its extents, so that what
// a compiler reads ahead of the branch that skips it is memory of the device.
func (c *call) optional(t, like *engine.Tensor, read, write bool) *call {
	if t == nil {
		return c.tensor(like, engine.Float32, false, false)
	}
	return c.tensor(t, engine.Float32, read, write)
}

// memory pushes the address of a block that no tensor has.
func (c *call) memory(at *block, read, write bool) *call {
	return c.address(at, 0, at.Size, read, write)
}

func (c *call) address(at *block, offset, n int, read, write bool) *call {
	if len(c.push)%8 != 0 {
		panic("vulkan: an address after a number in the push constants of " + c.key.shader)
	}
	from := c.b.missing()
	if at != nil {
		from = at.address() + uint64(offset)
	}
	c.push = binary.LittleEndian.AppendUint64(c.push, from)
	s := span{from, from + uint64(n)}
	if read && n > 0 {
		c.reads = append(c.reads, s)
	}
	if write && n > 0 {
		c.writes = append(c.writes, s)
		c.b.download.forget(at)
	}
	return c
}

// missing is the address of what an op does without. Compilers may move a read before the branch that skips it, so it must be one that
// can be read: the 32 MiB of a ring, more than any row has.
func (b *Backend) missing() uint64 { return b.upload.memory.Address }

// also declares that memory whose address is in a table is accessed.
func (c *call) also(t *engine.Tensor, write bool) *call {
	countable(c.key.shader, t)
	s := spanOf(t)
	if write {
		c.writes = append(c.writes, s)
		c.b.download.forget(t.Buffer().(*block))
	} else {
		c.reads = append(c.reads, s)
	}
	return c
}

// alsoAll is also for several tensors.
func (c *call) alsoAll(tensors []*engine.Tensor, write bool) *call {
	for _, t := range tensors {
		c.also(t, write)
	}
	return c
}

// addressOf returns where a tensor is, and spanOf its range.
func addressOf(t *engine.Tensor) uint64 {
	return t.Buffer().(*block).address() + uint64(t.Offset()*t.DType().Size())
}

func spanOf(t *engine.Tensor) span {
	from := addressOf(t)
	return span{from, from + uint64(t.Len()*t.DType().Size())}
}

// u32 pushes whole numbers that fit into 32 bits, and f32 real ones.
func (c *call) u32(values ...int) *call {
	for _, v := range values {
		if v < math.MinInt32 || v > math.MaxUint32 {
			panic(unsupported("an extent of "+c.key.shader, v))
		}
		c.push = binary.LittleEndian.AppendUint32(c.push, uint32(v))
	}
	return c
}

func (c *call) f32(values ...float64) *call {
	for _, v := range values {
		c.push = binary.LittleEndian.AppendUint32(c.push, math.Float32bits(float32(v)))
	}
	return c
}

// work declares how many floating point operations the dispatch takes.
func (c *call) work(flops float64) *call {
	c.flops = flops
	return c
}

// each runs a thread for each of n elements, or several elements a thread where that would be too many workgroups. Beyond mostElements the
// sum of an index and a stride would not fit into 32 bits, and the loop not end.
func (c *call) each(n int) {
	if n > mostElements {
		panic(unsupported("the elements of "+c.key.shader, n))
	}
	c.groups(ceilDiv(n, workgroup), 1, 1)
}

// groups runs workgroups along three axes. A shader whose first axis may be longer than a device allows walks it in strides of
// gl_NumWorkGroups.x; the others stay below 65,536.
func (c *call) groups(x, y, z int) {
	if x == 0 || y == 0 || z == 0 {
		return
	}
	if c.pipeline = c.b.pipeline(c.key, len(c.push)); c.pipeline == nil {
		return // the stream has the error
	}
	c.x, c.y, c.z = min(x, c.b.device.Groups), y, z
	c.b.stream.record(c.reads, c.writes, c.flops, c)
}

func (c *call) record(b *batch) {
	b.Bind(c.pipeline)
	b.Push(c.b.shaders.layout, c.push)
	profile := c.b.stream.profile
	if profile == nil {
		b.Dispatch(c.x, c.y, c.z)
		return
	}
	i := 2 * len(b.noted)
	b.noted = append(b.noted, c.key.shader)
	profile.count(c.key.shader, c.flops, c.reads, c.writes)
	b.Timestamp(i)
	b.Dispatch(c.x, c.y, c.z)
	b.Timestamp(i + 1)
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
