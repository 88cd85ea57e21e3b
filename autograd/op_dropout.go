package autograd

import (
	"math/rand/v2"

	"mien/engine"
)

// Dropout zeroes elements with probability p and scales the others by 1/(1 − p). (Srivastava et al. 2014) A nil rng or a
// p of 0 returns x itself: evaluation draws nothing.
//
// dx = dy·mask/(1 − p)
func Dropout(x *Value, p float64, rng *rand.Rand) *Value {
	return maskOut("Dropout", x, p, rng, x.Shape())
}

// DropPath zeroes whole samples (the first axis) of a residual branch with probability p and scales the others by
// 1/(1 − p). (Huang et al. 2016) A nil rng or a p of 0 returns x itself.
//
// dx = dy·mask/(1 − p)
func DropPath(x *Value, p float64, rng *rand.Rand) *Value {
	shape := x.Shape()
	for i := range shape[1:] {
		shape[i+1] = 1
	}
	return maskOut("DropPath", x, p, rng, shape)
}

func maskOut(name string, x *Value, p float64, rng *rand.Rand, shape []int) *Value {
	if rng == nil || p == 0 {
		return x
	}
	if p < 0 || p >= 1 {
		panic(&engine.ShapeError{Op: name, Got: p, Want: "a probability in [0, 1)"})
	}
	o := begin(name, x)
	mask := make([]float32, engine.Elements(shape))
	for i := range mask {
		if rng.Float64() >= p {
			mask[i] = float32(1 / (1 - p))
		}
	}
	return Mul(x, o.tape.Const(engine.FromSlice(o.be, o.dtype, mask, shape...)))
}
