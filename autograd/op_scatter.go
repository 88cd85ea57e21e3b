package autograd

import "mien/engine"

// Scatter returns [rows, width] with out[index[i]] += x[i] for x [n, width]; rows that no index names are zero.
//
// dx[i] = dy[index[i]]
func Scatter(x *Value, index *engine.Tensor, rows int) *Value {
	o := begin("Scatter", x)
	engine.CheckShape("Scatter", x.data, index.Len(), -1)
	out := o.new(rows, x.Dim(-1))
	o.be.Fill(out, 0)
	o.be.ScatterAdd(out, x.data, index)
	return o.result(out, func(dy *engine.Tensor) {
		g := o.new(x.Shape()...)
		o.be.Gather(g, dy, index)
		x.accumulate("Scatter", g)
	}, index)
}
