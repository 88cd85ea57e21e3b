package autograd

import "mien/engine"

// Activations that only products, attention and GELU read can be BFloat16: their operands are rounded anyway, so that little is lost,
// and half the bytes are kept and moved. Rounded begins such a chain, and each op in it leaves what it was given: Linear and LinearGELU
// the dtype of x, Attention that of qkv, until LinearAdd adds to a residual of Float32. Add takes two of them, and Reshape any; all other
// ops refuse BFloat16.

// Rounded returns x for what only products, attention and GELU read: in BFloat16 if the precision of the tape and the backend allow it
// (engine.Backend.Activations), else x itself.
//
// dx = dy
func Rounded(x *Value) *Value {
	o := begin("Rounded", x)
	return cast(o, o.activations(), x)
}

// Widened returns x in Float32 where it is BFloat16, else x itself.
//
// dx = dy
func Widened(x *Value) *Value {
	o := begin("Widened", x)
	return cast(o, o.sums(), x)
}

func cast(o op, dtype engine.DType, x *Value) *Value {
	if dtype == o.dtype {
		return x
	}
	out := engine.New(o.be, dtype, x.Shape()...)
	compute := func() { o.be.Cast(out, x.data) }
	compute()
	y := o.result(out, func(dy *engine.Tensor) {
		x.accumulateNew(o.name, func(g *engine.Tensor) { o.be.Cast(g, dy) })
	}, x.data)
	return o.rematerialise(y, compute, x.data)
}

// activations returns the dtype of Rounded.
func (o op) activations() engine.DType {
	if o.dtype != engine.Float32 {
		return o.dtype
	}
	return o.be.Activations(o.tape.Precision)
}
