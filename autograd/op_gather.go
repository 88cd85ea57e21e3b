package autograd

import "mien/engine"

// Rows relates the rows of a result to the rows of a source, in both directions, so that the gradient of a gather is
// itself a gather, without concurrent additions to one row.
type Rows struct {
	From *engine.Tensor // Int32 [n, k]: the rows of the source that each row of the result sums, −1 for none
	Back *engine.Tensor // Int32 [m, l]: the rows of the result that each row of the source goes to, −1 for none; nil without a gradient
}

// Transposed exchanges source and result.
func (r Rows) Transposed() Rows { return Rows{From: r.Back, Back: r.From} }

// Rows uploads a relation from the host: row i of the result is row index[i] of a source of m rows.
func (t *Tape) Rows(index []int32, m int) Rows {
	back := make([][]int32, m)
	width := 0
	for i, r := range index {
		back[r] = append(back[r], int32(i))
		width = max(width, len(back[r]))
	}
	flat := make([]int32, 0, m*width)
	for _, to := range back {
		for len(to) < width {
			to = append(to, -1)
		}
		flat = append(flat, to...)
	}
	return Rows{From: t.index(index, len(index), 1), Back: t.index(flat, m, width)}
}

func (t *Tape) index(values []int32, shape ...int) *engine.Tensor {
	return t.Const(engine.FromSlice(t.backend, engine.Int32, values, shape...)).data
}

// Gather sums rows of x [..., width], out[i] = Σ_j x[From[i, j]] in the order of j, as [n, width].
//
// dx[r] = Σ_j dy[Back[r, j]]
func Gather(x *Value, r Rows) *Value {
	o := begin("Gather", x)
	switch {
	case r.Back != nil:
		engine.CheckShape("Gather rows", r.Back, x.data.Rows(), -1)
	case o.needs:
		panic(&engine.ShapeError{Op: "Gather rows", Got: "one direction", Want: "Back, along which the gradient is gathered"})
	}
	out := o.new(r.From.Dim(0), x.Dim(-1))
	o.be.Gather(out, x.data, r.From, false)
	return o.result(out, func(dy *engine.Tensor) {
		x.accumulateInto("Gather", func(dst *engine.Tensor, accumulate bool) { o.be.Gather(dst, dy, r.Back, accumulate) })
	}, r.Back)
}
