package autograd

import "mien/engine"

// Dropout zeroes elements with probability p and scales the others by 1/(1 − p). (Srivastava et al. 2014) A nil key or a
// p of 0 returns x itself: evaluation draws nothing.
//
// dx = dy·mask/(1 − p)
func Dropout(x *Value, p float64, key *engine.Key) *Value {
	return maskOut("Dropout", x, p, key, x.Shape())
}

// DropPath zeroes whole samples (the first axis) of a residual branch with probability p and scales the others by
// 1/(1 − p). (Huang et al. 2016) A nil key or a p of 0 returns x itself.
//
// dx = dy·mask/(1 − p)
func DropPath(x *Value, p float64, key *engine.Key) *Value {
	shape := x.Shape()
	for i := range shape[1:] {
		shape[i+1] = 1
	}
	return maskOut("DropPath", x, p, key, shape)
}

func maskOut(name string, x *Value, p float64, key *engine.Key, shape []int) *Value {
	if key == nil || p == 0 {
		return x
	}
	if p < 0 || p >= 1 {
		panic(&engine.ShapeError{Op: name, Got: p, Want: "a probability in [0, 1)"})
	}
	o := begin(name, x)
	mask := o.tape.Const(o.new(shape...))
	o.be.RandomMask(mask.data, p, *key)
	return Mul(x, mask)
}

// Normal returns N(0, 1) numbers of key as a constant.
func (t *Tape) Normal(dtype engine.DType, key engine.Key, shape ...int) *Value {
	x := engine.New(t.backend, dtype, shape...)
	t.backend.RandomNormal(x, key)
	return t.Const(x)
}
