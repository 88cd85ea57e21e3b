//go:build vulkan

package vulkan

import (
	"math"

	"mien/engine"
)

func (b *Backend) Softmax(dst, x *engine.Tensor)    { b.softmax(dst, x, 0) }
func (b *Backend) LogSoftmax(dst, x *engine.Tensor) { b.softmax(dst, x, 1) }

func (b *Backend) SoftmaxBackward(dx, y, dy *engine.Tensor)    { b.softmaxBackward(dx, y, dy, 0) }
func (b *Backend) LogSoftmaxBackward(dx, y, dy *engine.Tensor) { b.softmaxBackward(dx, y, dy, 1) }

func (b *Backend) softmax(dst, x *engine.Tensor, log int) {
	r := rowsOf(x)
	b.kernel("softmax", r.lanes, log).out(dst).in(x).u32(r.rows, r.n).groups(r.groups(), 1, 1)
}

func (b *Backend) softmaxBackward(dx, y, dy *engine.Tensor, log int) {
	r := rowsOf(y)
	b.kernel("softmax_backward", r.lanes, log).out(dx).in(y).in(dy).u32(r.rows, r.n).groups(r.groups(), 1, 1)
}

// rows says how kernels share out a tensor's rows: so many threads, the lanes, work on each.
type rows struct{ rows, n, lanes int }

// shortRow is the longest row that a workgroup does not work on as a whole.
const shortRow, shortLanes = 1024, 32

func rowsOf(x *engine.Tensor) rows {
	if x.Len() > math.MaxInt32 { // shaders count elements in 32 bits, and may overshoot
		panic(unsupported("rows", x))
	}
	r := rows{x.Rows(), x.Dim(-1), workgroup}
	if r.n <= shortRow {
		r.lanes = shortLanes
	}
	return r
}

func (r rows) groups() int { return ceilDiv(r.rows, workgroup/r.lanes) }
