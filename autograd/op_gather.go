package autograd

import "mien/engine"

// Gather returns rows of x [..., width], out[i] = x[index[i]], as [len(index), width]. index is an int32 tensor in
// range; rows may repeat.
//
// dx[index[i]] += dy[i]
func Gather(x *Value, index *engine.Tensor) *Value {
	o := begin("Gather", x)
	out := o.new(index.Len(), x.Dim(-1))
	o.be.Gather(out, x.data, index)
	return o.result(out, func(dy *engine.Tensor) {
		x.accumulateInto("Gather", zeroed(func(dst *engine.Tensor) { o.be.ScatterAdd(dst, dy, index) }))
	}, index)
}
