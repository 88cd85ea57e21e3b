package autograd

import "mien/engine"

// Custom is the hook for ops outside this package: it records an op given by two functions. forward gets the operands'
// tensors x and returns a new tensor y. backward gets dy, y and x, all on loan, and returns one gradient for each
// operand, of its shape and dtype, or nil for none; the tape takes over their references, so dy itself is returned as
// dy.Retain(). backward must not write to tensors on loan.
//
// dxᵢ = backward(dy, y, x)[i]
func Custom(name string, forward func(x []*engine.Tensor) *engine.Tensor,
	backward func(dy, y *engine.Tensor, x []*engine.Tensor) []*engine.Tensor, operands ...*Value) *Value {
	o := begin(name, operands...)
	x := tensors(operands)
	y := forward(x)
	return o.result(y, func(dy *engine.Tensor) {
		grads := backward(dy, y, x)
		if len(grads) != len(operands) {
			panic(&engine.ShapeError{Op: name + " backward", Got: len(grads), Want: len(operands)})
		}
		for i, g := range grads {
			if g != nil {
				operands[i].accumulate(name, g)
			}
		}
	}, append(tensors(operands), y)...)
}
